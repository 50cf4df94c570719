//===- BucketTable.h - what lies where in buckets and arenas --------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_CONVERSION_RTTOLLVM_BUCKETTABLE_H
#define HFC_CONVERSION_RTTOLLVM_BUCKETTABLE_H

#include "dialects/hf/Hf.h"
#include "dialects/rt/Rt.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/DenseMap.h"

#include <map>

namespace hfc {

/// Bytes of a region of memory: of the arena, a bucket, or a parameter or state that lies in none.
struct MemoryRange {
  Attribute region;
  int64_t begin = 0, end = 0;

  /// Whether `next` begins where this ends.
  bool isBefore(const MemoryRange &next) const { return region == next.region && end == next.begin; }
};

class BucketTable {
public:
  explicit BucketTable(ModuleOp module);

  /// Where a buffer's bytes lie.
  MemoryRange rangeOf(Value buffer) const;

  /// The range of `buffers` if each lies behind the one before.
  std::optional<MemoryRange> contiguousRange(ValueRange buffers) const;

  /// Whether the bytes of a bucket behind `range`, up to `end`, are there and belong to no tensor.
  bool isFreeBehind(const MemoryRange &range, int64_t end) const;

private:
  struct Bucket {
    int64_t bytes = 0;
    /// Ends of tensors by their beginnings.
    std::map<int64_t, int64_t> tensors;
  };
  void addTensor(Operation *declaration, Type type);

  llvm::DenseMap<Attribute, Bucket> buckets;
  /// Of parameters and states, by name.
  llvm::DenseMap<Attribute, MemoryRange> ranges;
};

/// Bytes of a buffer; truth values take one each.
int64_t bytesOf(Type type);

} // namespace hfc

#endif // HFC_CONVERSION_RTTOLLVM_BUCKETTABLE_H
