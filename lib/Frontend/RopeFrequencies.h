//===- RopeFrequencies.h - inverse frequencies of each rotary type
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_FRONTEND_ROPEFREQUENCIES_H
#define HFC_LIB_FRONTEND_ROPEFREQUENCIES_H

#include "hfc/Support/LLVM.h"

#include <optional>

namespace hfc::frontend {

// Each function computes in the precision in which transformers does: tensors in float32, scalars in double.

using Frequencies = SmallVector<float>;

Frequencies defaultFrequencies(double base, int64_t dim);
Frequencies linearFrequencies(double base, int64_t dim, double factor);

struct Llama3Parameters {
  double factor, lowFrequencyFactor, highFrequencyFactor;
  int64_t originalMaxPositions;
};
Frequencies llama3Frequencies(double base, int64_t dim, const Llama3Parameters &parameters);

struct YarnParameters {
  double factor, betaFast, betaSlow;
  int64_t originalMaxPositions;
  bool truncate;
};
Frequencies yarnFrequencies(double base, int64_t dim, const YarnParameters &parameters);
/// The factor on cosines and sines where the config gives none.
double yarnScaling(double factor, std::optional<double> mscale, std::optional<double> mscaleAllDim);

Frequencies longropeFrequencies(double base, int64_t dim, ArrayRef<double> factors);
double longropeScaling(double factor, int64_t originalMaxPositions);

/// The base for a sequence of the given length.
double dynamicBase(double base, int64_t dim, double factor, int64_t length, int64_t maxPositions);

} // namespace hfc::frontend

#endif // HFC_LIB_FRONTEND_ROPEFREQUENCIES_H
