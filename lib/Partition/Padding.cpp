//===- Padding.cpp - what stands behind the end of a cut dimension
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Partition/Padding.h"
#include "lib/Partition/LowerReshard.h"
#include "lib/Partition/Placement.h"

#include "dialects/hf/TensorBuilder.h"
#include "llvm/ADT/TypeSwitch.h"

#include <limits>

using namespace hfc;
using namespace hfc::dist;
using namespace hfc::partition;

Padding::Padding(func::FuncOp function) : function(function), mesh(meshOf(function)) {}

bool Padding::isPadded(Value value, size_t dim) const {
  ShardingAttr sharding = getSharding(value);
  if (!sharding || sharding.getGlobal().empty())
    return false;
  return dist::isPadded(sharding.getGlobal()[dim], sharding.axesOf(dim), mesh);
}

//===----------------------------------------------------------------------===//
// What is known to be zero
//===----------------------------------------------------------------------===//

/// Whether f(0) = 0.
static bool keepsZero(hf::Activation kind) {
  return kind != hf::Activation::sigmoid && kind != hf::Activation::laplace;
}

/// An element of the result is zero if those that it is made of are: the op's rule says which dimension became which.
bool Padding::isZeroBehindByRule(OpResult value, size_t dim) {
  FailureOr<Rule> rule = getRule(value.getOwner());
  if (failed(rule) || rule->results[value.getResultNumber()][dim].size() != 1)
    return false;
  unsigned factor = rule->results[value.getResultNumber()][dim].front();
  for (auto [operand, tensor] : llvm::zip_equal(value.getOwner()->getOperands(), rule->operands))
    for (auto [index, factors] : llvm::enumerate(tensor))
      if (llvm::is_contained(factors, factor) && (factors.size() != 1 || !isZeroBehind(operand, index)))
        return false;
  return rule->isIn(factor, rule->operands.front());
}

bool Padding::computeZeroBehind(OpResult value, size_t dim) {
  Operation *op = value.getOwner();
  bool isLast = dim + 1 == static_cast<size_t>(hf::tensorType(value).getRank());
  auto byRule = [&] { return isZeroBehindByRule(value, dim); };
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](hf::LinearOp op) {
        return isLast ? isZeroBehind(op.getWeight(), 0) && (!op.getBias() || isZeroBehind(op.getBias(), 0))
                      : !op.getBias() && isZeroBehind(op.getX(), dim);
      })
      .Case([&](hf::ConstantOp) { return isZero(value); })
      .Case([&](hf::ActivationOp op) { return keepsZero(op.getKind()) && isZeroBehind(op.getX(), dim); })
      .Case([&](hf::MulOp op) { return isZeroBehind(op.getLhs(), dim) || isZeroBehind(op.getRhs(), dim); })
      .Case([&](hf::ReduceOp op) { return op.getKind() == hf::Reduction::sum && byRule(); })
      .Case([&](hf::SliceAtOp op) { return op.getDim() == dim || isZeroBehind(op.getX(), dim); })
      .Case([&](ReduceScatterOp op) { return isZeroBehind(op.getInput(), dim); })
      .Case([&](AllReduceOp op) { return isZeroBehind(op.getInputs()[value.getResultNumber()], dim); })
      .Case<hf::AddOp, hf::SubOp, hf::NegOp, hf::AbsOp, hf::ConvertOp, hf::ReshapeOp, hf::TransposeOp, hf::BroadcastOp,
            hf::LinearDgradOp, hf::LinearWgradOp, hf::ScatterAddOp, hf::AdamWOp, hf::SoftcapOp, hf::TanhOp, hf::SqrtOp>(
          [&](Operation *) { return byRule(); })
      // Experts' inner padding: zero rows of a weight make zero activations, and so zero gradients.
      .Case([&](hf::ExpertsBackwardOp) { return value.getResultNumber() >= 2; })
      .Default(false);
}

bool Padding::isZeroBehind(Value value, size_t dim) {
  if (!isPadded(value, dim))
    return true; // there is nothing behind
  if (auto argument = dyn_cast<BlockArgument>(value))
    return function.getArgAttr(argument.getArgNumber(), "hf.parameter") ||
           function.getArgAttr(argument.getArgNumber(), "hf.state");
  auto [entry, isNew] = zero.try_emplace({value, dim}, false);
  if (!isNew)
    return entry->second;
  bool result = computeZeroBehind(cast<OpResult>(value), dim);
  zero[{value, dim}] = result;
  return result;
}

//===----------------------------------------------------------------------===//
// Masks
//===----------------------------------------------------------------------===//

/// Where this rank's piece is still the tensor: the index along `dim` is below what is left of the whole.
static Value isInside(hf::TensorBuilder &tensors, ArrayRef<int64_t> shape, size_t dim, ShardingAttr sharding,
                      MeshAttr mesh) {
  OpBuilder &builder = tensors.get();
  auto scalar = RankedTensorType::get({}, builder.getI32Type());
  Value start = pieceStart(builder, tensors.getLoc(), sharding.getDims()[dim], sharding, dim, mesh);
  Value left = tensors.sub(tensors.size(scalar, sharding.getGlobal(), dim), start);
  Value index = tensors.iota(RankedTensorType::get({shape[dim]}, builder.getI32Type()), 0);
  Value inside = tensors.compare(hf::Compare::lt, index, tensors.broadcast(left, {shape[dim]}, {}));
  return tensors.broadcast(inside, shape, {static_cast<int64_t>(dim)});
}

Value Padding::masked(Value value, size_t dim, double neutral, Operation *user) {
  ShardingAttr sharding = getSharding(value);
  OpBuilder builder(user);
  Operation *before = user->getPrevNode();
  hf::TensorBuilder tensors(builder, value.getLoc());
  Value inside = isInside(tensors, hf::shapeOf(value), dim, sharding, mesh);
  Value result = tensors.select(inside, value, tensors.splatLike(value, neutral));
  for (Operation *op = before ? before->getNextNode() : &user->getBlock()->front(); op != user; op = op->getNextNode())
    for (StringRef name : {"hf.block", "hf.phase"})
      if (Attribute attribute = user->getAttr(name))
        op->setAttr(name, attribute);
  setSharding(result, sharding);
  return result;
}

void Padding::mask(OpOperand &operand, ArrayRef<int64_t> dims, double neutral) {
  for (int64_t dim : dims) {
    Value value = operand.get();
    if (!isPadded(value, dim) || (neutral == 0 && isZeroBehind(value, dim)))
      continue;
    Value &known = zeroMasked[{value, dim}];
    if (neutral == 0 && known) {
      operand.set(known);
      continue;
    }
    Value result = masked(value, dim, neutral, operand.getOwner());
    if (neutral == 0) {
      known = result;
      zero[{result, dim}] = true;
      for (size_t other = 0; other < hf::shapeOf(value).size(); ++other)
        if (other != static_cast<size_t>(dim))
          zero[{result, other}] = isZeroBehind(value, other);
    }
    operand.set(result);
  }
}

/// What a reduction of such elements gives unless there is another.
static double neutralOf(hf::Reduction kind, Type element) {
  using Integers = std::numeric_limits<int32_t>;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (kind == hf::Reduction::sum)
    return 0;
  bool isFloat = isa<FloatType>(element);
  return kind == hf::Reduction::max ? (isFloat ? -infinity : Integers::min()) : (isFloat ? infinity : Integers::max());
}

static SmallVector<int64_t> allDims(Value value) {
  return llvm::to_vector(llvm::seq<int64_t>(0, hf::tensorType(value).getRank()));
}

void Padding::maskOperands(Operation *op) {
  OperandRange operands = op->getOperands();
  auto lastOf = [&](unsigned operand) { return hf::tensorType(operands[operand]).getRank() - 1; };
  if (auto reduce = dyn_cast<hf::ReduceOp>(op))
    return mask(op->getOpOperand(0), reduce.getDims(), neutralOf(reduce.getKind(), hf::elementOf(operands[0])));
  if (isa<hf::LinearOp, hf::LinearDgradOp>(op)) {
    mask(op->getOpOperand(0), {lastOf(0)}, 0);
    return mask(op->getOpOperand(1), {isa<hf::LinearOp>(op) ? 1 : 0}, 0);
  }
  if (isa<hf::LinearWgradOp, hf::ScatterAddOp, hf::MatmulOp>(op))
    for (OpOperand &operand : op->getOpOperands())
      if (isa<FloatType>(hf::elementOf(operand.get())))
        mask(operand, allDims(operand.get()), 0);
  if (auto terminator = dyn_cast<func::ReturnOp>(op)) {
    auto function = terminator->getParentOfType<func::FuncOp>();
    for (OpOperand &operand : op->getOpOperands())
      if (function.getResultAttr(operand.getOperandNumber(), "hf.state") ||
          function.getResultAttr(operand.getOperandNumber(), "hf.parameter"))
        mask(operand, allDims(operand.get()), 0);
  }
}
