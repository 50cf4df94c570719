//===- RandomWeights.cpp - weights as transformers would draw them
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Runtime/IO/Weights.h"

#include "hfc/Runtime/IO/FillOnHost.h"
#include "hfc/Runtime/IO/Random.h"

#include <algorithm>
#include <cmath>

namespace hfc::io {

namespace {
/// transformers' default `initializer_range`.
constexpr float standardDeviation = 0.02f;

using Kind = InitializerInfo::Kind;

/// What the program says; else `_init_weights` by module kind, read off the state_dict name: vectors are biases or the
/// scales of norms.
InitializerInfo initializerOf(const ParameterInfo &parameter) {
  if (parameter.initializer)
    return *parameter.initializer;
  const std::string &name = parameter.name;
  bool isBias = name.size() >= 4 && name.compare(name.size() - 4, 4, "bias") == 0;
  if (isBias)
    return {Kind::zeros, 0, {}};
  bool isScale = parameter.shape.size() == 1 && name.size() >= 6 && name.compare(name.size() - 6, 6, "weight") == 0;
  return isScale ? InitializerInfo{Kind::ones, 0, {}} : InitializerInfo{Kind::normal, standardDeviation, {}};
}

/// What an initializer's values are drawn from.
Distribution distributionOf(const InitializerInfo &initializer) {
  double deviation = initializer.standardDeviation;
  // A normal value is within two deviations with this probability.
  constexpr double withinTwo = 0.9544997361036416;
  switch (initializer.kind) {
  case Kind::zeros:
    return {Distribution::constant, 0};
  case Kind::ones:
    return {Distribution::constant, 1};
  case Kind::normal:
    return {Distribution::normal, float(deviation)};
  case Kind::truncatedNormal:
    return {Distribution::normal, float(deviation), float(withinTwo), float(1 - withinTwo)};
  case Kind::uniform:
    return {Distribution::uniform, float(deviation * std::sqrt(3.0))};
  }
  return {};
}

/// Whether a dimension is neither cut nor padded.
bool isComplete(const Draw::Dim &dim) { return dim.size == dim.whole && dim.size == dim.padded; }

/// The dimensions of a piece, those merged that stand together in the whole and in the piece. More than there is room
/// for: none.
bool mergeDims(const std::vector<int64_t> &whole, const Region &region, Draw &draw) {
  std::vector<Draw::Dim> dims{{}};
  for (size_t i = whole.size(); i-- > 0;) {
    Draw::Dim &inner = dims.back();
    if (isComplete(inner))
      inner = {whole[i] * inner.whole, region.offsets[i] * inner.whole, region.sizes[i] * inner.whole,
               region.padded[i] * inner.whole};
    else
      dims.push_back({whole[i], region.offsets[i], region.sizes[i], region.padded[i]});
  }
  if (dims.size() > Draw::mostDims)
    return false;
  draw.rank = int32_t(dims.size());
  std::copy(dims.rbegin(), dims.rend(), draw.dims);
  return true;
}

Result<Draw> drawOf(const ParameterInfo &parameter, const Region &region, uint64_t seed) {
  if (parameter.dtype != HFC_FLOAT32 && parameter.dtype != HFC_BFLOAT16)
    return Failure{"parameter '" + parameter.name + "' is of " + std::string(nameOf(parameter.dtype)) +
                   ": random weights are float32 or bfloat16"};
  InitializerInfo initializer = initializerOf(parameter);
  Draw draw;
  draw.distribution = distributionOf(initializer);
  draw.dtype = parameter.dtype;
  draw.key = randomKey(seed, parameter.name);
  draw.elements = parameter.elements();
  const std::vector<int64_t> &whole = parameter.wholeShape();
  if (!mergeDims(whole, region, draw))
    return Failure{"parameter '" + parameter.name + "' " + shapeToString(whole) + " is cut along too many dimensions"};
  if (initializer.zeroRow && whole.size() >= 2) {
    int64_t row = 1;
    for (size_t i = 1; i < whole.size(); ++i)
      row *= whole[i];
    draw.zeroBegin = *initializer.zeroRow * row;
    draw.zeroEnd = draw.zeroBegin + row;
  }
  return draw;
}
} // namespace

Status Weights::fill(size_t parameter, const Draw &draw, const WeightPlacement &placement) {
  char *target = placement.memory ? placement.memory(parameter) : nullptr;
  pointers.push_back(target);
  if (target && placement.fill)
    return placement.fill(target, draw);
  if (!target) {
    Result<char *> memory = allocate(draw.elements * sizeOf(draw.dtype));
    if (!memory)
      return Failure{memory.error()};
    pointers.back() = target = *memory;
  }
  fillOnHost(draw, target);
  return handOver(parameter, placement);
}

Result<Weights> Weights::random(const ProgramInfo &program, uint64_t seed, const Progress &progress,
                                const WeightPlacement &placement) {
  Weights weights;
  int64_t done = 0, total = 0;
  for (const ParameterInfo &parameter : program.parameters)
    total += parameter.bytes();
  for (size_t i = 0; i < program.parameters.size(); ++i) {
    const ParameterInfo &parameter = program.parameters[i];
    Result<Draw> draw = drawOf(parameter, regionOf(program.mesh, parameter, placement.rank), seed);
    if (!draw)
      return Failure{draw.error()};
    if (Status status = weights.fill(i, *draw, placement); !status)
      return Failure{status.error()};
    done += parameter.bytes();
    if (progress)
      progress("drawing weights", done, total);
  }
  return weights;
}

} // namespace hfc::io
