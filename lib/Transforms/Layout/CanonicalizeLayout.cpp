//===- CanonicalizeLayout.cpp - runs ops in the order their operands stand in
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One walk over each function, in order, that keeps for each value the permutation it is of what is stored (`View`).
// Each op either takes stored values and hands the permutation on, or asks for its operands as they were. So the
// work is linear in the ops, and there is nothing to iterate.
//
//===----------------------------------------------------------------------===//

#include "hfc/Transforms/Layout/Passes.h"
#include "lib/Transforms/Layout/ViewMap.h"

#include "dialects/hf/TensorBuilder.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

namespace hfc {
#define GEN_PASS_DEF_CANONICALIZELAYOUT
#include "hfc/Transforms/Layout/Passes.h.inc"
} // namespace hfc

using namespace hfc;
using namespace hfc::hf;
using namespace hfc::layout;

namespace {

class Canonicalizer {
public:
  void run(Block &block);

  unsigned getNumRemoved() const { return numRemoved; }
  unsigned getNumMade() const { return views.getNumMade(); }
  unsigned getNumMoved() const { return numMoved; }

private:
  void visit(Operation *op);
  /// Operands and results have one shape, and each dimension stands by itself.
  void visitElementwise(Operation *op);
  /// The first operand and the result agree in all dimensions but the last.
  void visitLastDim(Operation *op);
  /// Needs its operands as they were.
  void visitPlain(Operation *op);
  void visitTranspose(TransposeOp op);
  void visitReshape(ReshapeOp op);
  void visitBroadcast(BroadcastOp op);
  void visitSlice(SliceOp op);
  void visitConcat(ConcatOp op);
  void visitReduce(ReduceOp op);
  void visitEmbedding(EmbeddingOp op);
  void visitRotary(RotaryOp op);
  void visitAttention(AttentionOp op);

  void setResult(Operation *op, ArrayRef<int64_t> storedShape, ArrayRef<int64_t> permutation);

  ViewMap views;
  /// Whether embeddings of the function's arguments run sequence-first.
  bool sequenceFirst = false;
  unsigned numMoved = 0, numRemoved = 0;
};

} // namespace

//===----------------------------------------------------------------------===//
// Changing an op in place
//===----------------------------------------------------------------------===//

void Canonicalizer::setResult(Operation *op, ArrayRef<int64_t> storedShape, ArrayRef<int64_t> permutation) {
  Value result = op->getResult(0);
  result.setType(RankedTensorType::get(storedShape, elementOf(result)));
  views.set(result, result, permutation);
  ++numMoved;
}

/// Takes operand 0 as `stored` and the others as they were.
static void takeStored(Operation *op, Value stored, ViewMap &views) {
  for (OpOperand &operand : op->getOpOperands())
    operand.set(operand.getOperandNumber() == 0 ? stored : views.getPlain(operand.get(), op));
}

void Canonicalizer::visitPlain(Operation *op) {
  op->walk([&](Operation *inner) {
    for (OpOperand &operand : inner->getOpOperands())
      operand.set(views.getPlain(operand.get(), op));
  });
}

//===----------------------------------------------------------------------===//
// Ops that work in any order
//===----------------------------------------------------------------------===//

void Canonicalizer::visitElementwise(Operation *op) {
  // Of the orders the operands are stored in, and the original one, the one that moves fewest bytes; then the one in
  // which more operands are stored; then the original one.
  auto scoreOf = [&](ArrayRef<int64_t> permutation) {
    std::pair<int64_t, int64_t> score; // Bytes, and operands not stored in that order.
    for (Value operand : op->getOperands()) {
      score.first += views.cost(operand, permutation);
      score.second += Permutation(permutation) != inverse(views.lookup(operand).permutation);
    }
    return score;
  };
  Permutation best = identity(tensorType(op->getResult(0)).getRank());
  auto bestScore = scoreOf(best);
  for (Value operand : op->getOperands()) {
    Permutation candidate = inverse(views.lookup(operand).permutation);
    if (auto score = scoreOf(candidate); score < bestScore) {
      best = candidate;
      bestScore = score;
    }
  }
  for (OpOperand &operand : op->getOpOperands())
    operand.set(views.get(operand.get(), best, op));
  if (!isIdentity(best))
    setResult(op, shapeOf(op->getOperand(0)), inverse(best));
}

void Canonicalizer::visitLastDim(Operation *op) {
  View view = views.lookup(op->getOperand(0));
  if (view.isPlain() || view.permutation.back() + 1 != static_cast<int64_t>(view.permutation.size()))
    return visitPlain(op);
  takeStored(op, view.stored, views);
  SmallVector<int64_t> shape(shapeOf(view.stored));
  shape.back() = shapeOf(op->getResult(0)).back();
  setResult(op, shape, view.permutation);
}

void Canonicalizer::visitReshape(ReshapeOp op) {
  View view = views.lookup(op.getX());
  auto moved = commuteReshape(view.getShape(), shapeOf(op.getResult()), view.permutation);
  if (view.isPlain() || !moved)
    return visitPlain(op);
  takeStored(op, view.stored, views);
  setResult(op, moved->storedShape, moved->permutation);
}

void Canonicalizer::visitBroadcast(BroadcastOp op) {
  View view = views.lookup(op.getX());
  if (view.isPlain() || view.permutation.size() != shapeOf(op.getResult()).size())
    return visitPlain(op);
  takeStored(op, view.stored, views);
  setResult(op, toStored(shapeOf(op.getResult()), view.permutation), view.permutation);
}

void Canonicalizer::visitSlice(SliceOp op) {
  View view = views.lookup(op.getX());
  if (view.isPlain())
    return visitPlain(op);
  takeStored(op, view.stored, views);
  op.setOffsets(toStored(op.getOffsets(), view.permutation));
  setResult(op, toStored(shapeOf(op.getResult()), view.permutation), view.permutation);
}

void Canonicalizer::visitConcat(ConcatOp op) {
  View view = views.lookup(op.getInputs().front());
  bool agree = llvm::all_of(op.getInputs(), [&](Value x) { return views.lookup(x).permutation == view.permutation; });
  if (view.isPlain() || !agree)
    return visitPlain(op);
  for (OpOperand &operand : op->getOpOperands())
    operand.set(views.lookup(operand.get()).stored);
  op.setDim(view.permutation[op.getDim()]);
  setResult(op, toStored(shapeOf(op.getResult()), view.permutation), view.permutation);
}

void Canonicalizer::visitReduce(ReduceOp op) {
  View view = views.lookup(op.getX());
  if (view.isPlain())
    return visitPlain(op);
  Permutation kept = dropDims(view.permutation, op.getDims());
  SmallVector<int64_t> dims;
  for (int64_t dim : op.getDims())
    dims.push_back(view.permutation[dim]);
  llvm::sort(dims);
  takeStored(op, view.stored, views);
  op.setDims(dims);
  setResult(op, toStored(shapeOf(op.getResult()), kept), kept);
}

void Canonicalizer::visitEmbedding(EmbeddingOp op) {
  bool swap = sequenceFirst && isa<BlockArgument>(op.getIds()) && tensorType(op.getIds()).getRank() == 2;
  if (!swap)
    return visitPlain(op);
  Value ids = views.get(op.getIds(), {1, 0}, op);
  op.getTableMutable().assign(views.getPlain(op.getTable(), op));
  op.getIdsMutable().assign(ids);
  setResult(op, {shapeOf(ids)[0], shapeOf(ids)[1], shapeOf(op.getResult())[2]}, {1, 0, 2});
}

//===----------------------------------------------------------------------===//
// Ops with a layout
//===----------------------------------------------------------------------===//

/// The order in which the dimensions of an operand of layout `layout` are stored.
static SmallVector<int64_t> storedOrder(const View &view, HeadLayout layout) {
  return toStored(orderOf(layout), view.permutation);
}

void Canonicalizer::visitRotary(RotaryOp op) {
  View view = views.lookup(op.getX());
  std::optional<HeadLayout> layout = layoutOf(storedOrder(view, op.getLayout()));
  if (view.isPlain() || !layout)
    return visitPlain(op);
  takeStored(op, view.stored, views);
  op.setLayout(*layout);
  setResult(op, shapeOf(view.stored), view.permutation);
}

void Canonicalizer::visitAttention(AttentionOp op) {
  HeadLayout old = op.getLayout(), best = old;
  int64_t bestCost = std::numeric_limits<int64_t>::max();
  for (HeadLayout layout : {old, HeadLayout::bshd, HeadLayout::sbhd, HeadLayout::bhsd}) {
    int64_t cost = 0;
    for (Value operand : {op.getQuery(), op.getKey(), op.getValue()})
      cost += views.cost(operand, between(orderOf(old), orderOf(layout)));
    if (cost < bestCost) {
      best = layout;
      bestCost = cost;
    }
  }
  Permutation change = between(orderOf(old), orderOf(best));
  for (OpOperand &operand : op->getOpOperands())
    operand.set(operand.getOperandNumber() < 3 ? views.get(operand.get(), change, op)
                                               : views.getPlain(operand.get(), op));
  if (best == old)
    return;
  op.setLayout(best);
  SmallVector<int64_t> shape;
  for (int64_t dim : change)
    shape.push_back(shapeOf(op.getResult())[dim]);
  setResult(op, shape, inverse(change));
}

//===----------------------------------------------------------------------===//
// The walk
//===----------------------------------------------------------------------===//

void Canonicalizer::visitTranspose(TransposeOp op) {
  View view = views.lookup(op.getX());
  Permutation composed;
  for (int64_t dim : op.getPermutation())
    composed.push_back(view.permutation[dim]);
  views.set(op.getResult(), view.stored, composed);
  ++numRemoved;
}

void Canonicalizer::visit(Operation *op) {
  bool elementwise = op->hasTrait<OpTrait::Elementwise>() && isa_and_nonnull<HfDialect>(op->getDialect());
  if (elementwise || isa<ActivationOp, SoftcapOp>(op))
    return visitElementwise(op);
  TypeSwitch<Operation *>(op)
      .Case([&](TransposeOp op) { visitTranspose(op); })
      .Case([&](ReshapeOp op) { visitReshape(op); })
      .Case([&](BroadcastOp op) { visitBroadcast(op); })
      .Case([&](SliceOp op) { visitSlice(op); })
      .Case([&](ConcatOp op) { visitConcat(op); })
      .Case([&](ReduceOp op) { visitReduce(op); })
      .Case([&](EmbeddingOp op) { visitEmbedding(op); })
      .Case([&](RotaryOp op) { visitRotary(op); })
      .Case([&](AttentionOp op) { visitAttention(op); })
      .Case<LinearOp, RmsNormOp, LayerNormOp, SoftmaxOp>([&](Operation *op) { visitLastDim(op); })
      .Default([&](Operation *op) { visitPlain(op); });
}

/// Whether the function returns a value with sequence and batch swapped by a transposition.
static bool returnsSequenceFirst(Block &block) {
  return llvm::any_of(block.getTerminator()->getOperands(), [](Value value) {
    auto transpose = value.getDefiningOp<TransposeOp>();
    return transpose && transpose.getPermutation() == ArrayRef<int64_t>{1, 0, 2};
  });
}

void Canonicalizer::run(Block &block) {
  sequenceFirst = returnsSequenceFirst(block);
  for (Operation &op : block)
    visit(&op);
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

namespace {
struct CanonicalizeLayout : hfc::impl::CanonicalizeLayoutBase<CanonicalizeLayout> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      // A kernel's body is done with: fusion chose its loops by the order of its dimensions.
      if (!llvm::hasSingleElement(function.getFunctionBody()) || function->hasAttr("kernel.kind"))
        continue;
      // So is where values live, by dimension, in a program of a later phase.
      if (llvm::any_of(function.getFunctionBody().front(),
                       [](Operation &op) { return op.hasAttr(dist::shardingsName); }))
        continue;
      Canonicalizer canonicalizer;
      canonicalizer.run(function.getFunctionBody().front());
      numRemoved += canonicalizer.getNumRemoved();
      numMade += canonicalizer.getNumMade();
      numMoved += canonicalizer.getNumMoved();
    }
  }
};
} // namespace
