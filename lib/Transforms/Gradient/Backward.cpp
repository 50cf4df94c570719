//===- Backward.cpp - the backward part of a function
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Transforms/Gradient/Backward.h"

#include "dialects/dist/Dist.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace hfc;
using namespace hfc::gradient;

void Backward::Tagger::notifyOperationInserted(Operation *op, OpBuilder::InsertPoint) {
  op->setAttr("hf.phase", StringAttr::get(op->getContext(), "backward"));
  if (block)
    op->setAttr("hf.block", block);
}

Backward::Backward(func::FuncOp function, Recompute policy)
    : block(function.getBody().front()), policy(policy), builder(block.getTerminator(), &tagger),
      forward(llvm::map_range(block.without_terminator(), [](Operation &op) { return &op; })), cotangents(builder) {}

unsigned Backward::addAccumulator(Value start, Type element) {
  accumulators.push_back({start, element});
  return accumulators.size() - 1;
}

void Backward::accumulate(BlockArgument argument, unsigned accumulator) {
  facts.active.insert(argument);
  accumulatorOf[argument] = accumulator;
}

void Backward::seed(Value value, Value cotangent) {
  if (!cotangent)
    cotangent = hf::TensorBuilder(builder, value.getLoc()).splatLike(value, 1.0);
  addCotangent(value.getLoc(), value, cotangent);
}

void Backward::markActive() {
  for (Operation *op : forward)
    if (llvm::any_of(op->getOperands(), [&](Value operand) { return facts.isActive(operand); }))
      facts.active.insert_range(op->getResults());
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// What a conversion to a narrower type rounds, if it is of type `element`: gradients are not rounded on their way into
/// a wider sum.
static Value unrounded(Value value, Type element) {
  auto convert = value.getDefiningOp<hf::ConvertOp>();
  return convert && hf::elementOf(convert.getX()) == element ? convert.getX() : value;
}

static bool isZeros(Value value) {
  auto constant = value.getDefiningOp<hf::ConstantOp>();
  auto splat = constant ? dyn_cast<SplatElementsAttr>(constant.getValue()) : SplatElementsAttr();
  return splat && isa<FloatType>(splat.getElementType()) && splat.getSplatValue<APFloat>().isPosZero();
}

void Backward::addTo(Accumulator &accumulator, Location loc, Value cotangent) {
  hf::TensorBuilder tb(builder, loc);
  cotangent = unrounded(cotangent, accumulator.element);
  auto scatter = cotangent.getDefiningOp<hf::ScatterAddOp>();
  if (!accumulator.sum)
    accumulator.sum = tb.convert(cotangent, accumulator.element);
  else if (scatter && isZeros(scatter.getBase()))
    accumulator.sum =
        tb.scatterAdd(accumulator.sum, scatter.getIndices(), tb.convert(scatter.getUpdates(), accumulator.element));
  else
    accumulator.sum = tb.add(accumulator.sum, tb.convert(cotangent, accumulator.element));
}

void Backward::addCotangent(Location loc, Value operand, Value cotangent) {
  auto place = accumulatorOf.find(operand);
  if (place == accumulatorOf.end())
    cotangents.add(loc, operand, cotangent);
  else if (cotangent)
    addTo(accumulators[place->second], loc, cotangent);
}

Value Backward::finish(unsigned number, ArrayRef<int64_t> shape) {
  Accumulator &accumulator = accumulators[number];
  if (!accumulator.sum)
    accumulator.sum = hf::TensorBuilder(builder, block.getTerminator()->getLoc())
                          .splat(RankedTensorType::get(shape, accumulator.element), 0.0);
  return accumulator.sum;
}

//===----------------------------------------------------------------------===//
// The walk
//===----------------------------------------------------------------------===//

LogicalResult Backward::visit(Operation *op, Recomputation &recomputation) {
  tagger.block = op->getAttr("hf.block");
  recomputation.enter(op, builder, cotangents);
  SmallVector<Value> incoming = cotangents.lookup(op->getResults());
  if (llvm::none_of(incoming, [](Value value) { return !!value; }))
    return success();
  copyShardings(op, incoming);
  SmallVector<bool> wanted =
      llvm::map_to_vector(op->getOperands(), [&](Value operand) { return facts.isActive(operand); });
  if (!llvm::is_contained(wanted, true))
    return success();
  FailureOr<SmallVector<Value>> outgoing = recomputation.differentiate(op, builder, incoming, wanted);
  if (failed(outgoing))
    return failure();
  for (auto [operand, cotangent] : llvm::zip(op->getOperands(), *outgoing))
    addCotangent(op->getLoc(), operand, cotangent);
  return success();
}

LogicalResult Backward::run() {
  markActive();
  Recomputation recomputation(policy, forward, facts);
  for (Operation *op : llvm::reverse(forward))
    if (failed(visit(op, recomputation)))
      return failure();
  tagger.block = nullptr;
  writeShardings();
  return success();
}

void Backward::eraseUnused() {
  Operation *first = forward.empty() ? nullptr : forward.back();
  for (Operation *op = block.getTerminator()->getPrevNode(); op && op != first;) {
    Operation *previous = op->getPrevNode();
    if (isOpTriviallyDead(op))
      op->erase();
    op = previous;
  }
}

//===----------------------------------------------------------------------===//
// Shardings
//===----------------------------------------------------------------------===//

// `dist.shardings` has one attribute for each result.

/// Where the cotangent of a value lives: each rank that has a part of a sum has all of its cotangent.
static Attribute ofCotangent(Attribute sharding) {
  auto known = dyn_cast<dist::ShardingAttr>(sharding);
  return known && known.isPartial() ? known.withoutPartial() : sharding;
}

/// The op that made a value, before what only moved or widened it.
static Operation *originOf(Operation *op) {
  while (op && isa<hf::ReshapeOp, hf::TransposeOp, hf::ConvertOp>(op))
    op = op->getOperand(0).getDefiningOp();
  return op;
}

void Backward::copyShardings(Operation *op, ArrayRef<Value> sums) {
  // What repeats something smaller lives where that does, which says nothing of a cotangent of its own size.
  if (isa_and_nonnull<hf::BroadcastOp>(originOf(op)))
    return;
  auto own = op->getAttrOfType<ArrayAttr>("dist.shardings");
  if (!own || own.size() != sums.size())
    return;
  for (auto [sharding, sum] : llvm::zip(own, sums)) {
    auto result = dyn_cast_or_null<OpResult>(sum);
    if (!result || !result.getOwner()->hasAttr("hf.phase"))
      continue;
    // Conversely what adds up the cotangents of repetitions may stay partial, up to the gradients it ends in.
    if (isa_and_nonnull<hf::ReduceOp>(originOf(result.getOwner())))
      continue;
    SmallVector<Attribute> &all = shardings[result.getOwner()];
    all.resize(result.getOwner()->getNumResults());
    // A value that is the cotangent of several lives where the last of these lives.
    if (!all[result.getResultNumber()])
      all[result.getResultNumber()] = ofCotangent(sharding);
  }
}

void Backward::writeShardings() {
  for (auto &[op, all] : shardings)
    if (llvm::all_of(all, [](Attribute attribute) { return !!attribute; }))
      op->setAttr("dist.shardings", builder.getArrayAttr(all));
}
