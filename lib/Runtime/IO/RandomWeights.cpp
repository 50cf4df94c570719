//===- RandomWeights.cpp - weights as transformers would draw them
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Runtime/IO/Weights.h"

#include "InChunks.h"

#include "hfc/Runtime/IO/Random.h"

#include <algorithm>

namespace hfc::io {

namespace {
/// transformers' default `initializer_range`.
constexpr float standardDeviation = 0.02f;

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
  inChunks(parameter.elements(), step, [&](int64_t begin, int64_t end) {
    float values[step];
    std::fill_n(values, end - begin, 1.0f);
    for (int64_t i = begin; initializer == Initializer::Normal && i < end; i += 2) {
      float pair[2];
      randomNormalPair(key, uint64_t(i / 2), pair);
      values[i - begin] = standardDeviation * pair[0];
      if (i + 1 < end)
        values[i + 1 - begin] = standardDeviation * pair[1];
    }
    convertFloats(values, HFC_FLOAT32, 1, target + begin * sizeOf(parameter.dtype), parameter.dtype, end - begin);
  });
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
