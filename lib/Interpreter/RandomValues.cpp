//===- RandomValues.cpp - random inputs, parameters and states for comparisons
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Interpreter/SameSemantics.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

#include <cmath>
#include <random>

using namespace hfc;
using namespace hfc::interpreter;

namespace {

/// The same for the same seed and name, whatever else is drawn.
std::mt19937_64 generatorFor(uint64_t seed, StringRef name) { return std::mt19937_64(seed ^ llvm::xxh3_64bits(name)); }

Word integerWord(int64_t value) { return static_cast<Word>(value); }

/// Places of normally distributed numbers.
void fillNormal(const Domain &domain, Tensor &tensor, std::mt19937_64 &random, double mean, double deviation) {
  std::normal_distribution<double> normal(mean, deviation);
  // Exact arithmetic takes any number as well as another.
  auto draw = [&] { return domain.isExact() ? std::ldexp(static_cast<double>(random() >> 11), -53) : normal(random); };
  for (Word &word : tensor.mutableWords())
    word = domain.fromReal(draw(), tensor.getElement());
}

/// What must not be negative, nor beyond one: rates, decays, counts.
void fillFractions(const Domain &domain, Tensor &tensor, std::mt19937_64 &random) {
  std::uniform_real_distribution<double> uniform(0.1, 0.9);
  for (Word &word : tensor.mutableWords())
    word = domain.fromReal(uniform(random), tensor.getElement());
}

/// Some of them ignored.
void fillLabels(Tensor &tensor, std::mt19937_64 &random, int64_t max) {
  constexpr int64_t ignored = -100;
  for (Word &word : tensor.mutableWords())
    word = integerWord(random() % 8 == 0 ? ignored : static_cast<int64_t>(random() % (max + 1)));
}

void fillUniform(Tensor &tensor, std::mt19937_64 &random, int64_t min, int64_t max) {
  std::uniform_int_distribution<int64_t> uniform(min, std::max(min, max));
  for (Word &word : tensor.mutableWords())
    word = integerWord(uniform(random));
}

/// Counts from 0 along the last dimension, and starts again at random places.
void fillPositions(Tensor &tensor, std::mt19937_64 &random, int64_t max) {
  int64_t length = tensor.getShape().empty() ? 1 : tensor.getShape().back(), position = 0;
  for (auto [place, word] : llvm::enumerate(tensor.mutableWords())) {
    if (place % length == 0 || position > max || random() % 8 == 0)
      position = 0;
    word = integerWord(position++);
  }
}

/// Numbers that rise now and then along the last dimension.
void fillSegments(Tensor &tensor, std::mt19937_64 &random) {
  int64_t length = tensor.getShape().empty() ? 1 : tensor.getShape().back(), segment = 0;
  for (auto [place, word] : llvm::enumerate(tensor.mutableWords())) {
    segment = place % length == 0 ? 0 : segment + (random() % 8 == 0);
    word = integerWord(segment);
  }
}

Tensor randomInput(const Domain &domain, const Port &port, uint64_t seed) {
  Tensor tensor(port.element, port.shape);
  std::mt19937_64 random = generatorFor(seed, port.name);
  if (isFloat(port.element)) {
    if (port.shape.empty())
      fillFractions(domain, tensor, random);
    else
      fillNormal(domain, tensor, random, 0, 1);
    return tensor;
  }
  int64_t min = port.min.value_or(0), max = port.max.value_or(port.element == Element::I1 ? 1 : min + 3);
  if (port.filling == "labels")
    fillLabels(tensor, random, std::max<int64_t>(max, 0));
  else if (port.filling == "arange")
    fillPositions(tensor, random, max);
  else if (port.filling == "segments")
    fillSegments(tensor, random);
  else
    fillUniform(tensor, random, min, max);
  return tensor;
}

/// The rows that the caches hold; 0 if there are none.
int64_t capacityOf(const Signature &signature) {
  int64_t capacity = 0;
  for (const Port &state : signature.states)
    if (state.shape.size() >= 2)
      capacity = capacity ? std::min(capacity, state.shape[1]) : state.shape[1];
  return capacity;
}

/// Generation's inputs fit together: what is in the cache, and how much of the chunk counts.
void fitToCapacity(const Signature &signature, TensorMap &inputs, uint64_t seed) {
  int64_t capacity = capacityOf(signature);
  auto past = inputs.find("past"), count = inputs.find("count"), ids = inputs.find("input_ids");
  if (!capacity || past == inputs.end() || count == inputs.end() || past->second.size() != count->second.size())
    return;
  int64_t chunk = ids == inputs.end() ? 1 : ids->second.getShape().back(), longest = 0;
  std::mt19937_64 random = generatorFor(seed, "past and count");
  for (int64_t batch = 0; batch < past->second.size(); ++batch) {
    int64_t counted = random() % (chunk + 1);
    int64_t before = random() % (capacity - std::min(counted, capacity) + 1);
    past->second.mutableWords()[batch] = integerWord(before);
    count->second.mutableWords()[batch] = integerWord(counted);
    longest = std::max(longest, before + counted);
  }
  if (auto total = inputs.find("total"); total != inputs.end())
    llvm::fill(total->second.mutableWords(), integerWord(longest));
}

} // namespace

TensorMap interpreter::randomInputs(const Domain &domain, const Signature &signature, uint64_t seed) {
  TensorMap inputs;
  for (const Port &port : signature.inputs)
    inputs[port.name] = randomInput(domain, port, seed);
  fitToCapacity(signature, inputs, seed);
  return inputs;
}

/// Matrices are such that products neither grow nor vanish; norms' weights are near one.
TensorMap interpreter::randomParameters(const Domain &domain, const Signature &signature, uint64_t seed) {
  TensorMap parameters;
  for (const Port &port : signature.parameters) {
    Tensor tensor(port.element, port.shape);
    std::mt19937_64 random = generatorFor(seed, port.name);
    bool norm = port.shape.size() == 1 && StringRef(port.name).ends_with("weight");
    double deviation = port.shape.size() < 2 ? 0.1 : 1 / std::sqrt(static_cast<double>(port.shape.back()));
    fillNormal(domain, tensor, random, norm ? 1 : 0, deviation);
    parameters[port.name] = std::move(tensor);
  }
  return parameters;
}

TensorMap interpreter::randomStates(const Domain &domain, const Signature &signature, uint64_t seed) {
  TensorMap states;
  for (const Port &port : signature.states) {
    Tensor tensor(port.element, port.shape);
    std::mt19937_64 random = generatorFor(seed, port.name);
    bool isSquare = StringRef(port.name).starts_with("moment2.");
    if (isFloat(port.element) && (isSquare || port.shape.empty()))
      fillFractions(domain, tensor, random);
    else if (isFloat(port.element))
      fillNormal(domain, tensor, random, 0, 1);
    states[port.name] = std::move(tensor);
  }
  return states;
}
