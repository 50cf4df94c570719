//===- ColumnSums.h - columns of the rows that a block is at, summed up
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A row kernel may also sum columns over parts of its rows. A block then is at the rows of one part, one after the
// other, and adds each to sums in scratch memory. A lane has the same columns of every row, so lanes need not wait for
// each other, and rows are added in order.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_CONVERSION_EMITKERNELS_COLUMNSUMS_H
#define HFC_LIB_CONVERSION_EMITKERNELS_COLUMNSUMS_H

#include "Emitters.h"
#include "RowElements.h"

namespace hfc {

/// A sum over the rows of each part, parts x rows x columns to parts x columns, that is result `output` of a body.
struct ColumnSum {
  hf::ReduceOp op;
  unsigned output = 0;
  Value memory = {};

  int64_t parts() const { return shape()[0]; }
  int64_t rows() const { return shape()[1]; }
  int64_t columns() const { return shape()[2]; }

private:
  ArrayRef<int64_t> shape() const { return cast<RankedTensorType>(op->getOperand(0).getType()).getShape(); }
};

/// Whether `op` may be one: it is no sum over trailing dimensions, and nothing in the body reads it.
bool isColumnSum(hf::ReduceOp op);

/// What a block does in front of its first row, at one element of a row, and behind its last row. All sums have the
/// same shape.
void beginColumnSums(RowElements &elements, MutableArrayRef<ColumnSum> sums);
Value addToColumnSum(RowElements &elements, const ColumnSum &sum, Value value);
void storeColumnSum(RowElements &elements, const ColumnSum &sum, Value value);
void endColumnSums(RowElements &elements, KernelWriter &writer, ArrayRef<ColumnSum> sums, Value part);

} // namespace hfc

#endif // HFC_LIB_CONVERSION_EMITKERNELS_COLUMNSUMS_H
