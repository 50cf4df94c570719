//===- VerifyTraining.cpp - verifiers of ops of training
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/Verify.h"

using namespace hfc;
using namespace hfc::hf;

//===----------------------------------------------------------------------===//
// Primitives
//===----------------------------------------------------------------------===//

LogicalResult ScatterAddOp::verify() {
  ArrayRef<int64_t> base = shapeOf(getBase());
  if (base.empty())
    return emitOpError("(C1) base must have rows to add to, got a scalar");
  SmallVector<int64_t> shape(shapeOf(getIndices()));
  llvm::append_range(shape, base.drop_front());
  return verifyTensor(*this, "C1", "updates", getUpdates(), shape, elementOf(getBase()));
}

LogicalResult SliceAtOp::verify() {
  ArrayRef<int64_t> from = shapeOf(getX()), to = shapeOf(getResult());
  int64_t dim = getDim(), rank = from.size();
  if (dim < 0 || dim >= rank)
    return emitOpError("(C1) takes a part of dimension ") << dim << ", but x has " << rank << " dimensions";
  SmallVector<int64_t> shape(from);
  if (to.size() == from.size())
    shape[dim] = to[dim];
  if (ArrayRef<int64_t>(shape) != to || to.size() != from.size())
    return emitOpError("(C2) x, ") << formatShape(from) << ", and the result, " << formatShape(to)
                                   << ", may differ in dimension " << dim << " alone";
  return success();
}

LogicalResult BarrierOp::verify() {
  if (getInputs().empty())
    return emitOpError("(C1) has no input; give at least one");
  if (!llvm::equal(getInputs().getTypes(), getOutputs().getTypes()))
    return emitOpError("(C1) results must have the types of the inputs, ")
           << getInputs().getTypes() << ", got " << getOutputs().getTypes();
  return success();
}

//===----------------------------------------------------------------------===//
// Loss and derivatives
//===----------------------------------------------------------------------===//

/// The type in which gradients and losses of values of type `element` are summed.
static Type wideType(Type element) { return element.isF64() ? element : Float32Type::get(element.getContext()); }

LogicalResult CrossEntropyOp::verify() {
  ArrayRef<int64_t> logits = shapeOf(getLogits());
  if (logits.empty() || shapeOf(getLabels()) != logits.drop_back())
    return emitOpError("(C1) labels ") << formatShape(shapeOf(getLabels())) << " do not fit logits "
                                       << formatShape(logits) << "; they must have all dimensions but the last";
  return verifyTensor(*this, "C2", "the results", getLoss(), logits.drop_back(), wideType(elementOf(getLogits())));
}

LogicalResult LinearDgradOp::verify() {
  ArrayRef<int64_t> cotangent = shapeOf(getCotangent()), weight = shapeOf(getWeight());
  if (cotangent.empty() || weight.size() != 2 || weight[0] != cotangent.back())
    return emitOpError("(C1) weight ") << formatShape(weight) << " does not fit a cotangent of "
                                       << formatShape(cotangent)
                                       << "; it must be [out, in] with out the last size of the cotangent";
  Type element = elementOf(getCotangent());
  if (failed(verifyTensor(*this, "C2", "weight", getWeight(), weight, element)))
    return failure();
  SmallVector<int64_t> shape(cotangent);
  shape.back() = weight[1];
  return verifyTensor(*this, "C2", "the result", getResult(), shape, element);
}

/// Checks that a weight's gradient has that shape, and the operands' element type or the type that sums have.
static LogicalResult verifyWeightGrad(Operation *op, StringRef constraint, StringRef what, Value gradient,
                                      ArrayRef<int64_t> shape, Type element) {
  if (elementOf(gradient) == wideType(element))
    element = wideType(element);
  return verifyTensor(op, constraint, what, gradient, shape, element);
}

LogicalResult LinearWgradOp::verify() {
  ArrayRef<int64_t> cotangent = shapeOf(getCotangent()), x = shapeOf(getX());
  Type element = elementOf(getX());
  bool fits = !x.empty() && !cotangent.empty() && cotangent.drop_back() == x.drop_back();
  if (!fits || elementOf(getCotangent()) != element)
    return emitOpError("(C1) cotangent and x must agree in their element types and in all sizes but the last, got ")
           << getCotangent().getType() << " and " << getX().getType();
  return verifyWeightGrad(*this, "C2", "the result", getResult(), {cotangent.back(), x.back()}, element);
}

LogicalResult ExpertsBackwardOp::verify() {
  if (failed(verifyExperts(*this)))
    return failure();
  Type element = elementOf(getX());
  const std::tuple<StringRef, Value, Value> pairs[] = {{"gradient of gate", getGate(), getGateGrad()},
                                                       {"gradient of up", getUp(), getUpGrad()},
                                                       {"gradient of down", getDown(), getDownGrad()}};
  for (auto [what, weight, gradient] : pairs)
    if (failed(verifyWeightGrad(*this, "C3", what, gradient, shapeOf(weight), element)))
      return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// Updates and noise
//===----------------------------------------------------------------------===//

// (C1), equal shapes, is a trait.
LogicalResult AdamWOp::verify() { return success(); }

LogicalResult DropoutOp::verify() {
  if (rankOf(getX()) == 0)
    return emitOpError("(C1) x must have rank 1 or more, got a scalar");
  const APFloat &p = getP();
  if (!(p.convertToDouble() >= 0.0 && p.convertToDouble() < 1.0))
    return emitOpError("(C1) p must be at least 0 and below 1, got ") << getPAttr();
  return success();
}
