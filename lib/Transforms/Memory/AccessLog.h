//===- AccessLog.h - who touched which bytes last ------------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_TRANSFORMS_MEMORY_ACCESSLOG_H
#define HFC_LIB_TRANSFORMS_MEMORY_ACCESSLOG_H

#include "hfc/Support/LLVM.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallVector.h"

#include <map>

namespace hfc::memory {

/// One op's access through one named buffer.
struct Access {
  /// Null: the caller, before the entry begins.
  Operation *op = nullptr;
  Operation *buffer = nullptr;
};

/// The bytes of one region of memory, cut where accesses begin and end.
class AccessLog {
public:
  struct Segment {
    int64_t end;
    std::optional<Access> writer;
    /// The last reader since then on each stream.
    llvm::SmallMapVector<int64_t, Access, 2> readers;
  };

  /// The segments that make up `[begin, end)`, as far as anything has touched them; gaps are added as untouched.
  SmallVector<Segment *> cut(int64_t begin, int64_t end);

private:
  void splitAt(int64_t position);

  std::map<int64_t, Segment> segments;
};

} // namespace hfc::memory

#endif // HFC_LIB_TRANSFORMS_MEMORY_ACCESSLOG_H
