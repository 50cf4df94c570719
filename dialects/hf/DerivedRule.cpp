//===- DerivedRule.cpp - a composite's sharding rule from its decomposition
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The composite is decomposed in a block of its own. Dimensions of its values are lists of atoms; each op's rule makes
// atoms of operands and results equal, splitting those that a reshape splits. Then partial results are followed: where
// a sum over a cut atom meets an op that is not linear in it, the atom cannot be cut.
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/DecomposeAside.h"
#include "dialects/hf/ShardingRules.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

#include <numeric>

using namespace hfc;
using namespace hfc::hf;
using dist::ReductionKind;
using dist::Rule;

namespace {

/// The factors of a decomposition, while they are being found: a forest of equal atoms, some of which were split in
/// two.
class Atoms {
public:
  using List = SmallVector<unsigned, 2>;

  unsigned add(int64_t size, bool whole = false) {
    atoms.push_back({size, static_cast<unsigned>(atoms.size()), none, none, whole});
    return atoms.size() - 1;
  }
  int64_t sizeOf(unsigned atom) const { return atoms[atom].size; }
  bool isWhole(unsigned leaf) const { return atoms[leaf].whole; }
  void setWhole(unsigned leaf) { atoms[leaf].whole = true; }

  /// The atoms that those of a dimension were joined with or split into; none has size 1.
  List leaves(ArrayRef<unsigned> dim) {
    List result;
    for (unsigned atom : dim)
      appendLeaves(atom, result);
    return result;
  }

  /// Makes two dimensions of the same size the same one.
  void unify(ArrayRef<unsigned> left, ArrayRef<unsigned> right) {
    List a = leaves(left), b = leaves(right);
    while (!a.empty() && !b.empty()) {
      unsigned x = a.front(), y = b.front();
      int64_t shared = std::gcd(sizeOf(x), sizeOf(y));
      if (shared == 1)
        break;
      if (x != y)
        join(splitMajor(x, shared), splitMajor(y, shared));
      a = rest(a, shared); // What was split or joined may stand once more in the lists.
      b = rest(b, shared);
    }
    for (unsigned leaf : llvm::concat<unsigned>(a, b))
      setWhole(leaf);
  }

private:
  static constexpr unsigned none = ~0u;
  struct Atom {
    int64_t size;
    unsigned joined; ///< with this one; itself if it stands for its class
    unsigned major, minor;
    bool whole;
  };

  unsigned find(unsigned atom) {
    while (atoms[atom].joined != atom)
      atom = atoms[atom].joined = atoms[atoms[atom].joined].joined;
    return atom;
  }

  void appendLeaves(unsigned atom, List &result) {
    atom = find(atom);
    if (atoms[atom].major != none) {
      appendLeaves(atoms[atom].major, result);
      appendLeaves(atoms[atom].minor, result);
    } else if (sizeOf(atom) != 1) {
      result.push_back(atom);
    }
  }

  /// The major part of a leaf, of that size.
  unsigned splitMajor(unsigned leaf, int64_t size) {
    if (sizeOf(leaf) == size)
      return leaf;
    unsigned major = add(size, isWhole(leaf)), minor = add(sizeOf(leaf) / size, isWhole(leaf));
    atoms[leaf].major = major;
    atoms[leaf].minor = minor;
    return major;
  }

  void join(unsigned a, unsigned b) {
    if (a == b)
      return;
    atoms[a].whole |= atoms[b].whole;
    atoms[b].joined = a;
  }

  /// A list without its first leaf's major part of that size.
  List rest(ArrayRef<unsigned> list, int64_t size) {
    List all = leaves(list);
    while (size > 1 && !all.empty()) {
      size /= sizeOf(all.front());
      all.erase(all.begin());
    }
    return all;
  }

  SmallVector<Atom, 64> atoms;
};

/// Composes the rules of a block of ops.
class RuleComposer {
public:
  using Dims = SmallVector<Atoms::List, 4>;

  RuleComposer(Block &block, ValueRange results) : block(block), results(results) {}

  Rule compose() {
    for (Value argument : block.getArguments())
      dims[argument] = fresh(argument);
    for (Operation &op : block)
      unify(op);
    for (auto &[value, tensor] : dims)
      forbidRepeated(tensor);
    for (Operation &op : block)
      followPartial(op);
    checkResults();
    return build();
  }

private:
  Dims fresh(Value value) {
    return Dims(llvm::map_range(cast<RankedTensorType>(value.getType()).getShape(),
                                [&](int64_t size) { return Atoms::List{atoms.add(size)}; }));
  }

  // First: which dimensions are the same.

  void unify(Operation &op) {
    FailureOr<Rule> found = dist::getRule(&op);
    Rule &rule = rules[&op] = succeeded(found) ? std::move(*found) : wholeRule(op);
    Atoms::List factors;
    for (auto [size, role] : llvm::zip_equal(rule.sizes, rule.roles)) // A composite has no indices of its own to shift.
      factors.push_back(atoms.add(size, role != Rule::Role::free));
    for (auto [operand, tensor] : llvm::zip_equal(op.getOperands(), rule.operands))
      for (auto [known, dim] : llvm::zip_equal(dims[operand], tensor))
        atoms.unify(known, instantiate(dim, factors));
    for (auto [result, tensor] : llvm::zip_equal(op.getResults(), rule.results))
      dims[result] = Dims(llvm::map_range(tensor, [&](const Rule::Dim &dim) { return instantiate(dim, factors); }));
  }

  static Atoms::List instantiate(const Rule::Dim &dim, const Atoms::List &factors) {
    return Atoms::List(llvm::map_range(dim, [&](unsigned factor) { return factors[factor]; }));
  }

  /// For an op without a rule.
  static Rule wholeRule(Operation &op) {
    Rule rule;
    for (Type type : op.getOperandTypes())
      rule.operands.push_back(rule.addTensor(cast<RankedTensorType>(type).getShape()));
    for (Type type : op.getResultTypes())
      rule.results.push_back(rule.addTensor(cast<RankedTensorType>(type).getShape()));
    rule.roles.assign(rule.sizes.size(), Rule::Role::whole);
    return rule;
  }

  /// A tensor has an atom in two dimensions: `x + transpose(x)`.
  void forbidRepeated(const Dims &tensor) {
    llvm::SmallDenseSet<unsigned, 8> seen;
    for (const Atoms::List &dim : tensor)
      for (unsigned leaf : atoms.leaves(dim))
        if (!seen.insert(leaf).second)
          atoms.setWhole(leaf);
  }

  // Then: over which atoms, if they were cut, a value would be a partial sum.

  using Leaves = llvm::SmallSetVector<unsigned, 4>;

  Leaves leavesOf(Value value) {
    Leaves result;
    for (const Atoms::List &dim : dims[value])
      for (unsigned leaf : atoms.leaves(dim))
        if (!atoms.isWhole(leaf))
          result.insert(leaf);
    return result;
  }

  void followPartial(Operation &op) {
    const Rule &rule = rules[&op];
    SmallVector<Leaves, 4> operandLeaves(llvm::map_range(op.getOperands(), [&](Value v) { return leavesOf(v); }));
    Leaves cut, incoming;
    for (auto [operand, leaves] : llvm::zip_equal(op.getOperands(), operandLeaves)) {
      cut.insert(leaves.begin(), leaves.end());
      incoming.insert(partial[operand].begin(), partial[operand].end());
    }
    for (unsigned leaf : incoming)
      if (cut.contains(leaf) || !isLinear(rule, op, [&](Value v) { return partial[v].contains(leaf); }))
        atoms.setWhole(leaf);
      else
        for (Value result : op.getResults())
          partial[result].insert(leaf);
    for (Value result : op.getResults()) {
      Leaves kept = leavesOf(result);
      for (unsigned leaf : cut)
        if (!kept.contains(leaf) && !reduceOver(rule, operandLeaves, leaf))
          atoms.setWhole(leaf);
        else if (!kept.contains(leaf))
          partial[result].insert(leaf);
    }
  }

  /// Whether the operands for which `isPartial` holds are exactly a group in which the op is linear.
  template <typename Predicate>
  static bool isLinear(const Rule &rule, Operation &op, Predicate isPartial) {
    SmallVector<unsigned, 2> numbers;
    for (auto [number, operand] : llvm::enumerate(op.getOperands()))
      if (isPartial(operand))
        numbers.push_back(number);
    return llvm::any_of(rule.linear, [&](auto group) {
      llvm::sort(group);
      return llvm::equal(group, numbers);
    });
  }

  /// Whether an op that loses the atom sums over it: operands that are added to each other all have it, or the others
  /// would be counted once for each piece.
  static bool reduceOver(const Rule &rule, ArrayRef<Leaves> operandLeaves, unsigned leaf) {
    auto has = [&](unsigned operand) { return operandLeaves[operand].contains(leaf); };
    return rule.kind == ReductionKind::sum && llvm::all_of(rule.linear, [&](const auto &group) {
             return llvm::all_of(group, has) || llvm::none_of(group, has);
           });
  }

  /// A result that lacks an atom must be partial over it, one that has it must not: the rule says nothing else.
  void checkResults() {
    Leaves all;
    for (Value value : llvm::concat<Value>(SmallVector<Value>(block.getArguments()), SmallVector<Value>(results))) {
      Leaves leaves = leavesOf(value);
      all.insert(leaves.begin(), leaves.end());
    }
    for (Value result : results) {
      Leaves leaves = leavesOf(result);
      for (unsigned leaf : all)
        if (leaves.contains(leaf) == partial[result].contains(leaf))
          atoms.setWhole(leaf);
    }
  }

  // At last: the rule.

  Rule build() {
    Rule rule;
    for (Value argument : block.getArguments())
      rule.operands.push_back(tensorOf(argument, rule));
    for (Value result : results)
      rule.results.push_back(tensorOf(result, rule));
    addLinearGroups(rule);
    return rule;
  }

  Rule::Tensor tensorOf(Value value, Rule &rule) {
    Rule::Tensor tensor;
    llvm::SmallDenseSet<unsigned, 8> seen;
    for (const Atoms::List &dim : dims[value]) {
      Rule::Dim &factors = tensor.emplace_back();
      for (unsigned leaf : atoms.leaves(dim)) {
        Rule::Role role = atoms.isWhole(leaf) ? Rule::Role::whole : Rule::Role::free;
        auto [number, isNew] = numbers.try_emplace(leaf, rule.sizes.size());
        if (isNew)
          rule.addFactor(atoms.sizeOf(leaf), role);
        bool isFirst = seen.insert(leaf).second;
        factors.push_back(isFirst ? number->second : rule.addFactor(atoms.sizeOf(leaf), role));
      }
    }
    return tensor;
  }

  /// Tries each operand alone, then the pairs of those in which the op is not linear alone.
  void addLinearGroups(Rule &rule) {
    unsigned count = block.getNumArguments();
    SmallVector<unsigned> others;
    for (unsigned operand = 0; operand < count; ++operand)
      if (isLinearIn({operand}))
        rule.linear.push_back({operand});
      else
        others.push_back(operand);
    for (unsigned i = 0; i < others.size(); ++i)
      for (unsigned j = i + 1; j < others.size(); ++j)
        if (isLinearIn({others[i], others[j]})) {
          rule.linear.push_back({others[i], others[j]});
          others.erase(others.begin() + j);
          break;
        }
  }

  /// Whether all results are sums if these operands are.
  bool isLinearIn(ArrayRef<unsigned> operands) {
    llvm::SmallDenseSet<Value, 16> sums;
    for (unsigned operand : operands) {
      if (!isa<FloatType>(getElementTypeOrSelf(block.getArgument(operand).getType())))
        return false;
      sums.insert(block.getArgument(operand));
    }
    auto isSum = [&](Value value) { return sums.contains(value); };
    for (Operation &op : block) {
      if (llvm::none_of(op.getOperands(), isSum))
        continue;
      if (!isLinear(rules[&op], op, isSum))
        return false;
      sums.insert(op.result_begin(), op.result_end());
    }
    return llvm::all_of(results, isSum);
  }

  Block &block;
  ValueRange results;
  Atoms atoms;
  llvm::MapVector<Value, Dims> dims;
  DenseMap<Operation *, Rule> rules;
  DenseMap<Value, Leaves> partial;
  DenseMap<unsigned, unsigned> numbers; ///< of leaves, in the rule
};

} // namespace

dist::RuleAttr hf::deriveShardingRule(Operation *op) {
  auto isEmpty = [](Type type) { return llvm::is_contained(cast<RankedTensorType>(type).getShape(), 0); };
  if (llvm::any_of(op->getOperandTypes(), isEmpty) || llvm::any_of(op->getResultTypes(), isEmpty))
    return {};
  Aside aside = decomposeAside(cast<CompositeOpInterface>(op));
  return dist::toAttribute(op->getContext(), RuleComposer(*aside.block, aside.results).compose());
}
