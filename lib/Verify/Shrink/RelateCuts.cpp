//===- RelateCuts.cpp - what a sharding says of a piece's sizes, and constants of theirs
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Relations.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/Support/MathExtras.h"

#include <deque>

using namespace hfc;
using namespace hfc::verify;
using dist::AxisListAttr;
using dist::SizeAttr;

//===----------------------------------------------------------------------===//
// Cuts
//===----------------------------------------------------------------------===//

void Relations::keepCut(const Cut &cut) {
  atoms.keep(cut.whole);
  atoms.keep(cut.piece);
}

/// Deals the axes out to the factors that the whole is made of, major ones first, and makes the piece the product of
/// what is left of each. False if the whole had to be split further, so that other cuts change.
bool Relations::solveCut(const Cut &cut) {
  Atoms::List factors = atoms.leaves(cut.whole);
  dist::Axes left = dist::canonical(cut.axes.getAxes(), mesh);
  SmallVector<Size> piece;
  for (auto [place, factor] : llvm::enumerate(factors)) {
    dist::Axes mine = left;
    int64_t size = atoms.sizeOf(factor), ranks = dist::sizeOf(left, mesh);
    if (ranks > 1 && size % ranks != 0 && factors.size() > 1) {
      auto split = dist::splitMajor(left, size, mesh);
      if (!split) {
        keepCut(cut);
        return true;
      }
      mine = split->first;
    }
    if (mine.empty()) {
      piece.push_back(factor);
      continue;
    }
    left = dist::without(left, mine, mesh);
    ranks = dist::sizeOf(mine, mesh);
    AxisListAttr axes = AxisListAttr::get(mesh.getContext(), mine);
    auto [known, isNew] = pieces.try_emplace({factor, axes}, 0);
    if (isNew) {
      int64_t pieceSize = llvm::divideCeil(size, ranks);
      known->second = atoms.add(pieceSize);
    }
    Size cutPiece = known->second;
    Atoms::List parts = atoms.leaves(cutPiece);
    if (parts.size() > 1 && size % ranks == 0) {
      // The rank's part is a product itself: so is the whole, whose first factor is cut.
      parts.front() = atoms.add(atoms.sizeOf(parts.front()) * ranks);
      atoms.unify(ArrayRef(factor), parts);
      return false;
    }
    piece.push_back(cutPiece);
  }
  atoms.unify(ArrayRef(cut.piece), piece);
  return true;
}

/// What is known of factors that were joined since. Equal pieces of wholes of one size are pieces of one whole: nothing
/// else speaks of some tensors, which a rank makes for itself.
void Relations::joinPieces() {
  decltype(pieces) joined;
  llvm::DenseMap<std::pair<Size, AxisListAttr>, Size> wholes;
  for (auto [key, piece] : pieces) {
    Atoms::List factors = atoms.leaves(key.first), parts = atoms.leaves(piece);
    if (factors.size() != 1)
      continue; // It was split: its factors are cut now.
    auto [known, isNew] = joined.insert({{factors.front(), key.second}, piece});
    if (!isNew)
      atoms.unify(known->second, piece);
    if (parts.size() != 1)
      continue;
    Size whole = wholes.try_emplace({parts.front(), key.second}, factors.front()).first->second;
    if (atoms.sizeOf(whole) == atoms.sizeOf(factors.front()))
      atoms.unify(whole, factors.front());
  }
  pieces = std::move(joined);
}

/// Until no size is joined or split any more: of each cut the factors, and what is cut of them.
void Relations::solveCuts() {
  for (uint64_t version = ~uint64_t(0); version != atoms.getVersion();) {
    version = atoms.getVersion();
    // Most are the same by now.
    llvm::DenseSet<std::tuple<Size, AxisListAttr, Size>> seen;
    SmallVector<Cut> rest;
    for (const Cut &cut : cuts) {
      Atoms::List whole = atoms.leaves(cut.whole), piece = atoms.leaves(cut.piece);
      Size last = piece.empty() ? ~0u : piece.front();
      if (whole.size() == 1 && piece.size() <= 1 && !seen.insert({whole.front(), cut.axes, last}).second)
        continue;
      rest.push_back(cut);
      (void)solveCut(cut);
    }
    cuts = std::move(rest);
    joinPieces();
  }
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

/// The whole shape of a value, where it is the one that is looked for.
static bool hasShape(const Atoms &atoms, ArrayRef<Size> sizes, ArrayRef<int64_t> shape) {
  return sizes.size() == shape.size() && llvm::all_of(llvm::zip_equal(sizes, shape), [&](auto pair) {
           auto [size, expected] = pair;
           return atoms.sizeOf(size) == expected;
         });
}

/// The constant was made for a tensor near it: the nearest of that shape along definitions and uses.
std::optional<Relations::Shape> Relations::findShape(Operation *constant, ArrayRef<int64_t> shape) {
  constexpr size_t farEnough = 256;
  llvm::SmallSetVector<Operation *, 32> reached;
  reached.insert(constant);
  for (size_t next = 0; next < reached.size() && next < farEnough; ++next) {
    Operation *op = reached[next];
    for (Value value : llvm::concat<Value>(SmallVector<Value>(op->getResults()), SmallVector<Value>(op->getOperands())))
      if (shapes.contains(value) && hasWhole(value) && hasShape(atoms, wholeOf(value), shape))
        return Shape(wholeOf(value));
    for (Operation *user : op->getUsers())
      if (reached.size() < farEnough)
        reached.insert(user);
    for (Value operand : op->getOperands())
      if (Operation *definition = operand.getDefiningOp())
        reached.insert(definition);
  }
  return std::nullopt;
}

void Relations::findConstants() {
  for (Operation *op : sized) {
    auto attribute = op->getAttrOfType<SizeAttr>(dist::sizeName);
    if (!attribute)
      continue;
    if (std::optional<Shape> shape = findShape(op, attribute.getShape())) {
      constants[op] = std::move(*shape);
      continue;
    }
    // Nobody knows which dimension is meant: none of that size changes.
    int64_t value = attribute.getShape()[attribute.getDim()];
    for (Size atom = 0; atom < atoms.count(); ++atom)
      if (atoms.sizeOf(atom) == value)
        atoms.keep(atom);
  }
}
