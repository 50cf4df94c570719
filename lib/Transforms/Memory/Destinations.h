//===- Destinations.h - values that are computed where they are to be ---*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_TRANSFORMS_MEMORY_DESTINATIONS_H
#define HFC_LIB_TRANSFORMS_MEMORY_DESTINATIONS_H

#include "EntryPlan.h"

#include "llvm/ADT/DenseSet.h"

namespace hfc::memory {

/// Whether an op is a part of what one product writes to several states.
bool isPart(Operation *op);
/// Whether an op of an entry only says how another value is read.
bool isView(Operation *op);
bool isProduct(Operation *op);
/// The value of which `value` is a view, or which it waits for.
Value rootOf(Value value);

/// Decides which values of an entry are computed into an output's, a state's or a parameter's buffer.
class Destinations {
public:
  Destinations(func::FuncOp entry, Bodies &bodies) : entry(entry), bodies(bodies) {}

  LogicalResult choose();

  /// The parameter or state whose next value the entry's result is; null if it is none.
  FlatSymbolRefAttr stateOf(unsigned result);
  /// The parameter or state in whose buffer `value` is to be computed; null if there is none.
  FlatSymbolRefAttr stateFor(Value value) const { return states.lookup(value); }
  /// The output, by its number, that `value` is to be computed into.
  std::optional<unsigned> outputFor(Value value) const;
  /// Whether the entry returns a next value of a parameter or state.
  bool isUpdated(FlatSymbolRefAttr state) const { return updated.contains(state); }

private:
  Value updatedOperand(OpResult result);

  func::FuncOp entry;
  Bodies &bodies;
  llvm::DenseSet<Attribute> updated;
  DenseMap<Value, FlatSymbolRefAttr> states;
  DenseMap<Value, unsigned> outputs;
};

} // namespace hfc::memory

#endif // HFC_LIB_TRANSFORMS_MEMORY_DESTINATIONS_H
