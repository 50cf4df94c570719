//===- DifferentiateElementwise.cpp - derivatives of elementwise primitives
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/Differentiate.h"

#include "llvm/Support/MathExtras.h"

using namespace hfc;
using namespace hfc::hf;

namespace {
using Values = SmallVector<Value>;

/// What every rule starts from: a builder at the op's location, and the one result's cotangent.
struct Rule : TensorBuilder {
  Rule(Operation *op, OpBuilder &builder, ArrayRef<Value> cotangents)
      : TensorBuilder(builder, op->getLoc()), dy(cotangents.front()) {}

  Value zeros() { return splatLike(dy, 0.0); }
  /// `dy` where the condition holds, else 0.
  Value where(Value condition) { return select(condition, dy, zeros()); }
  Value elsewhere(Value condition) { return select(condition, zeros(), dy); }

  Value dy;
};
} // namespace

//===----------------------------------------------------------------------===//
// Of one operand
//===----------------------------------------------------------------------===//

Values NegOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool>) {
  Rule r(*this, builder, cotangents);
  return {r.neg(r.dy)};
}

// At 0 the derivative from above.
Values AbsOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool>) {
  Rule r(*this, builder, cotangents);
  return {r.select(r.compare(Compare::ge, getX(), r.zeros()), r.dy, r.neg(r.dy))};
}

Values ExpOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool>) {
  Rule r(*this, builder, cotangents);
  return {r.mul(r.dy, getResult())};
}

Values LogOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool>) {
  Rule r(*this, builder, cotangents);
  return {r.div(r.dy, getX())};
}

Values SqrtOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool>) {
  Rule r(*this, builder, cotangents);
  return {r.div(r.mul(r.dy, 0.5), getResult())};
}

Values RsqrtOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool>) {
  Rule r(*this, builder, cotangents);
  Value y = getResult(), cube = r.mul(r.mul(y, y), y);
  return {r.mul(r.dy, r.mul(cube, -0.5))};
}

Values TanhOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool>) {
  Rule r(*this, builder, cotangents);
  Value y = getResult();
  return {r.mul(r.dy, r.sub(r.splatLike(y, 1.0), r.mul(y, y)))};
}

Values ErfOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool>) {
  Rule r(*this, builder, cotangents);
  Value density = r.mul(r.exp(r.neg(r.mul(getX(), getX()))), 2 * llvm::numbers::inv_sqrtpi);
  return {r.mul(r.dy, density)};
}

Values SinOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool>) {
  Rule r(*this, builder, cotangents);
  return {r.mul(r.dy, r.unary<CosOp>(getX()))};
}

Values CosOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool>) {
  Rule r(*this, builder, cotangents);
  return {r.neg(r.mul(r.dy, r.unary<SinOp>(getX())))};
}

// It is flat between its steps.
Values FloorOp::differentiate(OpBuilder &, ArrayRef<Value>, ArrayRef<bool>) { return {Value()}; }

Values ConvertOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool>) {
  Rule r(*this, builder, cotangents);
  return {r.convert(r.dy, elementOf(getX()))};
}

//===----------------------------------------------------------------------===//
// Of several
//===----------------------------------------------------------------------===//

Values AddOp::differentiate(OpBuilder &, ArrayRef<Value> cotangents, ArrayRef<bool> wanted) {
  return {wanted[0] ? cotangents[0] : Value(), wanted[1] ? cotangents[0] : Value()};
}

Values SubOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> wanted) {
  Rule r(*this, builder, cotangents);
  return {wanted[0] ? r.dy : Value(), wanted[1] ? r.neg(r.dy) : Value()};
}

Values MulOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> wanted) {
  Rule r(*this, builder, cotangents);
  return {wanted[0] ? r.mul(r.dy, getRhs()) : Value(), wanted[1] ? r.mul(r.dy, getLhs()) : Value()};
}

Values DivOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> wanted) {
  Rule r(*this, builder, cotangents);
  Value numerator = r.div(r.dy, getRhs());
  return {wanted[0] ? numerator : Value(), wanted[1] ? r.neg(r.mul(numerator, getResult())) : Value()};
}

Values PowOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> wanted) {
  Rule r(*this, builder, cotangents);
  Values grads(2);
  if (wanted[0]) {
    Value slope = r.mul(getRhs(), r.binary<PowOp>(getLhs(), r.add(getRhs(), -1.0)));
    grads[0] = r.mul(r.dy, slope);
  }
  if (wanted[1])
    grads[1] = r.mul(r.dy, r.mul(getResult(), r.unary<LogOp>(getLhs())));
  return grads;
}

/// Of a maximum or a minimum: all of the cotangent goes to the operand chosen, the right one of equals. So `max(x, 0)`
/// has the derivative 0 at 0, as PyTorch's relu.
static Values differentiateChoice(Rule r, Compare takesLeft, Value lhs, Value rhs, ArrayRef<bool> wanted) {
  Value left = r.compare(takesLeft, lhs, rhs);
  return {wanted[0] ? r.where(left) : Value(), wanted[1] ? r.elsewhere(left) : Value()};
}

Values MaxOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> wanted) {
  return differentiateChoice(Rule(*this, builder, cotangents), Compare::gt, getLhs(), getRhs(), wanted);
}

Values MinOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> wanted) {
  return differentiateChoice(Rule(*this, builder, cotangents), Compare::lt, getLhs(), getRhs(), wanted);
}

Values SelectOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> wanted) {
  Rule r(*this, builder, cotangents);
  return {Value(), wanted[1] ? r.where(getCondition()) : Value(), wanted[2] ? r.elsewhere(getCondition()) : Value()};
}
