//===- ViewMap.h - values as permutations of stored values
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_TRANSFORMS_LAYOUT_VIEWMAP_H
#define HFC_LIB_TRANSFORMS_LAYOUT_VIEWMAP_H

#include "lib/Transforms/Layout/Permutation.h"

#include "llvm/ADT/DenseMap.h"

namespace hfc::layout {

/// A value of the program as it was: `hf.transpose stored perm permutation`.
struct View {
  Value stored;
  Permutation permutation;

  bool isPlain() const { return isIdentity(permutation); }
  /// The shape of the value as it was.
  SmallVector<int64_t> getShape() const;
};

/// What each value of the original program is in the new one.
class ViewMap {
public:
  /// The view of a value; of one never set, the value itself.
  View lookup(Value value) const;
  void set(Value value, Value stored, ArrayRef<int64_t> permutation);

  /// The value that `hf.transpose` by `permutation` makes of the original `value`, made in front of `user` unless it
  /// is there already. Costs nothing if that is what is stored.
  Value get(Value value, ArrayRef<int64_t> permutation, Operation *user);
  /// The original value itself.
  Value getPlain(Value value, Operation *user);

  /// The bytes that `get` would have to move.
  int64_t cost(Value value, ArrayRef<int64_t> permutation) const;

  unsigned getNumMade() const { return numMade; }

private:
  Value rebuild(Value stored, ArrayRef<int64_t> permutation, Operation *user);

  DenseMap<Value, View> views;
  /// Transpositions made so far, by what they permute.
  DenseMap<std::pair<Value, Attribute>, Value> made;
  unsigned numMade = 0;
};

} // namespace hfc::layout

#endif // HFC_LIB_TRANSFORMS_LAYOUT_VIEWMAP_H
