//===- BucketPlaces.h - what lies one behind the other -------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_HF_BUCKETPLACES_H
#define HFC_DIALECTS_HF_BUCKETPLACES_H

#include "dialects/hf/Hf.h"

#include "llvm/ADT/DenseMap.h"

namespace hfc::hf {

/// Where a module's parameters and states lie in buckets.
class BucketPlaces {
public:
  explicit BucketPlaces(ModuleOp module);

  /// The place of what has this symbol; null if it lies in no bucket.
  PlaceAttr placeOf(FlatSymbolRefAttr symbol) const { return places.lookup(symbol).place; }
  /// Whether each of these parameters or states begins in one bucket where the one before it ends.
  bool areConsecutive(ArrayRef<FlatSymbolRefAttr> symbols) const;
  /// Whether `concat` only names memory: its operands are parameters or states of the entry, one row-major piece of a
  /// bucket.
  bool isOneBuffer(ConcatOp concat) const;

private:
  struct Slice {
    PlaceAttr place;
    int64_t elements = 0;
  };
  DenseMap<Attribute, Slice> places;
};

/// The parameter or state that an argument of an entry is; null for any other value.
FlatSymbolRefAttr symbolOf(Value value);

/// The slices, in order, by which alone `value` is read, if `value` is a product or the sum of one and what it
/// accumulates, and each slice one contiguous range behind the one before it: the gradients of weights that one product
/// computes together. Empty otherwise.
SmallVector<SliceOp> dividingSlices(Value value);

} // namespace hfc::hf

#endif // HFC_DIALECTS_HF_BUCKETPLACES_H
