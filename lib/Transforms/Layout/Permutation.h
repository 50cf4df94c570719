//===- Permutation.h - algebra of permuted dimensions
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A permutation `p` is that of `hf.transpose`: dimension `i` of the result is dimension `p[i]` of the operand.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_TRANSFORMS_LAYOUT_PERMUTATION_H
#define HFC_LIB_TRANSFORMS_LAYOUT_PERMUTATION_H

#include "dialects/hf/Hf.h"

#include <optional>

namespace hfc::layout {

using Permutation = SmallVector<int64_t, 4>;

Permutation identity(int64_t rank);
bool isIdentity(ArrayRef<int64_t> permutation);
Permutation inverse(ArrayRef<int64_t> permutation);

/// `numbers` of the dimensions of a permuted value, in the order of the value that is stored.
SmallVector<int64_t> toStored(ArrayRef<int64_t> numbers, ArrayRef<int64_t> permutation);

/// A reshape of a permuted value, done on the stored value instead.
struct CommutedReshape {
  SmallVector<int64_t> storedShape;
  Permutation permutation;
};
/// How to reshape the stored value where `from`, permuted by `permutation`, is reshaped to `to`; nothing if the
/// reshape splits or merges dimensions that do not stand side by side in the stored value.
std::optional<CommutedReshape> commuteReshape(ArrayRef<int64_t> from, ArrayRef<int64_t> to,
                                              ArrayRef<int64_t> permutation);

/// What is left of `permutation` when the dimensions `dims` of the permuted value are gone.
Permutation dropDims(ArrayRef<int64_t> permutation, ArrayRef<int64_t> dims);

/// The order of a head layout's dimensions as numbers of those of `bshd`.
ArrayRef<int64_t> orderOf(hf::HeadLayout layout);
std::optional<hf::HeadLayout> layoutOf(ArrayRef<int64_t> order);
/// The permutation that makes a value in the order `to` of one in the order `from`.
Permutation between(ArrayRef<int64_t> from, ArrayRef<int64_t> to);

} // namespace hfc::layout

#endif // HFC_LIB_TRANSFORMS_LAYOUT_PERMUTATION_H
