//===- PrepareEntry.cpp - brings an entry to primitives
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PrepareEntry.h"

#include "FusionGraph.h"
#include "hfc/Support/ReductionParts.h"

#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/STLExtras.h"

using namespace hfc;
using namespace hfc::fusion;

static StringAttr originOf(Operation *composite) {
  if (auto origin = composite->getAttrOfType<StringAttr>(originName))
    return origin;
  if (auto activation = dyn_cast<hf::ActivationOp>(composite))
    return StringAttr::get(composite->getContext(), hf::stringifyActivation(activation.getKind()));
  return StringAttr::get(composite->getContext(), composite->getName().stripDialect());
}

/// Collects what a decomposition builds, and gives it the provenance of the composite.
namespace {
class Decomposer : public OpBuilder::Listener {
public:
  LogicalResult run(func::FuncOp entry) {
    SmallVector<Operation *> work;
    entry.walk([&](Operation *op) {
      if (isDecomposed(op))
        work.push_back(op);
    });
    while (!work.empty()) {
      Operation *op = work.pop_back_val();
      if (failed(decompose(op)))
        return failure();
      llvm::copy_if(built, std::back_inserter(work), isDecomposed);
    }
    return success();
  }

private:
  static bool isDecomposed(Operation *op) {
    return isa<hf::CompositeOpInterface>(op) &&
           !isa<hf::LinearOp, hf::LinearDgradOp, hf::LinearWgradOp, hf::AttentionOp, hf::AttentionWithStatisticsOp,
                hf::AttentionStatisticsOp, hf::AttentionBackwardOp, hf::ArgmaxOp>(op);
  }

  void notifyOperationInserted(Operation *op, OpBuilder::InsertPoint) override { built.push_back(op); }

  LogicalResult decompose(Operation *op) {
    built.clear();
    OpBuilder builder(op, this);
    SmallVector<Value> values = cast<hf::CompositeOpInterface>(op).decompose(builder);
    if (values.size() != op->getNumResults())
      return op->emitOpError("has no decomposition");
    StringAttr origin = originOf(op);
    for (Operation *part : built) {
      for (StringRef name : {"hf.block", "hf.phase"})
        if (Attribute attribute = op->getDiscardableAttr(name))
          part->setDiscardableAttr(name, attribute);
      part->setDiscardableAttr(originName, origin);
    }
    op->replaceAllUsesWith(values);
    op->erase();
    return success();
  }

  SmallVector<Operation *> built;
};

/// Moves reduced dimensions to the end where they do not stand next to each other.
struct ReduceTrailing : OpRewritePattern<hf::ReduceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(hf::ReduceOp op, PatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getX().getType());
    ArrayRef<int64_t> dims = op.getDims();
    int64_t kept = type.getRank() - static_cast<int64_t>(dims.size());
    if (dims.back() - dims.front() + 1 == static_cast<int64_t>(dims.size()))
      return failure();
    SmallVector<int64_t> permutation, shape;
    for (int64_t dim : llvm::seq<int64_t>(0, type.getRank()))
      if (!llvm::is_contained(dims, dim))
        permutation.push_back(dim);
    llvm::append_range(permutation, dims);
    for (int64_t dim : permutation)
      shape.push_back(type.getDimSize(dim));
    Value moved = hf::TransposeOp::create(rewriter, op.getLoc(), type.clone(shape), op.getX(), permutation);
    moved.getDefiningOp()->setDiscardableAttrs(op->getDiscardableAttrDictionary());
    rewriter.modifyOpInPlace(op, [&] {
      op.getXMutable().assign(moved);
      op.setDims(llvm::to_vector(llvm::seq<int64_t>(kept, type.getRank())));
    });
    return success();
  }
};

/// A reduction of everything to one number would be one block's work; one of many rows to few columns, that of few
/// blocks. Where there is enough of it, blocks reduce parts, and then what they found: always the same parts, so that
/// sums are always the same, and each of few enough elements that float32 loses nothing that counts.
struct ReduceInParts : OpRewritePattern<hf::ReduceOp> {
  using OpRewritePattern::OpRewritePattern;

  static constexpr int64_t smallestSize = 1 << 16, mostParts = 256, fewestParts = 8;
  /// Rows of many columns that one block can reduce, and what makes a part worth its place in memory.
  static constexpr int64_t manyRows = 2048, rowsOfPart = 32;

  LogicalResult matchAndRewrite(hf::ReduceOp op, PatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getX().getType());
    ArrayRef<int64_t> dims = op.getDims(), columns = type.getShape().drop_front(dims.size());
    bool isLeading = llvm::equal(dims, llvm::seq<int64_t>(0, dims.size()));
    int64_t size = type.getNumElements(), rows = llvm::product_of(type.getShape().take_front(dims.size()));
    int64_t fewestRows = columns.empty() ? 1 : rowsOfPart;
    int64_t parts = columns.empty() ? partsOfReduction(size) : mostParts;
    if (!isLeading || size < smallestSize || (!columns.empty() && rows < manyRows))
      return failure();
    while (parts >= fewestParts && (rows % parts || rows / parts < fewestRows))
      parts /= 2;
    if (parts < fewestParts || rows / parts == 1)
      return failure();
    DictionaryAttr attributes = op->getDiscardableAttrDictionary();
    SmallVector<int64_t> cut{parts, rows / parts}, kept{parts};
    llvm::append_range(cut, columns);
    llvm::append_range(kept, columns);
    Value parted = hf::ReshapeOp::create(rewriter, op.getLoc(), type.clone(cut), op.getX());
    Value found =
        hf::ReduceOp::create(rewriter, op.getLoc(), type.clone(kept), op.getKind(), parted, ArrayRef<int64_t>{1});
    for (Value made : {parted, found})
      made.getDefiningOp()->setDiscardableAttrs(attributes);
    auto whole = rewriter.replaceOpWithNewOp<hf::ReduceOp>(op, op.getType(), op.getKind(), found, ArrayRef<int64_t>{0});
    whole->setDiscardableAttrs(attributes);
    return success();
  }
};

/// `broadcast(x W)` is `broadcast(x) W` where rows are repeated: the product reads a row again, and nothing copies its
/// result.
struct RepeatBeforeProduct : OpRewritePattern<hf::BroadcastOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(hf::BroadcastOp op, PatternRewriter &rewriter) const override {
    auto reshape = op.getX().getDefiningOp<hf::ReshapeOp>();
    Value product = reshape ? reshape.getX() : op.getX();
    auto linear = product.getDefiningOp<hf::LinearOp>();
    ArrayRef<int64_t> from = shapeOf(op.getX()), to = shapeOf(op.getResult()),
                      rows = linear ? shapeOf(linear.getX()) : from;
    bool isRepeated = linear && product.hasOneUse() && op.getX().hasOneUse() && from.size() == to.size() &&
                      rows[0] == 1 && from.front() == 1 && from.drop_front() == to.drop_front() && rows.size() > 1;
    if (!isRepeated)
      return failure();
    auto repeat = [&](Value x) {
      SmallVector<int64_t> shape(shapeOf(x));
      shape[0] = to[0];
      return cast<RankedTensorType>(x.getType()).clone(shape);
    };
    auto dims = llvm::to_vector(llvm::seq<int64_t>(0, rows.size()));
    auto x = hf::BroadcastOp::create(rewriter, op.getLoc(), repeat(linear.getX()), linear.getX(), dims);
    auto wide =
        hf::LinearOp::create(rewriter, linear.getLoc(), repeat(product), x, linear.getWeight(), linear.getBias());
    Operation *shaped = rewriter.replaceOpWithNewOp<hf::ReshapeOp>(op, op.getType(), wide);
    // Where values live is said of other shapes.
    for (Operation *made : {x.getOperation(), wide.getOperation(), shaped})
      for (StringRef name : {StringRef("hf.block"), StringRef("hf.phase"), StringRef(originName)})
        if (Attribute attribute = linear->getDiscardableAttr(name))
          made->setDiscardableAttr(name, attribute);
    return success();
  }
};

/// `f(broadcast(x), splat)` is `broadcast(f(x, splat))`: what is the same in every column is computed once for a row.
struct ComputeBeforeBroadcast : RewritePattern {
  explicit ComputeBeforeBroadcast(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isElementwise(op) || op->getNumResults() != 1)
      return failure();
    hf::BroadcastOp shared;
    for (Value operand : op->getOperands()) {
      if (splatOf(operand))
        continue;
      auto broadcast = operand.getDefiningOp<hf::BroadcastOp>();
      if (!broadcast ||
          (shared && (shared.getDims() != broadcast.getDims() || shapeOf(shared.getX()) != shapeOf(broadcast.getX()))))
        return failure();
      shared = broadcast;
    }
    if (!shared)
      return failure();
    ArrayRef<int64_t> shape = shapeOf(shared.getX());
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      if (auto broadcast = operand.getDefiningOp<hf::BroadcastOp>())
        operands.push_back(broadcast.getX());
      else
        operands.push_back(splat(rewriter, op->getLoc(), splatOf(operand), shape));
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    OperationState state(op->getLoc(), op->getName(), operands, type.clone(shape), op->getAttrs());
    Operation *narrow = rewriter.create(state);
    auto wide = rewriter.replaceOpWithNewOp<hf::BroadcastOp>(op, type, narrow->getResult(0), shared.getDims());
    wide->setDiscardableAttrs(narrow->getDiscardableAttrDictionary());
    return success();
  }

private:
  static SplatElementsAttr splatOf(Value value) {
    auto constant = value.getDefiningOp<hf::ConstantOp>();
    return constant ? dyn_cast<SplatElementsAttr>(constant.getValue()) : SplatElementsAttr();
  }
  static Value splat(OpBuilder &builder, Location loc, SplatElementsAttr value, ArrayRef<int64_t> shape) {
    return hf::ConstantOp::create(
        builder, loc, SplatElementsAttr::get(value.getType().clone(shape), value.getSplatValue<Attribute>()));
  }
};
} // namespace

/// What goes through a barrier is what comes out.
static Value beforeBarriers(Value value) {
  while (auto barrier = value ? value.getDefiningOp<hf::BarrierOp>() : hf::BarrierOp())
    value = barrier.getInputs()[cast<OpResult>(value).getResultNumber()];
  return value;
}

/// Whether `backward` differentiates `attention`: its operands and attributes are the attention's, but for the
/// cotangent, the output and the sums.
template <typename OpTy>
static bool isBackwardOf(hf::AttentionBackwardOp backward, OpTy attention) {
  auto parts = [](auto op) {
    return SmallVector<Value>{op.getQuery(),         op.getKey(),         op.getValue(),      op.getKeyMask(),
                              op.getQuerySegments(), op.getKeySegments(), op.getPast(),       op.getCount(),
                              op.getBias(),          op.getDropoutKey(),  op.getDropoutRows()};
  };
  auto attributes = [](auto op) {
    return SmallVector<Attribute>{op.getScaleAttr(),   op.getCausalAttr(),  op.getWindowAttr(),
                                  op.getSoftcapAttr(), op.getDropoutAttr(), op.getLayoutAttr()};
  };
  return attributes(backward) == attributes(attention) &&
         llvm::equal(llvm::map_range(parts(backward), beforeBarriers),
                     llvm::map_range(parts(attention), beforeBarriers));
}

/// The sums that the attention of these gradients computes anyway; null where it is not in the entry.
static Value statisticsOfForward(hf::AttentionBackwardOp backward) {
  Operation *forward = beforeBarriers(backward.getOutput()).getDefiningOp();
  if (auto found = dyn_cast_or_null<hf::AttentionWithStatisticsOp>(forward))
    return isBackwardOf(backward, found) ? found.getLogSum() : Value();
  auto attention = dyn_cast_or_null<hf::AttentionOp>(forward);
  if (!attention || !isBackwardOf(backward, attention))
    return {};
  OpBuilder builder(attention);
  auto both = hf::AttentionWithStatisticsOp::create(builder, attention.getLoc(), attention);
  both->setDiscardableAttrs(attention->getDiscardableAttrDictionary());
  attention.replaceAllUsesWith(both.getResult());
  attention.erase();
  return both.getLogSum();
}

/// Attention's backward pass is a kernel once each row's sum is known: by the forward pass, or else by another kernel.
static void addStatistics(func::FuncOp entry) {
  for (auto op : llvm::make_early_inc_range(entry.getBody().front().getOps<hf::AttentionBackwardOp>())) {
    if (op.getLogSum())
      continue;
    Value known = statisticsOfForward(op);
    if (!known) {
      OpBuilder builder(op);
      auto statistics = hf::AttentionStatisticsOp::create(builder, op.getLoc(), op);
      statistics->setDiscardableAttrs(op->getDiscardableAttrDictionary());
      known = statistics.getResult();
    }
    op.getLogSumMutable().assign(known);
  }
}

/// Every state that begins with the same constant gets one of its own, so that none is copied from another.
static void splitReturnedConstants(func::FuncOp entry) {
  Operation *terminator = entry.getBody().front().getTerminator();
  OpBuilder builder(terminator);
  for (OpOperand &returned : terminator->getOpOperands()) {
    auto constant = returned.get().getDefiningOp<hf::ConstantOp>();
    if (constant && !constant->hasOneUse())
      returned.set(builder.clone(*constant)->getResult(0));
  }
}

LogicalResult fusion::prepareEntry(func::FuncOp entry) {
  if (failed(Decomposer().run(entry)))
    return failure();
  addStatistics(entry);
  RewritePatternSet patterns(entry.getContext());
  patterns.add<ReduceTrailing, ReduceInParts, RepeatBeforeProduct, ComputeBeforeBroadcast>(entry.getContext());
  GreedyRewriteConfig config;
  config.setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
  // The driver says whether it converged; these patterns each make progress, and any result is correct.
  (void)applyPatternsGreedily(entry, std::move(patterns), config);
  IRRewriter rewriter(entry.getContext());
  DominanceInfo dominance(entry);
  eliminateCommonSubExpressions(rewriter, dominance, entry);
  shareWork(entry);
  splitReturnedConstants(entry);
  return success();
}
