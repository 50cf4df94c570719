//===- RuleFaults.cpp - sharding rules that are not true
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Faults.h"

#include "dialects/hf/Hf.h"

using namespace hfc;
using namespace hfc::verify;
using dist::Rule;

/// A rule that is wrong, and what is wrong with it.
namespace {
struct WrongRule {
  Rule rule;
  std::string what;
};
} // namespace

static bool contains(const Rule &rule, unsigned factor, ArrayRef<Rule::Tensor> tensors) {
  return llvm::any_of(tensors, [&](const Rule::Tensor &tensor) { return rule.isIn(factor, tensor); });
}

/// The first result's dimension no longer goes with the operands': what it is made of would be summed up, and it be
/// made whole out of nothing.
static void dropFactors(const Rule &rule, std::vector<WrongRule> &wrong) {
  for (unsigned factor = 0; factor < rule.sizes.size(); ++factor) {
    if (rule.sizes[factor] < 2 || rule.roles[factor] != Rule::Role::free || !contains(rule, factor, rule.operands) ||
        !contains(rule, factor, rule.results))
      continue;
    WrongRule changed{rule, "says nothing of where dimension " + std::to_string(factor) + " of the result comes from"};
    unsigned other = changed.rule.addFactor(rule.sizes[factor]);
    for (Rule::Tensor &tensor : changed.rule.results)
      for (Rule::Dim &dim : tensor)
        llvm::replace(dim, factor, other);
    wrong.push_back(std::move(changed));
  }
}

/// Two dimensions of one size of an operand, exchanged.
static void moveFactors(const Rule &rule, std::vector<WrongRule> &wrong) {
  for (size_t operand = 0; operand < rule.operands.size(); ++operand) {
    const Rule::Tensor &tensor = rule.operands[operand];
    for (size_t dim = 0; dim + 1 < tensor.size(); ++dim) {
      auto sizeOf = [&](const Rule::Dim &factors) {
        int64_t size = 1;
        for (unsigned factor : factors)
          size *= rule.sizes[factor];
        return size;
      };
      if (sizeOf(tensor[dim]) != sizeOf(tensor[dim + 1]) || sizeOf(tensor[dim]) < 2)
        continue;
      WrongRule changed{rule, "takes dimensions " + std::to_string(dim) + " and " + std::to_string(dim + 1) +
                                  " of operand " + std::to_string(operand) + " for each other"};
      std::swap(changed.rule.operands[operand][dim], changed.rule.operands[operand][dim + 1]);
      wrong.push_back(std::move(changed));
    }
  }
}

static void claimRoles(const Rule &rule, Rule::Role is, Rule::Role becomes, StringRef what,
                       std::vector<WrongRule> &wrong) {
  for (unsigned factor = 0; factor < rule.sizes.size(); ++factor) {
    if (rule.roles[factor] != is || rule.sizes[factor] < 2)
      continue;
    WrongRule changed{rule, "claims that factor " + std::to_string(factor) + what.str()};
    changed.rule.roles[factor] = becomes;
    wrong.push_back(std::move(changed));
  }
}

static void claimKind(const Rule &rule, std::vector<WrongRule> &wrong) {
  bool isReduced = false;
  for (unsigned factor = 0; factor < rule.sizes.size(); ++factor)
    for (size_t result = 0; result < rule.results.size(); ++result)
      isReduced |= rule.sizes[factor] > 1 && rule.roles[factor] == Rule::Role::free && rule.isReducedIn(factor, result);
  if (!isReduced)
    return;
  WrongRule changed{rule, "claims that addends combine by another reduction"};
  changed.rule.kind = rule.kind == dist::ReductionKind::sum ? dist::ReductionKind::max : dist::ReductionKind::sum;
  wrong.push_back(std::move(changed));
}

static void claimLinear(const Rule &rule, std::vector<WrongRule> &wrong) {
  for (unsigned operand = 0; operand < rule.operands.size(); ++operand) {
    if (llvm::any_of(rule.linear, [&](const auto &group) { return llvm::is_contained(group, operand); }))
      continue;
    WrongRule changed{rule, "claims that the op is linear in operand " + std::to_string(operand)};
    changed.rule.linear.push_back({operand});
    wrong.push_back(std::move(changed));
  }
  if (rule.linear.empty())
    return;
  WrongRule changed{rule, "does not know that the op is linear"};
  changed.rule.linear.clear();
  wrong.push_back(std::move(changed));
}

//===----------------------------------------------------------------------===//
// Kinds
//===----------------------------------------------------------------------===//

enum class Claim { Dropped, Moved, Parallel, Whole, Kind, Linear };

template <Claim claim>
static std::vector<WrongRule> wrongRules(Operation *op) {
  std::vector<WrongRule> wrong;
  if (!isInEntry(op) || op->getNumResults() == 0)
    return wrong;
  FailureOr<Rule> rule = dist::getRule(op);
  if (failed(rule))
    return wrong;
  if constexpr (claim == Claim::Dropped)
    dropFactors(*rule, wrong);
  else if constexpr (claim == Claim::Moved)
    moveFactors(*rule, wrong);
  else if constexpr (claim == Claim::Parallel) {
    claimRoles(*rule, Rule::Role::whole, Rule::Role::free, " may be cut, which is needed whole", wrong);
    claimRoles(*rule, Rule::Role::lookup, Rule::Role::free, " may be cut, which counts positions", wrong);
  } else if constexpr (claim == Claim::Whole)
    claimRoles(*rule, Rule::Role::free, Rule::Role::whole, " may not be cut", wrong);
  else if constexpr (claim == Claim::Kind)
    claimKind(*rule, wrong);
  else
    claimLinear(*rule, wrong);
  return wrong;
}

template <Claim claim>
static unsigned ways(Operation *op) {
  return wrongRules<claim>(op).size();
}

template <Claim claim>
static void make(Operation *op, unsigned way, Mutation &mutation) {
  WrongRule wrong = wrongRules<claim>(op)[way];
  op->setAttr(dist::ruleName, dist::toAttribute(op->getContext(), wrong.rule));
  mutation.what = "has a rule that " + wrong.what;
  blame(mutation, op);
}

ArrayRef<FaultKind> verify::getRuleFaults() {
  constexpr FaultLevel rule = FaultLevel::Rule;
  static const FaultKind all[] = {
      {"rule-factor-dropped", rule, "a result's dimension of unknown origin", ways<Claim::Dropped>,
       make<Claim::Dropped>},
      {"rule-factor-moved", rule, "two dimensions taken for each other", ways<Claim::Moved>, make<Claim::Moved>},
      {"rule-claims-parallel", rule, "what is needed whole may be cut", ways<Claim::Parallel>, make<Claim::Parallel>},
      {"rule-claims-whole", rule, "what may be cut is needed whole (slower, and right)", ways<Claim::Whole>,
       make<Claim::Whole>},
      {"rule-reduction", rule, "addends combine by another reduction", ways<Claim::Kind>, make<Claim::Kind>},
      {"rule-linear", rule, "linear where it is not, or the other way", ways<Claim::Linear>, make<Claim::Linear>},
  };
  return all;
}
