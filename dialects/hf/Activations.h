//===- Activations.h - activation functions and their derivatives
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_HF_ACTIVATIONS_H
#define HFC_DIALECTS_HF_ACTIVATIONS_H

#include "dialects/hf/TensorBuilder.h"

namespace hfc::hf {

/// The activation of each element of `x`, in its type.
Value buildActivation(TensorBuilder &tb, Activation kind, Value x);
/// Its derivative at each element of `x`, in its type.
Value buildActivationDerivative(TensorBuilder &tb, Activation kind, Value x);

} // namespace hfc::hf

#endif // HFC_DIALECTS_HF_ACTIVATIONS_H
