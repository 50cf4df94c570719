//===- OrderedOperand.cpp - operands of products that are only moved
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/OrderedOperand.h"

#include "dialects/hf/TensorBuilder.h"

using namespace hfc;
using namespace hfc::hf;

/// The value of which `value` is another shape.
static Value throughReshapes(Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getX();
  return value;
}

static void apply(TransposeOp op, OrderedOperand &order) {
  SmallVector<int64_t> strides;
  for (int64_t dim : op.getPermutation())
    strides.push_back(order.strides[dim]);
  order.strides = std::move(strides);
}

static void apply(BroadcastOp op, OrderedOperand &order) {
  ArrayRef<int64_t> from = shapeOf(op.getX()), to = shapeOf(op.getResult());
  SmallVector<int64_t> strides(to.size(), 0);
  for (auto [dim, target] : llvm::enumerate(op.getDims()))
    if (from[dim] == to[target])
      strides[target] = order.strides[dim];
  order.strides = std::move(strides);
  order.selects = true;
}

static void apply(SliceOp op, OrderedOperand &order) {
  for (auto [offset, stride] : llvm::zip_equal(op.getOffsets(), order.strides))
    order.offset += offset * stride;
  order.selects = true;
}

bool hf::isMove(Operation *op) { return isa_and_nonnull<TransposeOp, BroadcastOp, SliceOp>(op); }

std::optional<OrderedOperand> hf::getOrderedOperand(Value operand) {
  SmallVector<Operation *> moves;
  Value value = throughReshapes(operand);
  while (Operation *op = value.getDefiningOp()) {
    if (!isMove(op))
      break;
    moves.push_back(op);
    value = op->getOperand(0);
  }
  if (moves.empty() || isMove(throughReshapes(value).getDefiningOp()))
    return std::nullopt;

  OrderedOperand order;
  order.source = value;
  ArrayRef<int64_t> shape = shapeOf(value);
  order.strides.resize(shape.size());
  int64_t stride = 1;
  for (size_t dim = shape.size(); dim-- > 0; stride *= shape[dim])
    order.strides[dim] = stride;
  for (Operation *op : llvm::reverse(moves)) {
    if (auto transpose = dyn_cast<TransposeOp>(op))
      apply(transpose, order);
    else if (auto broadcast = dyn_cast<BroadcastOp>(op))
      apply(broadcast, order);
    else
      apply(cast<SliceOp>(op), order);
  }
  order.sizes.assign(shapeOf(moves.front()->getResult(0)));
  return order;
}

bool hf::isFactor(OpOperand &use) {
  return use.getOperandNumber() < 2 && isa<LinearOp, LinearDgradOp, LinearWgradOp, MatmulOp>(use.getOwner());
}
