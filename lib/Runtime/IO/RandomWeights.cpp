//===- RandomWeights.cpp - weights as transformers would draw them
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Runtime/IO/Weights.h"

#include "hfc/Runtime/IO/Random.h"

#include <algorithm>

namespace hfc::io {

namespace {
/// transformers' default `initializer_range`.
constexpr double standardDeviation = 0.02;

enum class Initializer { Zeros, Ones, Normal };

/// `_init_weights` by module kind, read off the state_dict name: vectors are biases or the scales of norms.
Initializer initializerOf(const ParameterInfo &parameter) {
  const std::string &name = parameter.name;
  bool isBias = name.size() >= 4 && name.compare(name.size() - 4, 4, "bias") == 0;
  if (isBias)
    return Initializer::Zeros;
  bool isScale = parameter.shape.size() == 1 && name.size() >= 6 && name.compare(name.size() - 6, 6, "weight") == 0;
  return isScale ? Initializer::Ones : Initializer::Normal;
}

void fill(const ParameterInfo &parameter, uint64_t key, char *target) {
  Initializer initializer = initializerOf(parameter);
  if (initializer == Initializer::Zeros)
    return;
  constexpr int64_t step = 4096;
  float values[step];
  for (int64_t at = 0, count = parameter.elements(); at < count; at += step) {
    int64_t chunk = std::min(step, count - at);
    for (int64_t i = 0; i < chunk; ++i)
      values[i] = initializer == Initializer::Ones ? 1.0f : float(standardDeviation * randomNormal(key, at + i));
    convertFloats(values, HFC_FLOAT32, 1, target + at * sizeOf(parameter.dtype), parameter.dtype, chunk);
  }
}
} // namespace

Result<Weights> Weights::random(const ProgramInfo &program, uint64_t seed, const Progress &progress) {
  Weights weights;
  int64_t done = 0, total = 0;
  for (const ParameterInfo &parameter : program.parameters)
    total += parameter.bytes();
  for (const ParameterInfo &parameter : program.parameters) {
    Result<Memory> memory = Memory::allocate(parameter.bytes(), /*huge=*/false);
    if (!memory)
      return Failure{memory.error()};
    fill(parameter, randomKey(seed, parameter.name), memory->data());
    weights.pointers.push_back(memory->data());
    weights.owned.push_back(std::move(*memory));
    done += parameter.bytes();
    if (progress)
      progress("drawing weights", done, total);
  }
  return weights;
}

} // namespace hfc::io
