//===- Memory.h - memory that threads share, watched
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_INTERPRETER_SIMT_MEMORY_H
#define HFC_LIB_INTERPRETER_SIMT_MEMORY_H

#include "hfc/Support/LLVM.h"
#include <string>
#include <vector>

namespace hfc::simt {

/// Who accesses memory, and when. `interval` counts the stretches between barriers, through all blocks, from 1.
struct Access {
  int32_t block, thread;
  int64_t interval;
};

/// Remembers the last accesses to each cell of some memory, and with them finds races: two threads access a cell, one
/// writes, and neither a barrier nor the end of the kernel stands between. Blocks are never ordered, and have memory of
/// their own where `isShared`.
class Watch {
public:
  Watch(int64_t bytes, int64_t cellBytes, bool isShared)
      : cellBytes(cellBytes), isShared(isShared), cells(bytes / cellBytes) {}

  /// Notes the access to `size` bytes at `offset`; returns what it races with ("thread 3 of block 0, which writes it"),
  /// or "".
  std::string access(int64_t offset, int64_t size, bool isWrite, Access by);
  /// Whether anything in the current block wrote these bytes.
  bool isWritten(int64_t offset, int64_t size, int32_t block) const;

private:
  struct Cell {
    Access writer{-1, -1, 0};
    // Two readers are enough to know a third party that races with a writer.
    Access reader{-1, -1, 0}, otherReader{-1, -1, 0};
  };

  bool conflicts(const Access &earlier, const Access &later) const;

  int64_t cellBytes;
  bool isShared;
  std::vector<Cell> cells;
};

/// A kernel's argument or a block's shared memory, as one value of the kernel names it.
struct Memory {
  /// For messages: "argument 2".
  std::string name;
  MemRefType type;
  int64_t elementBytes = 0;
  char *data = nullptr;
  bool isShared = false, isReadonly = false;
  /// Null where nothing writes.
  Watch *watch = nullptr;
  /// Where this memory begins in what is watched.
  int64_t watchOffset = 0;
};

/// Bytes of an element in memory.
int64_t elementBytes(Type type);

/// Numbers as registers hold them: floats as double (exact for all narrower types), integers sign-extended.
double loadFloat(const char *from, Type type);
int64_t loadInteger(const char *from, Type type);
void storeFloat(char *to, Type type, double value);
void storeInteger(char *to, Type type, int64_t value);

/// Rounds as the type does.
double roundTo(Type type, double value);
/// Keeps the type's bits, sign-extended.
int64_t wrapTo(Type type, int64_t value);

} // namespace hfc::simt

#endif // HFC_LIB_INTERPRETER_SIMT_MEMORY_H
