//===- Solver.cpp - small values for sizes
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Solver.h"

#include "dialects/dist/BucketLayout.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;
using namespace hfc::verify;

/// Steps of the search for one group.
static constexpr unsigned searchBudget = 20000;
/// Values tried for a leaf before it keeps its size.
static constexpr size_t candidateLimit = 24;

int64_t Solver::productOf(ArrayRef<Size> factors) const {
  int64_t product = 1;
  for (Size leaf : factors) {
    if (values[leaf] == unknown)
      return unknown;
    product *= values[leaf];
  }
  return product;
}

int64_t Solver::pieceOf(int64_t whole, dist::AxisListAttr cut) const {
  return llvm::divideCeil(whole, axes.shrunkSizeOf(cut.getAxes()));
}

//===----------------------------------------------------------------------===//
// What is to be solved
//===----------------------------------------------------------------------===//

Size Solver::groupOf(Size leaf) {
  while (groups[leaf] != leaf)
    leaf = groups[leaf] = groups[groups[leaf]];
  return leaf;
}

void Solver::connect(ArrayRef<Size> all) {
  for (Size leaf : all)
    groups[groupOf(leaf)] = groupOf(all.front());
}

/// Many layers say the same.
void Solver::addLinear(Linear linear) {
  std::vector<Size> key(linear.whole.begin(), linear.whole.end());
  List all = linear.whole;
  for (const List &part : linear.parts) {
    key.push_back(~0u);
    key.insert(key.end(), part.begin(), part.end());
    llvm::append_range(all, part);
  }
  if (all.empty() || !known.insert(key).second)
    return;
  connect(all);
  for (Size leaf : linear.whole)
    uses[leaf].isSum = true;
  for (Size leaf : all)
    if (uses[leaf].linears.empty() || uses[leaf].linears.back() != linears.size())
      uses[leaf].linears.push_back(linears.size());
  linears.push_back(std::move(linear));
}

void Solver::collect() {
  Atoms &atoms = relations.atoms;
  size_t count = atoms.count();
  linears.clear();
  bounds.clear();
  pieces.clear();
  known.clear();
  leaves.clear();
  valueOfSize.clear();
  trail.clear();
  preferred.clear();
  used.clear();
  uses.assign(count, {});
  values.assign(count, unknown);
  groups.resize(count);
  std::vector<bool> isLeaf(count, false);
  for (Size atom = 0; atom < count; ++atom) {
    groups[atom] = atom;
    for (Size leaf : atoms.leaves(atom)) {
      ++uses[leaf].count;
      if (!isLeaf[leaf]) {
        isLeaf[leaf] = true;
        leaves.push_back(leaf);
      }
    }
  }
  for (const Sum &sum : relations.sums) {
    Linear linear{atoms.leaves(sum.whole), {}};
    for (Size part : sum.parts)
      linear.parts.push_back(atoms.leaves(part));
    addLinear(std::move(linear));
  }
  for (auto [whole, part] : relations.microBatchSizes)
    addLinear({atoms.leaves(whole), SmallVector<List, 3>(microBatches, atoms.leaves(part))});
  for (const AtMost &bound : relations.bounds) {
    List small = atoms.leaves(bound.small), large = atoms.leaves(bound.large), all = small;
    llvm::append_range(all, large);
    std::vector<Size> key{~0u};
    llvm::append_range(key, all);
    if (all.empty() || small == large || !known.insert(key).second)
      continue;
    connect(all);
    for (Size leaf : all)
      uses[leaf].bounds.push_back(bounds.size());
    bounds.push_back({small, large, atoms.sizeOf(bound.small) < atoms.sizeOf(bound.large)});
  }
  for (auto [cut, size] : relations.pieces) {
    List whole = atoms.leaves(cut.first), piece = atoms.leaves(size);
    if (whole.size() != 1)
      continue;
    uses[whole.front()].cuts.push_back(cut.second);
    if (piece.size() != 1)
      continue; // a piece of one
    connect({whole.front(), piece.front()});
    for (Size leaf : {whole.front(), piece.front()})
      uses[leaf].pieces.push_back(pieces.size());
    uses[piece.front()].isPiece = true;
    pieces.push_back({whole.front(), piece.front(), cut.second});
  }
}

/// Leaves that relations connect; in each, what others follow from comes first.
SmallVector<SmallVector<Size>> Solver::findGroups() {
  llvm::MapVector<Size, SmallVector<Size>> byGroup;
  for (Size leaf : leaves)
    byGroup[groupOf(leaf)].push_back(leaf);
  SmallVector<SmallVector<Size>> result;
  for (auto &[group, members] : byGroup) {
    auto rank = [&](Size leaf) { return std::pair(2 * uses[leaf].isPiece + uses[leaf].isSum, leaf); };
    llvm::sort(members, [&](Size a, Size b) { return rank(a) < rank(b); });
    result.push_back(std::move(members));
  }
  // Those without a choice take theirs first, then what most tensors have, so that it becomes smallest.
  llvm::DenseMap<Size, std::tuple<bool, int64_t, Size>> ranks;
  for (ArrayRef<Size> group : result) {
    int64_t count = 0;
    for (Size leaf : group)
      count = std::max<int64_t>(count, uses[leaf].count);
    ranks[group.front()] = {hasChoice(group.front()), -count, group.front()};
  }
  llvm::sort(result,
             [&](ArrayRef<Size> a, ArrayRef<Size> b) { return ranks.lookup(a.front()) < ranks.lookup(b.front()); });
  return result;
}

//===----------------------------------------------------------------------===//
// Remainders
//===----------------------------------------------------------------------===//

/// Whether the dimension is cut as it was: evenly or not, into pieces of one or not, with ranks that have nothing or
/// not, and with a piece that is filled in part or not.
static bool isCutAlike(int64_t size, int64_t ranks, int64_t newSize, int64_t newRanks) {
  int64_t piece = llvm::divideCeil(size, ranks), newPiece = llvm::divideCeil(newSize, newRanks);
  if (piece == 0 || newPiece == 0)
    return piece == newPiece;
  auto hasIdle = [](int64_t size, int64_t piece, int64_t ranks) {
    return static_cast<int64_t>(llvm::divideCeil(size, piece)) < ranks;
  };
  return (piece == 1) == (newPiece == 1) && (size % ranks == 0) == (newSize % newRanks == 0) &&
         hasIdle(size, piece, ranks) == hasIdle(newSize, newPiece, newRanks) &&
         (size % piece == 0) == (newSize % newPiece == 0);
}

bool Solver::keepsRemainders(Size leaf, int64_t value) const {
  return llvm::all_of(uses[leaf].cuts, [&](dist::AxisListAttr cut) {
    return isCutAlike(sizeOf(leaf), axes.sizeOf(cut.getAxes()), value, axes.shrunkSizeOf(cut.getAxes()));
  });
}

bool Solver::isFeasible(Size leaf) const {
  if (relations.atoms.isKept(leaf))
    return keepsRemainders(leaf, sizeOf(leaf));
  for (int64_t value = 2; value <= std::min<int64_t>(sizeOf(leaf), 4096); ++value)
    if (keepsRemainders(leaf, value))
      return true;
  return keepsRemainders(leaf, sizeOf(leaf));
}

bool Solver::hasChoice(Size leaf) const {
  unsigned found = 0;
  for (int64_t value = 2; value <= std::min<int64_t>(sizeOf(leaf), 64) && found < 2; ++value)
    found += keepsRemainders(leaf, value);
  return found > 1 && !relations.atoms.isKept(leaf);
}

/// With so few ranks these sizes cannot be cut as they were.
Solver::Outcome Solver::growFor(ArrayRef<Size> all) {
  for (Size leaf : all)
    for (dist::AxisListAttr cut : uses[leaf].cuts)
      if (axes.grow(cut.getAxes()))
        return Outcome::again;
  return Outcome::impossible;
}

//===----------------------------------------------------------------------===//
// Propagation
//===----------------------------------------------------------------------===//

bool Solver::assign(Size leaf, int64_t value) {
  if (values[leaf] != unknown)
    return values[leaf] == value;
  int64_t size = sizeOf(leaf);
  // A flat piece grows where ranks become fewer faster than its members' elements.
  if ((value > size && !uses[leaf].isFlat) || (value < 2 && value != size) ||
      (relations.atoms.isKept(leaf) && value != size) || !keepsRemainders(leaf, value))
    return false;
  values[leaf] = value;
  trail.push_back(leaf);
  const Uses &all = uses[leaf];
  return llvm::all_of(all.pieces, [&](unsigned number) { return propagate(pieces[number]); }) &&
         llvm::all_of(all.linears, [&](unsigned number) { return propagate(linears[number]); }) &&
         llvm::all_of(all.bounds, [&](unsigned number) { return propagate(bounds[number]); });
}

void Solver::undo(size_t trailSize) {
  while (trail.size() > trailSize)
    values[trail.pop_back_val()] = unknown;
}

bool Solver::propagate(const Piece &piece) {
  if (values[piece.whole] != unknown)
    return assign(piece.piece, pieceOf(values[piece.whole], piece.axes));
  // The whole of an even piece follows from it.
  if (sizeOf(piece.whole) % axes.sizeOf(piece.axes.getAxes()) != 0)
    return true;
  return assign(piece.whole, values[piece.piece] * axes.shrunkSizeOf(piece.axes.getAxes()));
}

bool Solver::propagate(const Bound &bound) const {
  int64_t small = productOf(bound.small), large = productOf(bound.large);
  return small == unknown || large == unknown || small + bound.isStrict <= large;
}

/// One leaf that is not known follows from the others.
bool Solver::propagate(const Linear &linear) {
  Size missing = ~0u;
  int64_t constant = 0, coefficient = 0; // constant + coefficient * missing = 0
  auto take = [&](ArrayRef<Size> list, int64_t sign) {
    int64_t product = sign;
    bool hasMissing = false;
    for (Size leaf : list) {
      if (values[leaf] != unknown) {
        product *= values[leaf];
        continue;
      }
      if (hasMissing || (missing != ~0u && missing != leaf))
        return false;
      missing = leaf;
      hasMissing = true;
    }
    (hasMissing ? coefficient : constant) += product;
    return true;
  };
  if (!take(linear.whole, -1))
    return true;
  for (const List &part : linear.parts)
    if (!take(part, 1))
      return true;
  if (missing == ~0u)
    return constant == 0;
  if (coefficient == 0 || constant % coefficient != 0)
    return coefficient == 0 && constant == 0;
  return assign(missing, -constant / coefficient);
}

//===----------------------------------------------------------------------===//
// Search
//===----------------------------------------------------------------------===//

/// What leaves that get the same value have in common: in many layers there are the same sizes.
std::vector<int64_t> Solver::keyOf(Size leaf) const {
  std::vector<int64_t> key{sizeOf(leaf)};
  for (dist::AxisListAttr cut : uses[leaf].cuts)
    key.push_back(reinterpret_cast<intptr_t>(cut.getAsOpaquePointer()));
  std::sort(key.begin() + 1, key.end());
  return key;
}

/// The value of others of the kind first; then values that no other kind has, so that dimensions that are mixed up
/// differ, unless they are much larger than the smallest; then any. What sums are made of is small: a sum differs
/// anyway.
SmallVector<int64_t> Solver::candidatesFor(Size leaf) {
  SmallVector<int64_t> values, all;
  if (auto found = preferred.find(keyOf(leaf)); found != preferred.end())
    values.push_back(found->second);
  if (!relations.atoms.isKept(leaf))
    for (int64_t value = 2; value <= sizeOf(leaf) && all.size() < candidateLimit; ++value)
      if (keepsRemainders(leaf, value))
        all.push_back(value);
  bool isAddend = !uses[leaf].linears.empty();
  auto isDistinct = [&](int64_t value) { return !isAddend && !used.count(value) && value <= 2 * all.front() + 1; };
  llvm::copy_if(all, std::back_inserter(values), isDistinct);
  llvm::copy_if(all, std::back_inserter(values), [&](int64_t value) { return !isDistinct(value); });
  values.push_back(sizeOf(leaf));
  return values;
}

bool Solver::search(ArrayRef<Size> rest, unsigned &budget) {
  while (!rest.empty() && values[rest.front()] != unknown)
    rest = rest.drop_front();
  if (rest.empty())
    return true;
  size_t before = trail.size();
  for (int64_t value : candidatesFor(rest.front())) {
    if (budget == 0)
      return false;
    --budget;
    if (assign(rest.front(), value) && search(rest.drop_front(), budget))
      return true;
    undo(before);
  }
  return false;
}

Solver::Outcome Solver::keepGroup(ArrayRef<Size> group) {
  for (Size leaf : group) {
    if (!keepsRemainders(leaf, sizeOf(leaf)))
      return growFor(group);
    values[leaf] = sizeOf(leaf);
  }
  for (Size leaf : group) {
    for (unsigned number : uses[leaf].linears)
      if (!propagate(linears[number])) {
        if (microBatches == relations.microBatches)
          return growFor(group);
        microBatches = relations.microBatches;
        return Outcome::again;
      }
    for (unsigned number : uses[leaf].pieces)
      if (!propagate(pieces[number]))
        return growFor(group);
  }
  return Outcome::solved;
}

Solver::Outcome Solver::solveGroup(ArrayRef<Size> group) {
  for (Size leaf : group)
    if (!isFeasible(leaf))
      return growFor(leaf);
  for (Size leaf : group) // What others follow from.
    if (relations.atoms.isKept(leaf) && !assign(leaf, sizeOf(leaf)))
      return growFor(group);
  unsigned budget = searchBudget;
  if (!search(group, budget)) {
    for (Size leaf : group)
      values[leaf] = unknown;
    if (Outcome outcome = keepGroup(group); outcome != Outcome::solved)
      return outcome;
  }
  for (Size leaf : group)
    if (preferred.try_emplace(keyOf(leaf), values[leaf]).second)
      ++used[values[leaf]];
  return Outcome::solved;
}

/// A flat bucket's piece follows from its members. Should it have been too small, it is so still; what it has for
/// kernels' sake goes.
Solver::Outcome Solver::solveFlat(const FlatCut &flat) {
  List piece = relations.atoms.leaves(flat.piece);
  if (piece.size() != 1 || values[piece.front()] != unknown)
    return Outcome::solved;
  dist::BucketLayout layout, newLayout;
  for (ArrayRef<Size> member : flat.members) {
    int64_t product = 1;
    for (Size size : member)
      product *= sizeOf(size);
    layout.place(product);
    newLayout.place(productOf(relations.atoms.leaves(member)));
  }
  int64_t expected = dist::alignedInBucket(llvm::divideCeil(layout.size(), axes.sizeOf(flat.axes.getAxes())));
  int64_t missing = std::max<int64_t>(expected - sizeOf(piece.front()), 0);
  int64_t value = dist::alignedInBucket(pieceOf(newLayout.size(), flat.axes)) - missing;
  return assign(piece.front(), value) ? Outcome::solved : growFor(piece);
}

Solver::Outcome Solver::trySolve() {
  collect();
  llvm::DenseSet<Size> isFlat;
  for (const FlatCut &flat : relations.flatCuts)
    for (Size leaf : relations.atoms.leaves(flat.piece))
      isFlat.insert(groupOf(leaf));
  for (Size leaf : leaves)
    uses[leaf].isFlat = isFlat.contains(groupOf(leaf));
  SmallVector<SmallVector<Size>> groupsOfLeaves = findGroups();
  for (ArrayRef<Size> group : groupsOfLeaves)
    if (!isFlat.contains(groupOf(group.front())))
      if (Outcome outcome = solveGroup(group); outcome != Outcome::solved)
        return outcome;
  for (const FlatCut &flat : relations.flatCuts)
    if (Outcome outcome = solveFlat(flat); outcome != Outcome::solved)
      return outcome;
  for (ArrayRef<Size> group : groupsOfLeaves)
    if (isFlat.contains(groupOf(group.front())))
      if (Outcome outcome = solveGroup(group); outcome != Outcome::solved)
        return outcome;
  return Outcome::solved;
}

LogicalResult Solver::run() {
  microBatches = std::min<int64_t>(relations.microBatches, 2);
  while (true) {
    Outcome outcome = trySolve();
    if (outcome == Outcome::again)
      continue;
    return success(outcome == Outcome::solved);
  }
}
