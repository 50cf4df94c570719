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
};

class BucketTable {
public:
  explicit BucketTable(ModuleOp module);

  /// Where a buffer's bytes lie.
  MemoryRange rangeOf(Value buffer) const;

  /// The range of `buffers` if they lie where `dist::BucketLayout` places them, behind the first.
  std::optional<MemoryRange> contiguousRange(ValueRange buffers) const;

  /// Whether `next` lies behind `buffer`, at once but for what belongs to no tensor.
  bool isBehind(Value buffer, Value next) const;

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
