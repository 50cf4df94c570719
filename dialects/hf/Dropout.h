//===- Dropout.h - dropout with given places
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_HF_DROPOUT_H
#define HFC_DIALECTS_HF_DROPOUT_H

#include "dialects/hf/TensorBuilder.h"

namespace hfc::hf {

/// Dropout of elements that stand in these rows and columns of the whole tensor, by these keys (i32, of the shape of
/// `x`).
Value dropoutAt(TensorBuilder &tb, Value x, Value keys, double p, Value row, Value column);

} // namespace hfc::hf

#endif // HFC_DIALECTS_HF_DROPOUT_H
