//===- Verify.h - what the verifiers of hf ops share
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_HF_VERIFY_H
#define HFC_DIALECTS_HF_VERIFY_H

#include "dialects/hf/TensorBuilder.h"

#include <string>

namespace hfc::hf {

/// `2x24x64`, as messages show sizes; `scalar` for rank 0.
std::string formatShape(ArrayRef<int64_t> shape);

inline int64_t rankOf(Value value) { return tensorType(value).getRank(); }

/// The product of the sizes, or nothing if it is too large to count.
std::optional<int64_t> countElements(ArrayRef<int64_t> shape);

/// Checks that `value`, called `what` in the message, is a tensor of that shape and element type.
LogicalResult verifyTensor(Operation *op, StringRef constraint, StringRef what, Value value, ArrayRef<int64_t> shape,
                           Type element);

/// Checks that `permutation` has each number below `rank` once.
bool isPermutation(ArrayRef<int64_t> permutation, int64_t rank);

/// Whether the numbers increase strictly and lie in `[0, bound)`.
bool areIncreasingBelow(ArrayRef<int64_t> numbers, int64_t bound);

} // namespace hfc::hf

#endif // HFC_DIALECTS_HF_VERIFY_H
