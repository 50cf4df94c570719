//===- BucketLayout.h - where tensors lie in a bucket --------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_DIST_BUCKETLAYOUT_H
#define HFC_DIALECTS_DIST_BUCKETLAYOUT_H

#include "llvm/Support/MathExtras.h"

#include <cstdint>

namespace hfc::dist {

/// Elements at multiples of which the tensors of a bucket begin, and its pieces do that passes make: 16 bytes at least
/// of any type, the widest access of a thread, whatever lies in front. What is between tensors is zero and stays so.
/// `HFC_BUCKET_ALIGNMENT` of the runtime.
inline constexpr int64_t bucketAlignment = 16;

inline int64_t alignedInBucket(int64_t elements) { return llvm::alignTo(elements, bucketAlignment); }

/// Gives tensors their places in a bucket, one behind the other.
class BucketLayout {
public:
  /// The first element of the next tensor, which has that many.
  int64_t place(int64_t elements) {
    int64_t offset = alignedInBucket(end);
    end = offset + elements;
    return offset;
  }
  /// Behind the last one.
  int64_t size() const { return end; }

private:
  int64_t end = 0;
};

} // namespace hfc::dist

#endif // HFC_DIALECTS_DIST_BUCKETLAYOUT_H
