//===- FusionGraph.cpp - an entry as a graph of fusable nodes
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FusionGraph.h"

#include "dialects/dist/Dist.h"
#include "dialects/hf/OrderedOperand.h"
#include "llvm/ADT/STLExtras.h"

using namespace hfc;
using namespace hfc::fusion;

/// Chains of inlined ops are followed by recursion; real ones have a handful of ops.
static constexpr unsigned maxDepth = 64;

ArrayRef<int64_t> fusion::shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

bool fusion::isExpensive(Operation *op) {
  return isa<hf::ExpOp, hf::LogOp, hf::SqrtOp, hf::RsqrtOp, hf::TanhOp, hf::ErfOp, hf::SinOp, hf::CosOp, hf::PowOp,
             hf::RandomUniformOp, hf::ReduceOp>(op);
}

bool fusion::isElementwise(Operation *op) { return op->hasTrait<OpTrait::Elementwise>(); }

static unsigned elementBits(Value value) { return cast<RankedTensorType>(value.getType()).getElementTypeBitWidth(); }

/// How `op`, inlined or a view, reads its operand.
static Access accessOf(Operation *op) {
  if (isa<hf::ConvertOp>(op))
    return Access::identity;
  auto broadcast = dyn_cast<hf::BroadcastOp>(op);
  if (!broadcast)
    return Access::mapped;
  ArrayRef<int64_t> from = shapeOf(broadcast.getX()), to = shapeOf(broadcast.getResult());
  bool leading = llvm::equal(broadcast.getDims(), llvm::seq<int64_t>(0, from.size()));
  return leading && to.take_front(from.size()) == from ? Access::row : Access::mapped;
}

/// `outer` reads at `first` what reads its own operand at `second`.
static Access compose(Access first, Access second) {
  if (first == Access::identity)
    return second;
  return second == Access::identity ? first : Access::mapped;
}

FlatSymbolRefAttr fusion::keptIn(Value value) {
  FlatSymbolRefAttr state;
  for (OpOperand &use : value.getUses()) {
    Operation *user = use.getOwner();
    FlatSymbolRefAttr found;
    if (isa<func::ReturnOp>(user)) {
      auto entry = cast<func::FuncOp>(user->getParentOp());
      found = entry.getResultAttrOfType<FlatSymbolRefAttr>(use.getOperandNumber(), "hf.state");
    } else if (isa<dist::ReduceScatterBucketOp>(user)) {
      continue; // Reads it in its bucket.
    } else if (isa<dist::AllReduceOp, dist::AgreeOp, dist::DoneOp>(user)) {
      found = keptIn(user->getResult(use.getOperandNumber()));
    }
    if (!found || state)
      return {};
    state = found;
  }
  return state;
}

/// The states, one behind the other, of which the rows of a product, or of the sum of one and what it accumulates, are
/// the next values; none if they are not all that, and nothing else.
static SmallVector<FlatSymbolRefAttr> statesOfRows(Value whole, const hf::BucketPlaces &places) {
  auto states = llvm::map_to_vector(hf::dividingSlices(whole), [](hf::SliceOp slice) { return keptIn(slice); });
  return places.areConsecutive(states) ? states : SmallVector<FlatSymbolRefAttr>();
}

static bool isStateReadOnce(Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  auto entry = argument ? cast<func::FuncOp>(argument.getOwner()->getParentOp()) : func::FuncOp();
  return entry && argument.hasOneUse() && entry.getArgAttr(argument.getArgNumber(), "hf.state");
}

/// Whether `add` adds a product to a value that nothing else reads: a library writes the sum where the value is.
static bool isAccumulation(hf::AddOp add, const hf::BucketPlaces &places) {
  auto lhs = add.getLhs().getDefiningOp<hf::LinearWgradOp>(), rhs = add.getRhs().getDefiningOp<hf::LinearWgradOp>();
  hf::LinearWgradOp product = lhs ? lhs : rhs;
  Value sum = lhs ? add.getRhs() : add.getLhs();
  if (!product || !product->hasOneUse() || !sum.hasOneUse())
    return false;
  if (isa<BlockArgument>(sum))
    return isStateReadOnce(sum);
  if (auto concat = sum.getDefiningOp<hf::ConcatOp>())
    return llvm::all_of(concat.getInputs(), isStateReadOnce) &&
           llvm::map_to_vector(concat.getInputs(), hf::symbolOf) == statesOfRows(add, places);
  auto inner = sum.getDefiningOp<hf::AddOp>();
  return sum.getDefiningOp<hf::ScatterAddOp>() || (inner && isAccumulation(inner, places));
}

/// Whether everything that reads `value`, through views and what only moves it, is a product that can read it where it
/// is, in another order. Clears `selects` where one of them reads every element once.
static bool feedsProductsOnly(Value value, bool &selects) {
  return llvm::all_of(value.getUses(), [&](OpOperand &use) {
    Operation *user = use.getOwner();
    if (isa<hf::ReshapeOp>(user) || hf::isMove(user))
      return feedsProductsOnly(user->getResult(0), selects);
    std::optional<hf::OrderedOperand> order = hf::isFactor(use) ? hf::getOrderedOperand(value) : std::nullopt;
    selects &= order && order->selects;
    return order.has_value();
  });
}

/// Reading memory through another index costs nothing; computing at another index may. Products read by strides what
/// stands in memory; what a kernel computes it may as well write in their order, unless they read a part of it, or read
/// it again.
Role FusionGraph::classifyMove(Operation *op) const {
  Operation *root = op->getOperand(0).getDefiningOp();
  while (root && (info.at(root).role == Role::view || info.at(root).role == Role::inlined) && root->getNumOperands())
    root = root->getOperand(0).getDefiningOp();
  bool isComputed = root && info.at(root).role == Role::fusable, selects = true;
  if (hf::isMove(op) && !op->use_empty() && feedsProductsOnly(op->getResult(0), selects) && (!isComputed || selects))
    return Role::view;
  return isComputed && !isa<hf::BroadcastOp>(op) ? Role::fusable : Role::inlined;
}

/// Whether products read parameters or states that lie one behind the other as one, or add to them.
static bool isJoin(hf::ConcatOp concat, const hf::BucketPlaces &places) {
  return places.isOneBuffer(concat) && llvm::all_of(concat->getUses(), [&](OpOperand &use) {
           auto add = dyn_cast<hf::AddOp>(use.getOwner());
           return isa<hf::LinearOp, hf::LinearDgradOp>(use.getOwner()) || (add && isAccumulation(add, places));
         });
}

/// Whether `value` is a product's, and read as the gradients of several weights, all of which are states' next values.
static bool isFusedGradient(Value value, const hf::BucketPlaces &places) {
  auto add = value.getDefiningOp<hf::AddOp>();
  bool isProduct = value.getDefiningOp<hf::LinearWgradOp>() || (add && isAccumulation(add, places));
  return isProduct && !statesOfRows(value, places).empty();
}

std::optional<Role> FusionGraph::classify(Operation *op) const {
  if (auto concat = dyn_cast<hf::ConcatOp>(op); concat && isJoin(concat, places))
    return Role::source;
  // Written where each part's state is.
  if (auto slice = dyn_cast<hf::SliceOp>(op); slice && isFusedGradient(slice.getX(), places))
    return Role::view;
  if (auto constant = dyn_cast<hf::ConstantOp>(op))
    return isa<SplatElementsAttr>(constant.getValue()) ? Role::inlined : Role::source;
  if (isa<dist::AxisIndexOp>(op))
    return Role::source;
  if (isa<hf::ReshapeOp>(op))
    return Role::view;
  if (isa<hf::IotaOp>(op))
    return Role::inlined;
  // A narrowing conversion is fusable instead, so that what stands in memory is the narrow value.
  if (auto convert = dyn_cast<hf::ConvertOp>(op))
    return elementBits(convert.getResult()) >= elementBits(convert.getX()) ? Role::inlined : Role::fusable;
  if (isa<hf::SliceOp, hf::SliceAtOp, hf::TransposeOp, hf::BroadcastOp>(op))
    return classifyMove(op);
  if (isa<hf::LinearOp, hf::LinearDgradOp, hf::LinearWgradOp, hf::MatmulOp, func::CallOp, dist::CollectiveOpInterface,
          dist::DoneOp>(op))
    return Role::library;
  if (auto add = dyn_cast<hf::AddOp>(op); add && isAccumulation(add, places))
    return Role::library;
  if (isa<hf::AttentionOp, hf::AttentionWithStatisticsOp, hf::AttentionStatisticsOp, hf::AttentionBackwardOp,
          hf::CacheUpdateOp, hf::ScatterAddOp, hf::TopKOp, hf::ArgmaxOp>(op))
    return Role::special;
  bool elementwise = isElementwise(op) && isa<hf::HfDialect>(op->getDialect());
  if (elementwise || isa<hf::ReduceOp, hf::GatherOp, hf::TakeOp, hf::ConcatOp>(op))
    return Role::fusable;
  return std::nullopt;
}

/// A barrier's results become views of its operands. What keeps the work behind it apart from the work in front, now
/// that common subexpressions have been eliminated, is that it belongs to the phase of all operands.
void FusionGraph::lowerBarriers(func::FuncOp entry) {
  for (auto barrier : llvm::make_early_inc_range(entry.getBody().front().getOps<hf::BarrierOp>())) {
    OpBuilder builder(barrier);
    for (auto [input, output] : llvm::zip_equal(barrier.getInputs(), barrier.getOutputs())) {
      auto view = hf::ReshapeOp::create(builder, barrier.getLoc(), input.getType(), input);
      view->setDiscardableAttrs(barrier->getDiscardableAttrDictionary());
      llvm::append_range(awaited[view], barrier.getInputs());
      output.replaceAllUsesWith(view);
    }
    barrier.erase();
  }
}

LogicalResult FusionGraph::build(func::FuncOp entry) {
  lowerBarriers(entry);
  for (Operation &op : entry.getBody().front().without_terminator()) {
    std::optional<Role> role = classify(&op);
    if (!role)
      return op.emitOpError(
          "cannot be part of a kernel; entries hold hf primitives, composites and calls of kernel bodies");
    unsigned depth = 0;
    if (*role == Role::inlined || *role == Role::view)
      for (Value operand : op.getOperands())
        depth = operand.getDefiningOp() ? info[operand.getDefiningOp()].depth + 1 : 1;
    if (*role == Role::inlined && depth > maxDepth) {
      role = Role::fusable;
      depth = 0;
    }
    Info &added = info[&op];
    added.role = *role;
    added.depth = depth;
    added.order = static_cast<unsigned>(ops.size());
    ops.push_back(&op);
  }
  materializeInlined();
  computePhases();
  computeSpaces();
  return success();
}

/// An inlined op whose value a library op, a special op or the caller reads must stand in memory: it becomes a node.
void FusionGraph::materializeInlined() {
  auto mustStandInMemory = [&](auto &self, Value value) -> bool {
    return llvm::any_of(value.getUsers(), [&](Operation *user) {
      auto found = info.find(user);
      if (found == info.end()) // The return.
        return true;
      Role role = found->second.role;
      return role == Role::library || role == Role::special || (role == Role::view && self(self, user->getResult(0)));
    });
  };
  for (Operation *op : llvm::reverse(ops))
    if (info[op].role == Role::inlined && mustStandInMemory(mustStandInMemory, op->getResult(0)))
      info[op].role = Role::fusable;
}

bool fusion::isMeeting(Operation *op) { return isa<dist::CollectiveOpInterface, dist::DoneOp>(op); }

void FusionGraph::computePhases() {
  unsigned lastMeeting = 0;
  auto phaseOf = [&](Value value) { return value.getDefiningOp() ? info[value.getDefiningOp()].phase : 0; };
  for (Operation *op : ops) {
    Info &own = info[op];
    for (Value operand : op->getOperands())
      own.phase = std::max(own.phase, phaseOf(operand));
    if (auto found = awaited.find(op); found != awaited.end())
      for (Value operand : found->second)
        own.phase = std::max(own.phase, phaseOf(operand));
    // Ranks meet in the program's order: no kernel may need one meeting and serve an earlier one.
    if (isMeeting(op))
      own.phase = std::max(own.phase, lastMeeting);
    if (own.role == Role::library || own.role == Role::special)
      ++own.phase;
    if (isMeeting(op))
      lastMeeting = own.phase;
  }
}

/// The reduction's space of an operand that is read at the row or the element at which the reader, of `shape`, is
/// evaluated.
std::optional<ReductionSpace> FusionGraph::spaceOfOperand(Value operand, ArrayRef<int64_t> shape) const {
  Access access = Access::identity;
  Operation *def = operand.getDefiningOp();
  while (def && info.at(def).role == Role::inlined && def->getNumOperands()) {
    access = compose(access, accessOf(def));
    def = def->getOperand(0).getDefiningOp();
  }
  if (!isFusable(def) || access == Access::mapped)
    return std::nullopt;
  std::optional<ReductionSpace> space = getSpace(def);
  return space && space->contains(shape) ? space : std::nullopt;
}

void FusionGraph::computeSpaces() {
  for (Operation *op : ops) {
    if (auto reduce = dyn_cast<hf::ReduceOp>(op)) {
      info[op].space = ReductionSpace{shapeOf(reduce.getX()), shapeOf(reduce.getResult()),
                                      static_cast<unsigned>(reduce.getDims().front())};
      continue;
    }
    if (!isFusable(op) || !isElementwise(op))
      continue;
    for (Value operand : op->getOperands())
      if (std::optional<ReductionSpace> space = spaceOfOperand(operand, shapeOf(op->getResult(0)))) {
        info[op].space = space;
        break;
      }
  }
}

/// How often `user` reads elements of `value` for each element that it computes.
static double shareOf(Operation *user, Value value) {
  auto elements = [](Value v) { return static_cast<double>(ShapedType::getNumElements(shapeOf(v))); };
  if (isa<hf::ConcatOp>(user))
    return elements(value) / std::max(elements(user->getResult(0)), 1.0);
  if (isa<hf::ReduceOp>(user))
    return elements(user->getOperand(0)) / std::max(elements(user->getResult(0)), 1.0);
  return 1.0;
}

void FusionGraph::collectUses(Value value, Access access, SmallVectorImpl<Use> &uses) const {
  for (Operation *user : value.getUsers()) {
    auto found = info.find(user);
    Role role = found == info.end() ? Role::library : found->second.role;
    if (role == Role::view || role == Role::inlined) {
      collectUses(user->getResult(0), compose(accessOf(user), access), uses);
      continue;
    }
    bool pointwise = role == Role::fusable && (isElementwise(user) || isa<hf::ReduceOp>(user));
    if (role != Role::fusable)
      uses.push_back({user, Access::identity, 1.0});
    else
      uses.push_back({user, pointwise ? access : Access::mapped, shareOf(user, value)});
  }
}

SmallVector<Use> FusionGraph::getUses(Operation *node) const {
  SmallVector<Use> uses;
  for (Value result : node->getResults())
    collectUses(result, Access::identity, uses);
  return uses;
}
