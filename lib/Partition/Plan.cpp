//===- Plan.cpp - how an op runs on cut operands
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Partition/Plan.h"

#include "dialects/hf/Hf.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace hfc;
using namespace hfc::dist;
using namespace hfc::partition;

static int64_t rankOf(Value value) { return cast<RankedTensorType>(value.getType()).getRank(); }
static int64_t elementsOf(Value value) { return cast<RankedTensorType>(value.getType()).getNumElements(); }

/// Whether partial operands may stay so. It has to be cheap to do to every rank's addend what could be done once to the
/// sum.
static bool keepsPartials(Operation *op) {
  if (llvm::all_of(op->getResults(), [](Value result) { return rankOf(result) == 0; }))
    return true; // scalars: one reduction for the sum of them all
  if (auto convert = dyn_cast<hf::ConvertOp>(op)) {
    auto from = dyn_cast<FloatType>(getElementTypeOrSelf(convert.getX()));
    auto to = dyn_cast<FloatType>(getElementTypeOrSelf(convert.getResult()));
    return from && to && to.getWidth() > from.getWidth(); // loses nothing
  }
  if (auto broadcast = dyn_cast<hf::BroadcastOp>(op)) // What is repeated is less to reduce before.
    return cast<RankedTensorType>(broadcast.getX().getType()).getNumElements() ==
           cast<RankedTensorType>(broadcast.getType()).getNumElements();
  return isa<hf::AddOp, hf::SubOp, hf::NegOp, hf::ReshapeOp, hf::TransposeOp, hf::SliceOp, hf::ConcatOp, hf::ReduceOp,
             hf::RotaryOp, hf::LinearDgradOp, hf::LinearWgradOp, hf::ScatterAddOp>(op);
}

/// The operand that is added to what the op sums up, and that every rank would count once.
static std::optional<unsigned> addedOperand(Operation *op) {
  if (auto linear = dyn_cast<hf::LinearOp>(op))
    return linear.getBias() ? std::optional<unsigned>(2) : std::nullopt;
  if (isa<hf::ScatterAddOp>(op))
    return 0;
  return std::nullopt;
}

/// The accumulator that all of the value goes into, perhaps widened or summed up with others on the way; null if there
/// is none.
static BlockArgument accumulatorOf(Value value, const Placement &placement) {
  while (value.hasOneUse()) {
    Operation *user = *value.user_begin();
    if (!isa<hf::AddOp, hf::ConvertOp>(user))
      return {};
    if (!placement.isAccumulator(user->getResult(0))) {
      value = user->getResult(0);
      continue;
    }
    // The sums that were added before end at the argument.
    Value base = placement.isAccumulator(user->getOperand(0)) ? user->getOperand(0) : user->getOperand(1);
    while (Operation *before = base.getDefiningOp())
      base = placement.isAccumulator(before->getOperand(0)) ? before->getOperand(0) : before->getOperand(1);
    return cast<BlockArgument>(base);
  }
  return {};
}

namespace {
class Planner {
public:
  Planner(Operation *op, Rule rule, const Placement &placement, ArrayRef<ShardingAttr> wanted)
      : op(op), rule(std::move(rule)), placement(placement), wanted(wanted), mesh(placement.getMesh()),
        axesOf(this->rule.sizes.size()), isFixed(this->rule.sizes.size(), false) {}

  OpPlan run();

private:
  ShardingAttr shardingOf(unsigned operand) const { return placement.get(op->getOperand(operand)); }

  // 1. Which axes cut each factor.
  void chooseAxes();
  void take(const Rule::Tensor &tensor, ShardingAttr sharding);
  void takeDim(const Rule::Dim &dim, Axes axes);
  void fix(const Rule::Tensor &tensor);
  void takeAccumulators();
  void takeInputAxes(ArrayRef<unsigned> parameters, ArrayRef<unsigned> activations);
  void wish(unsigned factor, ArrayRef<AxisRefAttr> axes);
  void dropWhatDoesNotFit();
  bool dropInDim(const Rule::Dim &dim);

  // 2. Which operands stay partial.
  void keepPartials();
  Axes partialOfGroup(ArrayRef<unsigned> group) const;

  // 3. The answer.
  ShardingAttr toSharding(const Rule::Tensor &tensor, ArrayRef<AxisRefAttr> partial, ReductionKind kind) const;
  Axes reducedAxes(const Rule::Tensor &result) const;

  Operation *op;
  Rule rule;
  const Placement &placement;
  ArrayRef<ShardingAttr> wanted;
  MeshAttr mesh;

  SmallVector<Axes> axesOf;  ///< of each factor
  SmallVector<bool> isFixed; ///< of each factor: its axes are those of an accumulator, which is cut as it is declared
  Axes used;                 ///< by any factor
  bool leavesSum = true;     ///< whether factors are cut now that a result lacks
  Axes kept;                 ///< over which the operands of `keptGroup` stay partial
  SmallVector<unsigned> keptGroup;
};
} // namespace

//===----------------------------------------------------------------------===//
// Cutting factors
//===----------------------------------------------------------------------===//

/// Takes as many of the axes, from the major ones on, as no other factor has.
void Planner::wish(unsigned factor, ArrayRef<AxisRefAttr> axes) {
  while (!axes.empty() && overlap(axes, used, mesh))
    axes = axes.drop_back();
  if (rule.roles[factor] == Rule::Role::whole || isFixed[factor] || axes.empty() || !axesOf[factor].empty())
    return;
  auto hasFactor = [&](const Rule::Tensor &result) { return rule.isIn(factor, result); };
  if (!leavesSum && !llvm::all_of(rule.results, hasFactor))
    return;
  axesOf[factor].assign(axes.begin(), axes.end());
  used.append(axes.begin(), axes.end());
}

/// Deals a dimension's axes out to its factors, the major ones first.
void Planner::takeDim(const Rule::Dim &dim, Axes axes) {
  for (unsigned factor : dim) {
    int64_t size = rule.sizes[factor];
    if (size == 1)
      continue;
    if (axes.empty())
      return;
    if (dim.size() == 1 || size % sizeOf(axes, mesh) == 0)
      return wish(factor, axes);
    auto split = splitMajor(axes, size, mesh);
    if (!split)
      return;
    wish(factor, split->first);
    axes = split->second;
  }
}

void Planner::take(const Rule::Tensor &tensor, ShardingAttr sharding) {
  if (sharding)
    for (auto [index, dim] : llvm::enumerate(tensor))
      takeDim(dim, Axes(sharding.axesOf(index)));
}

void Planner::fix(const Rule::Tensor &tensor) {
  for (const Rule::Dim &dim : tensor)
    for (unsigned factor : dim)
      isFixed[factor] = true;
}

/// A piece of a dimension of several factors is a contiguous range: a factor is cut only if those in front of it are
/// cut to pieces of one, and evenly.
bool Planner::dropInDim(const Rule::Dim &dim) {
  if (llvm::count_if(dim, [&](unsigned factor) { return rule.sizes[factor] > 1; }) <= 1)
    return false;
  bool contiguous = true, dropped = false;
  for (unsigned factor : dim) {
    int64_t ranks = sizeOf(axesOf[factor], mesh);
    if (ranks > 1 && (!contiguous || rule.sizes[factor] % ranks != 0)) {
      axesOf[factor].clear();
      dropped = true;
      ranks = 1;
    }
    contiguous &= rule.sizes[factor] == ranks;
  }
  return dropped;
}

void Planner::dropWhatDoesNotFit() {
  bool dropped = true;
  while (dropped) { // each round drops a factor, and there are few
    dropped = false;
    for (ArrayRef<Rule::Tensor> tensors : {ArrayRef(rule.operands), ArrayRef(rule.results)})
      for (const Rule::Tensor &tensor : tensors)
        for (const Rule::Dim &dim : tensor)
          dropped |= dropInDim(dim);
  }
  used.clear();
  for (const Axes &axes : axesOf)
    used.append(axes.begin(), axes.end());
}

void Planner::takeAccumulators() {
  for (auto [operand, tensor] : llvm::enumerate(rule.operands))
    if (placement.isAccumulator(op->getOperand(operand))) {
      take(tensor, shardingOf(operand));
      fix(tensor);
    }
}

/// What the batch is cut by stays with activations, and with sums that are gradients: a parameter that is cut over the
/// same axes is gathered where it is used, and its gradient is scattered.
void Planner::takeInputAxes(ArrayRef<unsigned> parameters, ArrayRef<unsigned> activations) {
  auto usesInputAxes = [&](ShardingAttr sharding) {
    return sharding && llvm::any_of(sharding.getDims(), [&](AxisListAttr axes) {
             return overlap(axes.getAxes(), placement.getInputAxes(), mesh);
           });
  };
  auto isAccumulator = [&](Value value) { return placement.isAccumulator(value); };
  bool isGradient = llvm::none_of(op->getOperands(), isAccumulator) &&
                    llvm::all_of(op->getResults(), [&](Value result) { return accumulatorOf(result, placement); });
  if (llvm::none_of(parameters, [&](unsigned operand) { return usesInputAxes(shardingOf(operand)); }) &&
      !(isGradient && llvm::any_of(wanted, usesInputAxes)))
    return;
  leavesSum = isGradient;
  for (unsigned operand : activations)
    for (auto [index, dim] : llvm::enumerate(rule.operands[operand])) {
      Axes axes(shardingOf(operand).axesOf(index));
      if (!axes.empty() && without(axes, placement.getInputAxes(), mesh).empty())
        takeDim(dim, axes);
    }
  leavesSum = true;
}

void Planner::chooseAxes() {
  SmallVector<unsigned> parameters, order;
  for (unsigned operand = 0; operand < op->getNumOperands(); ++operand) {
    Value value = op->getOperand(operand);
    if (!placement.isAccumulator(value))
      (placement.isParameter(value) ? parameters : order).push_back(operand);
  }
  takeAccumulators();
  takeInputAxes(parameters, order);
  for (unsigned operand : parameters)
    take(rule.operands[operand], shardingOf(operand));
  for (auto [tensor, sharding] : llvm::zip_equal(rule.results, wanted))
    take(tensor, sharding);
  auto keyOf = [&](unsigned operand) { return std::make_pair(-elementsOf(op->getOperand(operand)), operand); };
  llvm::sort(order, [&](unsigned a, unsigned b) { return keyOf(a) < keyOf(b); });
  // A cut that a result keeps is better than one that leaves a sum.
  for (bool mayLeaveSum : {false, true}) {
    leavesSum = mayLeaveSum;
    for (unsigned operand : order)
      take(rule.operands[operand], shardingOf(operand));
  }
  dropWhatDoesNotFit();
}

//===----------------------------------------------------------------------===//
// Partial operands
//===----------------------------------------------------------------------===//

/// The axes over which all of the group can be partial together. Scalars that are complete are as good as partial: one
/// rank's counts, and the others' are zero.
Axes Planner::partialOfGroup(ArrayRef<unsigned> group) const {
  bool scalars = llvm::all_of(group, [&](unsigned operand) { return rankOf(op->getOperand(operand)) == 0; });
  std::optional<Axes> axes;
  for (unsigned operand : group) {
    Value value = op->getOperand(operand);
    if (placement.isAccumulator(value) && !isa<BlockArgument>(value)) { // decided by what was added first
      axes = Axes(shardingOf(operand).getPartial().getAxes());
      break;
    }
    if (placement.isFlexible(value))
      continue;
    ShardingAttr sharding = shardingOf(operand);
    Axes partial;
    if (sharding.isPartial() && sharding.getKind() == ReductionKind::sum)
      partial.assign(sharding.getPartial().getAxes().begin(), sharding.getPartial().getAxes().end());
    if (!axes)
      axes = partial;
    else if (scalars)
      axes->append(without(partial, *axes, mesh));
    else
      axes = common(*axes, partial, mesh);
  }
  if (!axes || overlap(*axes, used, mesh))
    return {};
  return normalized(*axes, mesh);
}

void Planner::keepPartials() {
  if (!keepsPartials(op))
    return;
  for (ArrayRef<unsigned> group : rule.linear) {
    kept = partialOfGroup(group);
    if (kept.empty())
      continue;
    keptGroup.assign(group.begin(), group.end());
    return;
  }
}

//===----------------------------------------------------------------------===//
// The plan
//===----------------------------------------------------------------------===//

Axes Planner::reducedAxes(const Rule::Tensor &result) const {
  Axes axes;
  for (auto [factor, cut] : llvm::enumerate(axesOf))
    if (!rule.isIn(factor, result))
      axes.append(cut);
  return axes;
}

ShardingAttr Planner::toSharding(const Rule::Tensor &tensor, ArrayRef<AxisRefAttr> partial, ReductionKind kind) const {
  MLIRContext *context = op->getContext();
  SmallVector<AxisListAttr> dims;
  for (const Rule::Dim &dim : tensor) {
    Axes axes;
    for (unsigned factor : dim)
      axes.append(axesOf[factor]);
    dims.push_back(AxisListAttr::get(context, axes));
  }
  return canonical(ShardingAttr::get(context, dims, AxisListAttr::get(context, partial), kind, {}), mesh);
}

OpPlan Planner::run() {
  chooseAxes();
  keepPartials();
  OpPlan plan;
  for (auto [index, tensor] : llvm::enumerate(rule.operands)) {
    bool isKept = llvm::is_contained(keptGroup, index);
    plan.operands.push_back(toSharding(tensor, isKept ? ArrayRef(kept) : ArrayRef<AxisRefAttr>(), ReductionKind::sum));
  }
  for (const Rule::Tensor &tensor : rule.results) {
    Axes partial = reducedAxes(tensor);
    partial.append(kept);
    plan.results.push_back(toSharding(tensor, partial, kept.empty() ? rule.kind : ReductionKind::sum));
  }
  std::optional<unsigned> added = addedOperand(op);
  if (!added || !plan.results.front().isPartial())
    return plan;
  if (isa<hf::LinearOp>(op))
    plan.countsBiasTwice = true;
  else
    plan.operands[*added] =
        toSharding(rule.operands[*added], plan.results.front().getPartial().getAxes(), ReductionKind::sum);
  return plan;
}

static OpPlan replicatedPlan(Operation *op) {
  OpPlan plan;
  for (Value operand : op->getOperands())
    plan.operands.push_back(ShardingAttr::replicated(op->getContext(), rankOf(operand)));
  for (Value result : op->getResults())
    plan.results.push_back(ShardingAttr::replicated(op->getContext(), rankOf(result)));
  return plan;
}

/// Each result is its operand, wherever that lives: a rule would speak of all of them at once.
static OpPlan barrierPlan(hf::BarrierOp op, const Placement &placement, ArrayRef<ShardingAttr> wanted) {
  OpPlan plan;
  for (auto [input, asked] : llvm::zip_equal(op.getInputs(), wanted)) {
    ShardingAttr sharding = asked ? asked : placement.get(input);
    plan.operands.push_back(canonical(sharding.withoutPartial(), placement.getMesh()));
  }
  plan.results = plan.operands;
  return plan;
}

OpPlan partition::planOp(Operation *op, const Placement &placement, ArrayRef<ShardingAttr> wanted) {
  if (auto reshard = dyn_cast<ReshardOp>(op))
    return {{placement.get(reshard.getX())}, {canonical(reshard.getTo(), placement.getMesh())}};
  if (auto barrier = dyn_cast<hf::BarrierOp>(op))
    return barrierPlan(barrier, placement, wanted);
  FailureOr<Rule> rule = getRule(op);
  if (failed(rule))
    return replicatedPlan(op);
  return Planner(op, std::move(*rule), placement, wanted).run();
}

//===----------------------------------------------------------------------===//
// Annotations
//===----------------------------------------------------------------------===//

SmallVector<ShardingAttr> partition::wantedOf(Operation *op, const Placement &placement) {
  SmallVector<ShardingAttr> wanted(op->getNumResults());
  for (OpResult result : op->getResults()) {
    ShardingAttr &sharding = wanted[result.getResultNumber()];
    sharding = getSharding(result);
    BlockArgument accumulator = sharding ? BlockArgument() : accumulatorOf(result, placement);
    if (accumulator &&
        cast<RankedTensorType>(accumulator.getType()).getRank() == cast<RankedTensorType>(result.getType()).getRank())
      sharding = placement.get(accumulator).withoutPartial();
  }
  return wanted;
}

/// Whether a cotangent may stay a sum although its primal is complete: it only moves, and whoever reads it is linear in
/// it. Where a broadcast's cotangent ends in a parameter's gradient, one reduction at the end of the step is enough.
static bool maySum(OpResult value) {
  Operation *op = value.getOwner();
  return op->hasAttr("hf.phase") && isa<hf::ReduceOp, hf::ReshapeOp, hf::TransposeOp>(op) &&
         llvm::all_of(value.getUsers(), [](Operation *user) {
           return isa<hf::ReshapeOp, hf::TransposeOp, hf::LinearDgradOp, hf::LinearWgradOp, hf::ReduceOp>(user);
         });
}

ShardingAttr partition::seenAs(OpResult result, ShardingAttr produced, ShardingAttr wanted,
                               const Placement &placement) {
  MeshAttr mesh = placement.getMesh();
  if (!wanted)
    return produced;
  wanted = canonical(wanted, mesh);
  ArrayRef<AxisRefAttr> sum = produced.getPartial().getAxes();
  Axes partial = common(wanted.getPartial().getAxes(), sum, mesh);
  if (placement.isAccumulator(result) || accumulatorOf(result, placement) || maySum(result)) {
    partial.assign(sum.begin(), sum.end());
    for (AxisListAttr dim : wanted.getDims())
      partial = without(partial, dim.getAxes(), mesh);
  }
  wanted = wanted.withoutPartial();
  return partial.empty() ? wanted : canonical(wanted.withPartial(produced.getKind(), partial), mesh);
}
