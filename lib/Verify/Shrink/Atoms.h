//===- Atoms.h - the factors that sizes are products of
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_VERIFY_SHRINK_ATOMS_H
#define HFC_LIB_VERIFY_SHRINK_ATOMS_H

#include "dialects/dist/SizeRelations.h"

namespace hfc::verify {

using dist::Size;

/// Sizes, as a forest: equal ones are joined, and one that is a product was split into its factors. Leaves that are not
/// joined with another are the sizes that can be chosen. A size of 1 has no leaves.
class Atoms {
public:
  using List = SmallVector<Size, 4>;

  Size add(int64_t size) {
    atoms.push_back({size, static_cast<Size>(atoms.size()), none, none, false});
    return atoms.size() - 1;
  }
  int64_t sizeOf(Size atom) const { return atoms[atom].size; }
  size_t count() const { return atoms.size(); }
  /// Changes whenever sizes were joined or split.
  uint64_t getVersion() const { return version; }

  /// What a size is the product of, the slowest first.
  List leaves(Size atom) {
    List result;
    appendLeaves(atom, result);
    return result;
  }
  List leaves(ArrayRef<Size> product) {
    List result;
    for (Size atom : product)
      appendLeaves(atom, result);
    return result;
  }

  /// Makes two products the same, factor by factor. What they have no common factors for keeps its size.
  void unify(ArrayRef<Size> left, ArrayRef<Size> right);
  void unify(Size left, Size right);

  /// Leaves of the size do not change.
  void keep(Size atom);
  bool isKept(Size leaf) const { return atoms[leaf].kept; }

private:
  static constexpr Size none = ~0u;
  struct Atom {
    int64_t size;
    Size joined; ///< with this one; itself if it stands for its class
    Size major, minor;
    bool kept;
  };

  Size find(Size atom) {
    while (atoms[atom].joined != atom)
      atom = atoms[atom].joined = atoms[atoms[atom].joined].joined;
    return atom;
  }
  bool isLeaf(Size atom) const { return atoms[atom].major == none; }
  void appendLeaves(Size atom, List &result);
  Size splitMajor(Size leaf, int64_t size);
  void join(Size a, Size b);

  SmallVector<Atom, 0> atoms;
  uint64_t version = 0;
};

} // namespace hfc::verify

#endif // HFC_LIB_VERIFY_SHRINK_ATOMS_H
