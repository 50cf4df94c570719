//===- RowElements.h - elements of the row that a block is at
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_CONVERSION_EMITKERNELS_ROWELEMENTS_H
#define HFC_LIB_CONVERSION_EMITKERNELS_ROWELEMENTS_H

#include "ElementEmitter.h"
#include "RowPatterns.h"

namespace hfc {

/// Elements of the current row, given what earlier stages found out.
class RowElements : public ElementEmitter {
public:
  using ElementEmitter::ElementEmitter;

  Value row;
  int64_t rows = 1;
  DenseMap<Value, Value> reduced;
  /// Sums that are one element of the row.
  DenseMap<Value, PickedElement> picked;
  /// Memory in which rows of values are kept for later stages, or as much of their beginnings as it holds; those of
  /// them that a finished stage has written, and the current one.
  DenseMap<Value, Value> scratch;
  DenseSet<Value> kept, written;
  /// The element of the current section of a stage, the length of the stage's rows, and where the section ends.
  Value position;
  int64_t length = 0, end = 0;
  Block *stageBlock = nullptr;

protected:
  Value known(Value value, const Indices &indices) override;
  void computed(Value value, const Indices &indices, Value result) override;

private:
  /// The scratch memory that holds what the current section sees of `value`, or null.
  Value scratchOf(Value value);
  Value emitPicked(hf::ReduceOp sum, const PickedElement &element, const Indices &indices);
  bool isCurrentRow(const Indices &indices);
  bool isCurrentElement(const Indices &indices);
};

} // namespace hfc

#endif // HFC_LIB_CONVERSION_EMITKERNELS_ROWELEMENTS_H
