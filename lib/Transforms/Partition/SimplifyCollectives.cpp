//===- SimplifyCollectives.cpp - --hfc-simplify-collectives
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Transforms/Partition/Passes.h"

#include "dialects/dist/Sharding.h"
#include "dialects/hf/TensorBuilder.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace hfc {
#define GEN_PASS_DEF_SIMPLIFYCOLLECTIVES
#include "hfc/Transforms/Partition/Passes.h.inc"
} // namespace hfc

using namespace hfc;
using namespace hfc::dist;

namespace {
class Simplifier {
public:
  explicit Simplifier(func::FuncOp function) : function(function), mesh(meshOf(function)) {}
  void run() {
    eraseDead();
    Operation *next = nullptr;
    for (Operation *op = &function.front().front(); op; op = next) {
      next = op->getNextNode();
      visit(op);
    }
    eraseDead();
  }

private:
  void eraseDead();
  void visit(Operation *op);
  /// Erases an op, and what is known of it.
  void erase(Operation *op);
  bool mergeWithEqual(CollectiveOpInterface op);
  void addBeforeReducing(hf::AddOp add);
  void scatterInstead(hf::SliceAtOp slice);
  void gatherOnce(AllGatherOp gather);

  func::FuncOp function;
  MeshAttr mesh;
  /// By operands, and by everything that makes a collective what it is.
  llvm::DenseMap<std::pair<Value, Attribute>, CollectiveOpInterface> known;
};
} // namespace

/// A collective is not pure, but where every rank drops it, nobody waits.
static bool isDead(Operation *op) {
  return op->use_empty() && (isa<CollectiveOpInterface>(op) || isOpTriviallyDead(op));
}

void Simplifier::eraseDead() {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.front())))
    if (isDead(&op))
      op.erase();
}

/// What is made in the place of `op` is what `op` was.
static void inherit(Operation *made, Operation *op) {
  for (NamedAttribute attribute : op->getDiscardableAttrs())
    made->setAttr(attribute.getName(), attribute.getValue());
}

//===----------------------------------------------------------------------===//
// Equal collectives
//===----------------------------------------------------------------------===//

/// What a collective does, its words apart. What is gathered in the forward part is gathered again in the backward
/// part, on purpose.
static Attribute kindOf(CollectiveOpInterface op) {
  NamedAttrList list(op->getPropertiesAsAttribute() ? cast<DictionaryAttr>(op->getPropertiesAsAttribute())
                                                    : DictionaryAttr::get(op.getContext()));
  list.erase("cause");
  list.erase("id");
  list.set("name", StringAttr::get(op.getContext(), op->getName().getStringRef()));
  list.set("types",
           ArrayAttr::get(op.getContext(), llvm::map_to_vector(op->getResultTypes(), [](Type type) -> Attribute {
                            return TypeAttr::get(type);
                          })));
  if (Attribute phase = op->getAttr("hf.phase"))
    list.set("phase", phase);
  return list.getDictionary(op.getContext());
}

void Simplifier::erase(Operation *op) {
  if (auto collective = dyn_cast<CollectiveOpInterface>(op); collective && op->getNumOperands() == 1) {
    auto entry = known.find({op->getOperand(0), kindOf(collective)});
    if (entry != known.end() && entry->second == collective)
      known.erase(entry);
  }
  op->erase();
}

bool Simplifier::mergeWithEqual(CollectiveOpInterface op) {
  if (op->getNumOperands() != 1 || op.getStart())
    return false;
  auto [entry, isNew] = known.try_emplace({op->getOperand(0), kindOf(op)}, op);
  if (isNew)
    return false;
  op->replaceAllUsesWith(entry->second->getResults());
  op->erase();
  return true;
}

//===----------------------------------------------------------------------===//
// Parts of one
//===----------------------------------------------------------------------===//

/// Whether both are the same reduction, to one addend each, that nobody else reads.
static bool areSameReductions(Operation *a, Operation *b) {
  if (!a || !b || a == b || a->getName() != b->getName() || !isa<AllReduceOp, ReduceScatterOp>(a))
    return false;
  auto isSingle = [](Operation *op) { return op->getNumOperands() == 1 && op->getResult(0).hasOneUse(); };
  return isSingle(a) && isSingle(b) && a->getOperand(0).getType() == b->getOperand(0).getType() &&
         kindOf(cast<CollectiveOpInterface>(a)) == kindOf(cast<CollectiveOpInterface>(b));
}

void Simplifier::addBeforeReducing(hf::AddOp add) {
  Operation *lhs = add.getLhs().getDefiningOp(), *rhs = add.getRhs().getDefiningOp();
  if (!areSameReductions(lhs, rhs) || lhs->getAttrOfType<ReductionKindAttr>("kind").getValue() != ReductionKind::sum)
    return;
  OpBuilder builder(add);
  Value partial =
      hf::AddOp::create(builder, add.getLoc(), lhs->getOperand(0).getType(), lhs->getOperand(0), rhs->getOperand(0));
  inherit(partial.getDefiningOp(), add);
  if (ShardingAttr sharding = getSharding(lhs->getOperand(0)))
    setSharding(partial, sharding);
  Operation *reduction = builder.clone(*lhs);
  reduction->setOperand(0, partial);
  reduction->setLoc(builder.getFusedLoc({lhs->getLoc(), rhs->getLoc()}));
  inherit(reduction, add);
  add.getResult().replaceAllUsesWith(reduction->getResult(0));
  for (Operation *dead : {add.getOperation(), lhs, rhs})
    erase(dead);
}

/// The axes whose place, times the slice's size, is where the slice begins; null if it begins elsewhere.
static AxisListAttr axesOfSlice(hf::SliceAtOp slice) {
  Value start = slice.getStart();
  int64_t piece = 1;
  if (auto product = start.getDefiningOp<hf::MulOp>()) {
    auto factor = product.getRhs().getDefiningOp<hf::ConstantOp>();
    auto elements = factor ? dyn_cast<DenseElementsAttr>(factor.getValue()) : DenseElementsAttr();
    if (!elements || !elements.isSplat())
      return {};
    piece = elements.getSplatValue<APInt>().getSExtValue();
    start = product.getLhs();
  }
  auto place = start.getDefiningOp<AxisIndexOp>();
  return place && piece == hf::shapeOf(slice.getResult())[slice.getDim()] ? place.getAxes() : AxisListAttr();
}

void Simplifier::scatterInstead(hf::SliceAtOp slice) {
  auto reduction = slice.getX().getDefiningOp<AllReduceOp>();
  if (!reduction || reduction.getInputs().size() != 1 || !slice.getX().hasOneUse() || reduction.getStart())
    return;
  AxisListAttr axes = axesOfSlice(slice);
  int64_t whole = hf::shapeOf(slice.getX())[slice.getDim()], piece = hf::shapeOf(slice.getResult())[slice.getDim()];
  if (!axes || axes != reduction.getAxes() ||
      piece != (whole + sizeOf(axes.getAxes(), mesh) - 1) / sizeOf(axes.getAxes(), mesh))
    return;
  OpBuilder builder(slice);
  auto scatter = ReduceScatterOp::create(builder, reduction.getLoc(), slice.getType(), reduction.getKind(),
                                         reduction.getInputs().front(), slice.getDim(), axes, reduction.getCauseAttr(),
                                         reduction.getIdAttr(), false);
  inherit(scatter, slice);
  slice.getResult().replaceAllUsesWith(scatter.getResult());
  slice.erase();
  erase(reduction);
}

void Simplifier::gatherOnce(AllGatherOp outer) {
  auto inner = outer.getInput().getDefiningOp<AllGatherOp>();
  if (!inner || inner.getDim() != outer.getDim() || !inner.getResult().hasOneUse() || inner.getStart() ||
      outer.getStart())
    return;
  Axes axes(outer.getAxes().getAxes());
  axes.append(inner.getAxes().getAxes().begin(), inner.getAxes().getAxes().end());
  int64_t piece = hf::shapeOf(inner.getInput())[inner.getDim()], whole = hf::shapeOf(outer.getResult())[outer.getDim()];
  if (piece * sizeOf(axes, mesh) != whole)
    return; // padded: pieces of pieces are not pieces of the whole
  outer.getInputMutable().assign(inner.getInput());
  outer.setAxesAttr(AxisListAttr::get(outer.getContext(), canonical(axes, mesh)));
  erase(inner);
}

void Simplifier::visit(Operation *op) {
  if (auto gather = dyn_cast<AllGatherOp>(op))
    gatherOnce(gather);
  if (auto collective = dyn_cast<CollectiveOpInterface>(op))
    if (mergeWithEqual(collective))
      return;
  if (auto add = dyn_cast<hf::AddOp>(op))
    addBeforeReducing(add);
  else if (auto slice = dyn_cast<hf::SliceAtOp>(op))
    scatterInstead(slice);
}

namespace {
struct SimplifyCollectives : hfc::impl::SimplifyCollectivesBase<SimplifyCollectives> {
  void runOnOperation() override {
    if (!isMaterialized(getOperation()))
      return markAllAnalysesPreserved();
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isDeclaration() && function.getBody().hasOneBlock())
        Simplifier(function).run();
  }
};
} // namespace
