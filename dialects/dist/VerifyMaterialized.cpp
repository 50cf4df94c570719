//===- VerifyMaterialized.cpp - shardings of local programs, checked op by op
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rule says which dimensions go together; here it is read the other way than by the planner: operands' shardings
// give each factor its axes, factors give the results' shardings, and those must be what the op says. Rules are asked
// for the global shapes, which shardings carry: a piece does not show how its dimension was cut.
//
//===----------------------------------------------------------------------===//

#include "dialects/dist/Infer.h"
#include "dialects/dist/RuleCache.h"

#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace hfc;
using namespace hfc::dist;

//===----------------------------------------------------------------------===//
// Axes and messages
//===----------------------------------------------------------------------===//

bool dist::sameAxes(ArrayRef<AxisRefAttr> a, ArrayRef<AxisRefAttr> b, MeshAttr mesh) {
  return a == b || canonical(a, mesh) == canonical(b, mesh);
}

bool dist::sameAxesInAnyOrder(ArrayRef<AxisRefAttr> a, ArrayRef<AxisRefAttr> b, MeshAttr mesh) {
  return a == b || (without(a, b, mesh).empty() && without(b, a, mesh).empty());
}

bool dist::sameSharding(ShardingAttr a, ShardingAttr b, MeshAttr mesh) {
  if (a == b)
    return true;
  if (a.getDims().size() != b.getDims().size() || a.getGlobal() != b.getGlobal() ||
      (a.isPartial() && a.getKind() != b.getKind()) ||
      !sameAxesInAnyOrder(a.getPartial().getAxes(), b.getPartial().getAxes(), mesh))
    return false;
  return llvm::all_of(llvm::zip_equal(a.getDims(), b.getDims()), [&](auto pair) {
    return sameAxes(std::get<0>(pair).getAxes(), std::get<1>(pair).getAxes(), mesh);
  });
}

std::string dist::pathOf(Operation *op) {
  std::string path;
  op->getLoc()->walk([&](Location loc) {
    auto name = dyn_cast<NameLoc>(loc);
    if (!name)
      return WalkResult::advance();
    path = " (" + name.getName().str() + ")";
    return WalkResult::interrupt();
  });
  return path;
}

std::string dist::originOf(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return "argument " + std::to_string(argument.getArgNumber());
  Operation *op = value.getDefiningOp();
  return "'" + op->getName().getStringRef().str() + "'" + pathOf(op);
}

//===----------------------------------------------------------------------===//
// By rule
//===----------------------------------------------------------------------===//

namespace {

class RuleVerifier {
public:
  RuleVerifier(Operation *op, Rule rule, ArrayRef<ShardingAttr> operands, ArrayRef<ShardingAttr> results, MeshAttr mesh)
      : op(op), rule(std::move(rule)), operands(operands), results(results), mesh(mesh),
        axesOf(this->rule.sizes.size()), known(this->rule.sizes.size(), false) {}

  LogicalResult verify() {
    for (auto [number, tensor, sharding] : llvm::enumerate(rule.operands, operands))
      if (failed(takeTensor("operand " + Twine(number), tensor, sharding)))
        return failure();
    // Factors of no operand are cut as a result says: a broadcast, an iota.
    for (auto [number, tensor, sharding] : llvm::enumerate(rule.results, results))
      if (failed(takeTensor("result " + Twine(number), tensor, sharding)))
        return failure();
    if (failed(verifyRoles()) || failed(verifyLinear()))
      return failure();
    for (auto [number, sharding] : llvm::enumerate(results))
      if (failed(verifyPartial(number, sharding)))
        return failure();
    return success();
  }

private:
  LogicalResult takeTensor(const Twine &what, const Rule::Tensor &tensor, ShardingAttr sharding);
  LogicalResult takeDim(const Twine &what, size_t index, const Rule::Dim &dim, ArrayRef<AxisRefAttr> axes);
  LogicalResult verifyRoles();
  LogicalResult verifyLinear();
  LogicalResult verifyPartial(size_t number, ShardingAttr sharding);

  Axes addendAxes(unsigned operand) const;
  bool isAloneOver(ArrayRef<AxisRefAttr> axes, ArrayRef<unsigned> group) const;
  const SmallVector<unsigned, 2> *groupOf(unsigned operand) const;
  LogicalResult missingReduction(unsigned operand) const;

  Operation *op;
  Rule rule;
  ArrayRef<ShardingAttr> operands, results;
  MeshAttr mesh;
  SmallVector<Axes> axesOf;
  SmallVector<bool> known;
};

} // namespace

LogicalResult RuleVerifier::takeTensor(const Twine &what, const Rule::Tensor &tensor, ShardingAttr sharding) {
  for (auto [index, dim, axes] : llvm::enumerate(tensor, sharding.getDims()))
    if (failed(takeDim(what, index, dim, axes.getAxes())))
      return failure();
  return success();
}

/// Deals a dimension's axes out to its factors, the major ones first.
LogicalResult RuleVerifier::takeDim(const Twine &what, size_t index, const Rule::Dim &dim, ArrayRef<AxisRefAttr> axes) {
  Axes left = canonical(axes, mesh);
  for (auto [place, factor] : llvm::enumerate(dim)) {
    Axes mine = left;
    bool isLast = place + 1 == dim.size();
    if (!isLast && rule.sizes[factor] % sizeOf(left, mesh) != 0) {
      auto split = splitMajor(left, rule.sizes[factor], mesh);
      if (!split)
        return op->emitOpError("has dimension ")
               << index << " of " << what << " cut over " << toString(axes) << ", which does not fit the "
               << rule.sizes[factor] << " times that it is made of" << pathOf(op);
      mine = split->first;
    }
    left = without(left, mine, mesh);
    if (known[factor] && !sameAxes(mine, axesOf[factor], mesh))
      return op->emitOpError("has dimension ")
             << index << " of " << what << " cut over {" << toString(mine) << "}, but what corresponds to it over {"
             << toString(axesOf[factor]) << "}; they must be cut alike" << pathOf(op);
    known[factor] = true;
    axesOf[factor] = mine;
  }
  if (left.empty())
    return success();
  return op->emitOpError("has dimension ")
         << index << " of " << what << " cut over {" << toString(axes) << "}, but it has one element" << pathOf(op);
}

/// What is whole is not cut, and what counts positions in the whole tensor has a local form, which this op is not.
LogicalResult RuleVerifier::verifyRoles() {
  for (auto [factor, role] : llvm::enumerate(rule.roles))
    if (role != Rule::Role::free && !axesOf[factor].empty())
      return op->emitOpError("needs all ")
             << rule.sizes[factor] << " elements of a dimension that is cut over {" << toString(axesOf[factor])
             << "}: " << (role == Rule::Role::whole ? "an all_gather is missing" : "it was not made local")
             << pathOf(op);
  return success();
}

//===----------------------------------------------------------------------===//
// Partial values
//===----------------------------------------------------------------------===//

const SmallVector<unsigned, 2> *RuleVerifier::groupOf(unsigned operand) const {
  auto *found = llvm::find_if(rule.linear, [&](const auto &group) { return llvm::is_contained(group, operand); });
  return found == rule.linear.end() ? nullptr : found;
}

/// A constant zero is a sum of zeros, whatever the axes.
static bool isZero(Value constant) {
  Attribute value;
  if (!matchPattern(constant, m_Constant(&value)))
    return false;
  auto elements = dyn_cast<DenseElementsAttr>(value);
  if (!elements || !elements.isSplat())
    return false;
  return isa<FloatType>(elements.getElementType()) ? elements.getSplatValue<APFloat>().isZero()
                                                   : elements.getSplatValue<APInt>().isZero();
}

/// Over which axes the operand is one addend of several: those it is partial over, and those that cut what the op sums
/// up.
Axes RuleVerifier::addendAxes(unsigned operand) const {
  Axes axes(operands[operand].getPartial().getAxes());
  for (unsigned factor = 0; factor < axesOf.size(); ++factor) {
    auto hasFactor = [&](const Rule::Tensor &tensor) { return rule.isIn(factor, tensor); };
    if (hasFactor(rule.operands[operand]) && llvm::none_of(rule.results, hasFactor))
      axes.append(axesOf[factor]);
  }
  return axes;
}

/// Whether no operand outside the group is an addend over these axes, by being partial or cut along what only it has:
/// of a product only one factor may be a sum.
bool RuleVerifier::isAloneOver(ArrayRef<AxisRefAttr> axes, ArrayRef<unsigned> group) const {
  auto inGroup = [&](unsigned factor) {
    return llvm::any_of(group, [&](unsigned operand) { return rule.isIn(factor, rule.operands[operand]); });
  };
  for (unsigned other = 0; other < operands.size() && !rule.separate; ++other) {
    if (llvm::is_contained(group, other))
      continue;
    if (overlap(axes, operands[other].getPartial().getAxes(), mesh))
      return false;
    for (unsigned factor = 0; factor < axesOf.size(); ++factor)
      if (rule.isIn(factor, rule.operands[other]) && !inGroup(factor) && overlap(axes, axesOf[factor], mesh))
        return false;
  }
  return true;
}

LogicalResult RuleVerifier::missingReduction(unsigned operand) const {
  ShardingAttr sharding = operands[operand];
  return op->emitOpError("reads operand ")
         << operand << ", which is partial (" << stringifyReductionKind(sharding.getKind()) << ") over {"
         << toString(sharding.getPartial().getAxes()) << "}, and is not linear in it: a dist.all_reduce "
         << stringifyReductionKind(sharding.getKind()) << " over {" << toString(sharding.getPartial().getAxes())
         << "} is missing after " << originOf(op->getOperand(operand)) << pathOf(op);
}

LogicalResult RuleVerifier::verifyLinear() {
  for (auto [number, sharding] : llvm::enumerate(operands)) {
    if (!sharding.isPartial())
      continue;
    const auto *group = groupOf(number);
    if (!group || sharding.getKind() != ReductionKind::sum)
      return missingReduction(number);
    if (!isAloneOver(sharding.getPartial().getAxes(), *group))
      return missingReduction(number);
  }
  // Operands that are added up are addends over the same axes, or some would be counted by every rank.
  for (const auto &group : rule.linear)
    for (unsigned operand : group) {
      Axes mine = addendAxes(operand), first = addendAxes(group.front());
      if (!isZero(op->getOperand(operand)) && !isZero(op->getOperand(group.front())) &&
          !sameAxesInAnyOrder(mine, first, mesh))
        return op->emitOpError("adds operands ")
               << group.front() << " and " << operand << ", which are sums over {" << toString(first) << "} and {"
               << toString(mine) << "}: what is complete would be counted by every rank; reduce "
               << originOf(op->getOperand(mine.empty() ? group.front() : operand)) << " first" << pathOf(op);
    }
  return success();
}

LogicalResult RuleVerifier::verifyPartial(size_t number, ShardingAttr sharding) {
  Axes expected;
  bool isReduced = false;
  for (auto [factor, cut] : llvm::enumerate(axesOf))
    if (!cut.empty() && rule.isReducedIn(factor, number)) {
      expected.append(cut);
      isReduced = true;
    }
  for (ShardingAttr operand : rule.separate ? operands.slice(number, 1) : operands)
    for (AxisRefAttr axis : without(operand.getPartial().getAxes(), expected, mesh))
      expected.push_back(axis);
  if (operands.empty() && sharding.isPartial() && isZero(op->getResult(number)))
    return success(); // a sum of zeros
  ReductionKind kind = isReduced ? rule.kind : ReductionKind::sum;
  bool same = sameAxesInAnyOrder(expected, sharding.getPartial().getAxes(), mesh);
  if (same && (expected.empty() || sharding.getKind() == kind))
    return success();
  auto spell = [](ArrayRef<AxisRefAttr> axes, ReductionKind kind) {
    return axes.empty() ? std::string("complete")
                        : ("partial (" + stringifyReductionKind(kind) + ") over {" + toString(axes) + "}").str();
  };
  return op->emitOpError("says that result ")
         << number << " is " << spell(sharding.getPartial().getAxes(), sharding.getKind())
         << ", but its operands make it " << spell(expected, kind) << pathOf(op);
}

//===----------------------------------------------------------------------===//
// Any op
//===----------------------------------------------------------------------===//

LogicalResult dist::verifyByRule(Operation *op, ArrayRef<ShardingAttr> operands, ArrayRef<ShardingAttr> results,
                                 MeshAttr mesh) {
  auto globalTypes = [](TypeRange types, ArrayRef<ShardingAttr> shardings) {
    SmallVector<Type> global;
    for (auto [type, sharding] : llvm::zip_equal(types, shardings))
      global.push_back(cast<RankedTensorType>(type).clone(sharding.getGlobal()));
    return global;
  };
  FailureOr<Rule> rule =
      getRule(op, globalTypes(op->getOperandTypes(), operands), globalTypes(op->getResultTypes(), results));
  if (succeeded(rule))
    return RuleVerifier(op, std::move(*rule), operands, results, mesh).verify();
  for (ShardingAttr sharding : llvm::concat<const ShardingAttr>(operands, results))
    if (!sharding.isReplicated())
      return op->emitOpError("has no sharding rule, so that its operands and results must be replicated") << pathOf(op);
  return success();
}

/// A call's operands and results live as the function says, where it says something.
static LogicalResult verifyCall(CallOpInterface call, ArrayRef<ShardingAttr> operands, ArrayRef<ShardingAttr> results,
                                MeshAttr mesh) {
  auto function = dyn_cast_or_null<FunctionOpInterface>(call.resolveCallable());
  if (!function || function.getNumArguments() != operands.size() || function.getNumResults() != results.size())
    return success(); // The call's own verifier complains.
  for (auto [number, operand] : llvm::enumerate(operands)) {
    auto expected = function.getArgAttrOfType<ShardingAttr>(number, shardingName);
    if (expected && !sameSharding(expected, operand, mesh))
      return call->emitOpError("passes argument ") << number << ", which lives as " << operand << ", to @"
                                                   << function.getName() << ", which takes it as " << expected;
  }
  for (auto [number, result] : llvm::enumerate(results)) {
    auto expected = function.getResultAttrOfType<ShardingAttr>(number, shardingName);
    if (expected && !sameSharding(expected, result, mesh))
      return call->emitOpError("says that result ")
             << number << " lives as " << result << ", but @" << function.getName() << " returns it as " << expected;
  }
  return success();
}

LogicalResult dist::verifyResultShardings(Operation *op, MeshAttr mesh) {
  // Attributes are verified before the op that has them, and no rule holds for an op that is none.
  if (failed(op->getName().verifyInvariants(op)))
    return failure();
  SmallVector<ShardingAttr> operands, results;
  for (Value result : op->getResults())
    results.push_back(getSharding(result));
  for (Value operand : op->getOperands()) {
    ShardingAttr sharding = getSharding(operand);
    if (!sharding)
      return success();
    operands.push_back(sharding);
  }
  if (auto collective = dyn_cast<CollectiveOpInterface>(op))
    return verifyByCollective(collective, operands, results, mesh);
  if (isa<DoneOp>(op)) {
    for (auto [number, operand, result] : llvm::enumerate(operands, results))
      if (!sameSharding(operand, result, mesh))
        return op->emitOpError("says that result ")
               << number << " lives elsewhere than what it waits for" << pathOf(op);
    return success();
  }
  if (auto call = dyn_cast<CallOpInterface>(op))
    return verifyCall(call, operands, results, mesh);
  return verifyByRule(op, operands, results, mesh);
}
