//===- Padding.h - what stands behind the end of a cut dimension
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A dimension that does not divide has pieces whose last elements are none of the tensor's. They may hold anything, but
// for parameters, gradients and states, which hold zeros there. Who sums, contracts or stores over such a dimension
// asks for the operand with a neutral element there.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_PARTITION_PADDING_H
#define HFC_LIB_PARTITION_PADDING_H

#include "dialects/dist/Sharding.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace hfc::partition {

class Padding {
public:
  explicit Padding(func::FuncOp function);

  /// Masks the operands of `op`, which is local already, that need it.
  void maskOperands(Operation *op);
  /// Whether the value is known to be zero behind the end of its dimension. It is local already.
  bool isZeroBehind(Value value, size_t dim);

private:
  bool isPadded(Value value, size_t dim) const;
  bool computeZeroBehind(OpResult value, size_t dim);
  bool isZeroBehindByRule(OpResult value, size_t dim);
  /// Sets the operand to itself with `neutral` behind the end of its padded dimensions among `dims`.
  void mask(OpOperand &operand, ArrayRef<int64_t> dims, double neutral);
  Value masked(Value value, size_t dim, double neutral, Operation *user);

  func::FuncOp function;
  dist::MeshAttr mesh;
  llvm::DenseMap<std::pair<Value, size_t>, bool> zero;
  llvm::DenseMap<std::pair<Value, size_t>, Value> zeroMasked;
};

} // namespace hfc::partition

#endif // HFC_LIB_PARTITION_PADDING_H
