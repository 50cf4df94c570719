//===- Primitives.h - direct semantics of hf primitives
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_INTERPRETER_PRIMITIVES_H
#define HFC_LIB_INTERPRETER_PRIMITIVES_H

#include "dialects/hf/Hf.h"
#include "hfc/Interpreter/Domain.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/Error.h"

namespace hfc::interpreter {

/// The values of an op's results.
using Results = SmallVector<Tensor, 1>;

llvm::Error makeError(const Twine &message);

/// An empty tensor of a result's type.
Tensor emptyOf(Type type);
/// The values of a constant.
llvm::Expected<Tensor> constantOf(const Domain &domain, ElementsAttr value);

bool isPrimitive(Operation *op);
/// The meaning of a primitive, on the values of its operands.
llvm::Expected<Results> evaluatePrimitive(const Domain &domain, Operation *op, ArrayRef<Tensor> operands);

// By kind. The first says nothing of ops that are not elementwise.
struct Elementwise {
  enum class Kind : uint8_t { Unary, Binary, Compare, Select, Convert };
  /// Of the result.
  Element result;
  Kind kind = Kind::Select;
  Unary unary = Unary::Neg;
  Binary binary = Binary::Add;
  Predicate predicate = Predicate::EQ;
};
/// What an elementwise primitive does; none of any other op.
std::optional<Elementwise> elementwiseOf(Operation *op);
Tensor evaluate(const Domain &domain, const Elementwise &op, ArrayRef<Tensor> operands);

Tensor evaluate(const Domain &domain, hf::IotaOp op);
Tensor evaluate(hf::BroadcastOp op, const Tensor &x);
Tensor evaluate(hf::TransposeOp op, const Tensor &x);
Tensor evaluate(hf::SliceOp op, const Tensor &x);
Tensor evaluate(hf::ConcatOp op, ArrayRef<Tensor> inputs);
Tensor evaluate(const Domain &domain, hf::ReduceOp op, const Tensor &x);
Tensor evaluate(const Domain &domain, hf::MatmulOp op, const Tensor &lhs, const Tensor &rhs);
Results evaluate(const Domain &domain, hf::TopKOp op, const Tensor &x);
llvm::Expected<Tensor> evaluate(hf::GatherOp op, const Tensor &table, const Tensor &indices);
llvm::Expected<Tensor> evaluate(hf::TakeOp op, const Tensor &x, const Tensor &index);
Tensor evaluate(hf::CacheUpdateOp op, ArrayRef<Tensor> operands);
Tensor evaluate(const Domain &domain, hf::ScatterAddOp op, ArrayRef<Tensor> operands);
Tensor evaluate(hf::SliceAtOp op, const Tensor &x, const Tensor &start);
Tensor evaluate(const Domain &domain, hf::RandomUniformOp op, ArrayRef<Tensor> operands);

} // namespace hfc::interpreter

#endif // HFC_LIB_INTERPRETER_PRIMITIVES_H
