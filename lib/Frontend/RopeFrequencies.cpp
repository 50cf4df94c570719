//===- RopeFrequencies.cpp - inverse frequencies of each rotary type
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RopeFrequencies.h"

#include <algorithm>
#include <cmath>

using namespace hfc;
using namespace hfc::frontend;

static constexpr double pi = 3.14159265358979323846;

/// `base ** (arange(0, dim, 2) / dim)`. The power is rounded once from double, which is what a float32 power that
/// is right to the last bit gives.
static Frequencies positionFrequencies(double base, int64_t dim) {
  Frequencies result;
  for (int64_t i = 0; i < dim; i += 2) {
    float exponent = static_cast<float>(i) / static_cast<float>(dim);
    result.push_back(static_cast<float>(std::pow(static_cast<double>(static_cast<float>(base)), exponent)));
  }
  return result;
}

Frequencies hfc::frontend::defaultFrequencies(double base, int64_t dim) {
  Frequencies result = positionFrequencies(base, dim);
  for (float &frequency : result)
    frequency = 1.0f / frequency;
  return result;
}

Frequencies hfc::frontend::linearFrequencies(double base, int64_t dim, double factor) {
  Frequencies result = defaultFrequencies(base, dim);
  for (float &frequency : result)
    frequency /= static_cast<float>(factor);
  return result;
}

Frequencies hfc::frontend::llama3Frequencies(double base, int64_t dim, const Llama3Parameters &parameters) {
  float factor = parameters.factor, low = parameters.lowFrequencyFactor;
  float context = parameters.originalMaxPositions;
  float lowWavelength = parameters.originalMaxPositions / parameters.lowFrequencyFactor;
  float highWavelength = parameters.originalMaxPositions / parameters.highFrequencyFactor;
  float span = parameters.highFrequencyFactor - parameters.lowFrequencyFactor;
  Frequencies result = defaultFrequencies(base, dim);
  for (float &frequency : result) {
    float wavelength = static_cast<float>(2 * pi) / frequency;
    if (wavelength > lowWavelength) {
      frequency /= factor;
    } else if (wavelength >= highWavelength) {
      float smooth = (context / wavelength - low) / span;
      frequency = (1.0f - smooth) * frequency / factor + smooth * frequency;
    }
  }
  return result;
}

/// The (fractional) index whose frequency turns `rotations` times over the original context.
static double correctionDim(double rotations, int64_t dim, double base, int64_t context) {
  return dim * std::log(context / (rotations * 2 * pi)) / (2 * std::log(base));
}

Frequencies hfc::frontend::yarnFrequencies(double base, int64_t dim, const YarnParameters &parameters) {
  double low = correctionDim(parameters.betaFast, dim, base, parameters.originalMaxPositions);
  double high = correctionDim(parameters.betaSlow, dim, base, parameters.originalMaxPositions);
  if (parameters.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, static_cast<double>(dim - 1));
  if (low == high)
    high += 0.001; // as transformers: no division by zero

  Frequencies result = positionFrequencies(base, dim);
  for (auto [i, frequency] : llvm::enumerate(result)) {
    float ramp = (static_cast<float>(i) - static_cast<float>(low)) / static_cast<float>(high - low);
    float extrapolate = 1.0f - std::clamp(ramp, 0.0f, 1.0f);
    float extrapolated = 1.0f / frequency;
    float interpolated = 1.0f / (static_cast<float>(parameters.factor) * frequency);
    frequency = interpolated * (1.0f - extrapolate) + extrapolated * extrapolate;
  }
  return result;
}

static double mscaleOf(double factor, double mscale) {
  return factor <= 1 ? 1.0 : 0.1 * mscale * std::log(factor) + 1.0;
}

double hfc::frontend::yarnScaling(double factor, std::optional<double> mscale, std::optional<double> mscaleAllDim) {
  if (mscale.value_or(0) != 0 && mscaleAllDim.value_or(0) != 0)
    return mscaleOf(factor, *mscale) / mscaleOf(factor, *mscaleAllDim);
  return mscaleOf(factor, 1);
}

Frequencies hfc::frontend::longropeFrequencies(double base, int64_t dim, ArrayRef<double> factors) {
  Frequencies result = positionFrequencies(base, dim);
  for (auto [frequency, factor] : llvm::zip_equal(result, factors))
    frequency = 1.0f / (static_cast<float>(factor) * frequency);
  return result;
}

double hfc::frontend::longropeScaling(double factor, int64_t originalMaxPositions) {
  return factor <= 1.0 ? 1.0 : std::sqrt(1 + std::log(factor) / std::log(static_cast<double>(originalMaxPositions)));
}

double hfc::frontend::dynamicBase(double base, int64_t dim, double factor, int64_t length, int64_t maxPositions) {
  double stretch = factor * length / maxPositions - (factor - 1);
  return base * std::pow(stretch, static_cast<double>(dim) / (dim - 2));
}
