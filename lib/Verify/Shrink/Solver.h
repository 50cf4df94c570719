//===- Solver.h - small values for sizes
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_VERIFY_SHRINK_SOLVER_H
#define HFC_LIB_VERIFY_SHRINK_SOLVER_H

#include "Axes.h"
#include "Relations.h"

#include <map>
#include <set>

namespace hfc::verify {

/// Chooses values for the leaves of sizes, the smallest that keep everything that relations say, and every remainder
/// of what is cut. Sizes that nothing relates are solved each for itself; a group of related ones for which nothing
/// smaller is found keeps its values.
class Solver {
public:
  Solver(Relations &relations, Axes &axes) : relations(relations), axes(axes) {}

  /// Fails if even the sizes given contradict each other.
  LogicalResult run();

  int64_t valueOf(Size size) {
    if (valueOfSize.size() <= size)
      valueOfSize.resize(relations.atoms.count(), unknown);
    int64_t &value = valueOfSize[size];
    return value != unknown ? value : value = productOf(relations.atoms.leaves(size));
  }
  SmallVector<int64_t> valuesOf(ArrayRef<Size> shape) {
    return SmallVector<int64_t>(llvm::map_range(shape, [&](Size size) { return valueOf(size); }));
  }
  /// A cut dimension's piece.
  int64_t pieceOf(int64_t whole, dist::AxisListAttr cut) const;
  int64_t getMicroBatches() const { return microBatches; }

private:
  using List = Atoms::List;
  static constexpr int64_t unknown = -1;
  enum class Outcome { solved, again, impossible };

  /// `whole = sum of parts`, each a product.
  struct Linear {
    List whole;
    SmallVector<List, 3> parts;
  };
  struct Bound {
    List small, large;
    bool isStrict;
  };
  struct Piece {
    Size whole, piece;
    dist::AxisListAttr axes;
  };

  // What is to be solved.
  void collect();
  void addLinear(Linear linear);
  void connect(ArrayRef<Size> leaves);
  Size groupOf(Size leaf);
  SmallVector<SmallVector<Size>> findGroups();

  // Values.
  Outcome trySolve();
  Outcome solveGroup(ArrayRef<Size> leaves);
  Outcome solveFlat(const FlatCut &flat);
  Outcome keepGroup(ArrayRef<Size> leaves);
  bool search(ArrayRef<Size> leaves, unsigned &budget);
  SmallVector<int64_t> candidatesFor(Size leaf);
  std::vector<int64_t> keyOf(Size leaf) const;
  bool assign(Size leaf, int64_t value);
  void undo(size_t trailSize);
  bool propagate(const Linear &linear);
  bool propagate(const Bound &bound) const;
  bool propagate(const Piece &piece);
  bool keepsRemainders(Size leaf, int64_t value) const;
  bool isFeasible(Size leaf) const;
  bool hasChoice(Size leaf) const;
  Outcome growFor(ArrayRef<Size> leaves);

  int64_t sizeOf(Size leaf) const { return relations.atoms.sizeOf(leaf); }
  /// Unknown if a factor is.
  int64_t productOf(ArrayRef<Size> leaves) const;

  Relations &relations;
  Axes &axes;
  int64_t microBatches = 1;
  std::vector<Linear> linears;
  std::vector<Bound> bounds;
  std::vector<Piece> pieces;
  std::set<std::vector<Size>> known;
  struct Uses {
    SmallVector<unsigned, 2> linears, bounds, pieces;
    SmallVector<dist::AxisListAttr, 2> cuts;
    unsigned count = 0; ///< sizes that are made of it
    bool isPiece = false, isSum = false, isFlat = false;
  };
  std::vector<Uses> uses;
  std::vector<Size> groups; ///< a union-find over leaves
  SmallVector<Size, 0> leaves;
  std::vector<int64_t> values;      ///< of leaves
  std::vector<int64_t> valueOfSize; ///< of all sizes, as far as somebody asked
  SmallVector<Size, 0> trail;
  std::map<std::vector<int64_t>, int64_t> preferred; ///< the value of leaves of one kind
  std::map<int64_t, unsigned> used;
};

} // namespace hfc::verify

#endif // HFC_LIB_VERIFY_SHRINK_SOLVER_H
