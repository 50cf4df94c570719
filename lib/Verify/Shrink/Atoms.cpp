//===- Atoms.cpp - the factors that sizes are products of
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Atoms.h"

#include <numeric>

using namespace hfc;
using namespace hfc::verify;

void Atoms::appendLeaves(Size atom, List &result) {
  atom = find(atom);
  if (!isLeaf(atom)) {
    appendLeaves(atoms[atom].major, result);
    appendLeaves(atoms[atom].minor, result);
  } else if (sizeOf(atom) != 1) {
    result.push_back(atom);
  }
}

/// The major part of a leaf, of that size.
Size Atoms::splitMajor(Size leaf, int64_t size) {
  if (sizeOf(leaf) == size)
    return leaf;
  Size major = add(size), minor = add(sizeOf(leaf) / size);
  atoms[major].kept = atoms[minor].kept = atoms[leaf].kept;
  atoms[leaf].major = major;
  atoms[leaf].minor = minor;
  ++version;
  return major;
}

void Atoms::join(Size a, Size b) {
  if (a == b)
    return;
  atoms[a].kept |= atoms[b].kept;
  atoms[b].joined = a;
  ++version;
}

void Atoms::unify(Size left, Size right) {
  Size a = find(left), b = find(right);
  if (a == b)
    return;
  if (sizeOf(a) == sizeOf(b) && (isLeaf(a) || isLeaf(b))) {
    // The whole tree of the one stands for the other.
    if (isLeaf(a))
      std::swap(a, b);
    if (atoms[b].kept)
      keep(a);
    atoms[b].joined = a;
    ++version;
    return;
  }
  unify(ArrayRef(left), ArrayRef(right));
}

void Atoms::unify(ArrayRef<Size> left, ArrayRef<Size> right) {
  List a = leaves(left), b = leaves(right);
  while (!a.empty() && !b.empty()) {
    Size x = a.front(), y = b.front();
    int64_t shared = std::gcd(sizeOf(x), sizeOf(y));
    if (shared <= 1)
      break;
    if (x != y) {
      Size majorX = splitMajor(x, shared), majorY = splitMajor(y, shared);
      join(majorX, majorY);
    }
    // What was split or joined may stand once more in the lists.
    auto withoutFirst = [&](const List &list) {
      List all = leaves(list);
      for (int64_t passed = shared; passed > 1 && !all.empty(); all.erase(all.begin()))
        passed /= std::max<int64_t>(sizeOf(all.front()), 1);
      return all;
    };
    a = withoutFirst(a);
    b = withoutFirst(b);
  }
  for (const List &rest : {a, b})
    for (Size leaf : rest)
      keep(leaf);
}

void Atoms::keep(Size atom) {
  for (Size leaf : leaves(atom))
    atoms[leaf].kept = true;
}
