//===- Lifetimes.h - when bytes of the arena are in use
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_LEDGER_LIFETIMES_H
#define HFC_LIB_LEDGER_LIFETIMES_H

#include "dialects/rt/Rt.h"

#include "llvm/ADT/DenseMap.h"

namespace hfc::ledger {

/// Of a shaped type of numbers; 0 for others.
int64_t bytesOf(Type type);

/// The buffers of an entry's arena over its schedule: from the first op that uses one to the last, and, where an op
/// runs on a stream of its own, until the first stream has waited for it. Inputs are there from the beginning, outputs
/// to the end.
class Lifetimes {
public:
  explicit Lifetimes(rt::EntryOp entry);

  /// Bytes in use while `op` runs, each buffer rounded up to the arena's alignment.
  int64_t aliveAt(Operation *op) const { return alive[numbers.lookup(op)]; }

private:
  void number(Block &block);
  size_t endOf(Operation *op) const;

  llvm::DenseMap<Operation *, size_t> numbers;
  /// Of an op on another stream: where the first stream has waited for it.
  llvm::DenseMap<Operation *, size_t> ends;
  std::vector<int64_t> alive;
};

} // namespace hfc::ledger

#endif // HFC_LIB_LEDGER_LIFETIMES_H
