//===- MergeBackward.h - products with cotangents side by side -----*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_TRANSFORMS_FUSION_MERGEBACKWARD_H
#define HFC_LIB_TRANSFORMS_FUSION_MERGEBACKWARD_H

#include "Projections.h"
#include "dialects/hf/BucketPlaces.h"

namespace hfc::fusion {

/// How many products went into others.
struct MergeCounts {
  unsigned forward = 0, inputs = 0, weights = 0;
};

/// Says of an op made for `from` where it belongs: in which block, and in which phase.
void keepPlace(Operation *from, Value made);

template <typename OpTy>
Location fusedLoc(ArrayRef<OpTy> ops) {
  auto locs = llvm::map_to_vector(ops, [](OpTy op) { return op->getLoc(); });
  return FusedLoc::get(ops.front()->getContext(), locs);
}

/// Orders the ops of a block by use, and meetings of ranks as they are; as they stand otherwise.
void sortByUse(Block &block);

/// Joins the cotangents of projections, so that one product sums what each gives to the gradient of their input, and
/// one has all gradients of their weights.
class CotangentMerger {
public:
  /// Nothing where the products are not added up, and nothing else with them, or a cotangent depends on another. Ops
  /// are then out of order until `sortByUse`.
  static std::optional<CotangentMerger> create(ArrayRef<hf::LinearDgradOp> products);

  void mergeInputs(Value weights);
  /// Where the weights' gradients, all of one value, are written to or added to these states alone. Whether they are.
  bool mergeWeights(ArrayRef<FlatSymbolRefAttr> states);
  /// What else reads a cotangent reads it in the joined one.
  void shareCotangent();

private:
  explicit CotangentMerger(ArrayRef<hf::LinearDgradOp> products) : products(products) {}

  bool savesMemory() const;
  bool findSum();
  bool canJoin() const;
  Value partOf(Value whole, int64_t dim, unsigned number);

  SmallVector<hf::LinearDgradOp> products;
  SmallVector<Value> cotangents;
  /// The additions of the products' results; the last makes the sum.
  SmallVector<hf::AddOp> sums;
  Value joined;
};

} // namespace hfc::fusion

#endif // HFC_LIB_TRANSFORMS_FUSION_MERGEBACKWARD_H
