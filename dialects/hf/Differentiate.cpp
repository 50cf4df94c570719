//===- Differentiate.cpp - reverse mode over one op, or over a composite's decomposition
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/Differentiate.h"

#include "llvm/ADT/DenseSet.h"

using namespace hfc;
using namespace hfc::hf;

bool hf::isDifferentiable(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && isa<FloatType>(tensor.getElementType());
}

SmallVector<Value> Cotangents::lookup(ValueRange primals) const {
  return llvm::map_to_vector(primals, [&](Value primal) { return lookup(primal); });
}

void Cotangents::add(Location loc, Value primal, Value cotangent) {
  if (!cotangent)
    return;
  Value &sum = sums[primal];
  sum = sum ? TensorBuilder(builder, loc).add(sum, cotangent) : cotangent;
}

Value hf::sumWide(TensorBuilder &tb, Value x, ArrayRef<int64_t> dims) {
  if (dims.empty())
    return x;
  Value wide = tb.convert(x, tb.computeType(elementOf(x)));
  return tb.convert(tb.reduce(Reduction::sum, wide, dims), elementOf(x));
}

Value hf::scatterRows(TensorBuilder &tb, Value table, Value indices, Value updates) {
  Type element = elementOf(table), wide = tb.computeType(element);
  Value zeros = tb.splat(RankedTensorType::get(shapeOf(table), wide), 0.0);
  return tb.convert(tb.scatterAdd(zeros, indices, tb.convert(updates, wide)), element);
}

FailureOr<SmallVector<Value>> hf::differentiate(Operation *op, OpBuilder &builder, ArrayRef<Value> cotangents,
                                                ArrayRef<bool> wanted) {
  if (auto differentiable = dyn_cast<DifferentiableOpInterface>(op)) {
    SmallVector<Value> grads = differentiable.differentiate(builder, cotangents, wanted);
    if (!grads.empty())
      return grads;
  }
  if (auto composite = dyn_cast<CompositeOpInterface>(op))
    return differentiateDecomposition(composite, builder, cotangents, wanted);
  return op->emitError("has no derivative, and a gradient of one of its operands is wanted");
}

/// The ops that `build` inserts, in order.
static SmallVector<Operation *> collectInserted(OpBuilder &builder, function_ref<void()> build) {
  Block *block = builder.getInsertionBlock();
  auto end = builder.getInsertionPoint();
  bool atStart = end == block->begin();
  auto before = atStart ? end : std::prev(end);
  build();
  SmallVector<Operation *> ops;
  for (auto it = atStart ? block->begin() : std::next(before); it != end; ++it)
    ops.push_back(&*it);
  return ops;
}

/// Erases those of the ops, in order of definition, that nothing uses.
static void eraseUnused(ArrayRef<Operation *> ops) {
  for (Operation *op : llvm::reverse(ops))
    if (isOpTriviallyDead(op))
      op->erase();
}

FailureOr<SmallVector<Value>> hf::differentiateDecomposition(CompositeOpInterface op, OpBuilder &builder,
                                                             ArrayRef<Value> cotangents, ArrayRef<bool> wanted) {
  SmallVector<Value> results;
  SmallVector<Operation *> ops = collectInserted(builder, [&] { results = op.decompose(builder); });
  Cotangents sums(builder);
  for (auto [result, cotangent] : llvm::zip(results, cotangents))
    sums.add(op.getLoc(), result, cotangent);

  // Values that depend on a wanted operand.
  DenseSet<Value> active;
  for (auto [operand, isWanted] : llvm::zip(op->getOperands(), wanted))
    if (isWanted)
      active.insert(operand);
  auto isActive = [&](Value value) { return active.contains(value) && isDifferentiable(value.getType()); };
  for (Operation *inner : ops)
    if (llvm::any_of(inner->getOperands(), isActive))
      active.insert_range(inner->getResults());

  for (Operation *inner : llvm::reverse(ops)) {
    SmallVector<Value> incoming = sums.lookup(inner->getResults());
    SmallVector<bool> innerWanted = llvm::map_to_vector(inner->getOperands(), isActive);
    if (!llvm::is_contained(innerWanted, true) || llvm::all_of(incoming, [](Value value) { return !value; }))
      continue;
    FailureOr<SmallVector<Value>> outgoing = differentiate(inner, builder, incoming, innerWanted);
    if (failed(outgoing))
      return failure();
    for (auto [operand, cotangent] : llvm::zip(inner->getOperands(), *outgoing))
      sums.add(op.getLoc(), operand, cotangent);
  }

  // An operand that stands twice gets its cotangent once.
  SmallVector<Value> answer(op->getNumOperands());
  DenseSet<Value> answered;
  for (auto [index, operand] : llvm::enumerate(op->getOperands()))
    if (wanted[index] && answered.insert(operand).second)
      answer[index] = sums.lookup(operand);
  eraseUnused(ops);
  return answer;
}
