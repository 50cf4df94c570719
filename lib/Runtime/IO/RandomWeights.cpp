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

/// The `count` normal values from place `begin` of a stream on.
void drawNormal(uint64_t key, int64_t begin, int64_t count, float deviation, float *values) {
  for (int64_t i = begin; i < begin + count;) {
    float pair[2];
    randomNormalPair(key, uint64_t(i / 2), pair);
    for (; i < begin + count; ++i) {
      values[i - begin] = deviation * pair[i % 2];
      if (i % 2) {
        ++i;
        break;
      }
    }
  }
}

/// The value at place `at` of a stream: the first of its draws that is near enough.
double drawTruncated(uint64_t key, uint64_t at) {
  constexpr double most = 2;
  double value = randomNormal(key, at);
  while (std::fabs(value) > most)
    value = randomNormal(key = mixBits(key), at);
  return value;
}

/// The values of an initializer from place `begin` of a parameter's stream on.
void draw(const InitializerInfo &initializer, uint64_t key, int64_t begin, int64_t count, float *values) {
  double deviation = initializer.standardDeviation;
  switch (initializer.kind) {
  case Kind::normal:
    return drawNormal(key, begin, count, float(deviation), values);
  case Kind::truncatedNormal:
    for (int64_t i = 0; i < count; ++i)
      values[i] = float(deviation * drawTruncated(key, uint64_t(begin + i)));
    return;
  case Kind::uniform:
    for (int64_t i = 0; i < count; ++i)
      values[i] = float(deviation * std::sqrt(3.0) * (2 * randomUniform(key, uint64_t(begin + i)) - 1));
    return;
  case Kind::zeros:
  case Kind::ones:
    std::fill_n(values, count, initializer.kind == Kind::ones ? 1.0f : 0.0f);
  }
}

/// A rank's piece, row by row of its last dimension.
class PieceFiller {
public:
  PieceFiller(const ParameterInfo &parameter, Region region, uint64_t key, char *target)
      : parameter(parameter), region(std::move(region)), whole(parameter.wholeShape()),
        initializer(initializerOf(parameter)), key(key), target(target) {}

  void run() {
    if (region.isPadded() || initializer.kind == Kind::zeros)
      std::memset(target, 0, parameter.bytes());
    if (initializer.kind == Kind::zeros)
      return;
    int64_t columns = region.sizes.empty() ? 1 : region.sizes.back();
    int64_t rows = 1;
    for (size_t i = 0; i + 1 < region.sizes.size(); ++i)
      rows *= region.sizes[i];
    int64_t pieces = (columns + step - 1) / step;
    // Several short rows, or a part of a long one, at a time.
    inChunks(rows * pieces, std::max<int64_t>(1, step / std::max<int64_t>(columns, 1)),
             [&](int64_t begin, int64_t end) {
               for (int64_t i = begin; i < end; ++i)
                 fill(i / pieces, i % pieces * step, std::min(columns, (i % pieces + 1) * step));
             });
  }

private:
  static constexpr int64_t step = 4096;

  /// Columns [begin, end) of a row.
  void fill(int64_t row, int64_t begin, int64_t end) const {
    int64_t from = 0, to = 0, scale = 1, targetScale = 1;
    for (size_t i = whole.size(); i-- > 0;) {
      int64_t index = i + 1 == whole.size() ? begin : row % region.sizes[i];
      row = i + 1 == whole.size() ? row : row / region.sizes[i];
      from += (region.offsets[i] + index) * scale;
      to += index * targetScale;
      scale *= whole[i];
      targetScale *= region.padded[i];
    }
    float values[step];
    draw(initializer, key, from, end - begin, values);
    bool hasRows = initializer.zeroRow && whole.size() >= 2;
    if (hasRows && from / (scale / whole[0]) == *initializer.zeroRow)
      std::fill_n(values, end - begin, 0.0f);
    convertFloats(values, HFC_FLOAT32, 1, target + to * sizeOf(parameter.dtype), parameter.dtype, end - begin);
  }

  const ParameterInfo &parameter;
  Region region;
  const std::vector<int64_t> &whole;
  InitializerInfo initializer;
  uint64_t key;
  char *target;
};
} // namespace

Result<Weights> Weights::random(const ProgramInfo &program, uint64_t seed, const Progress &progress,
                                const WeightPlacement &placement) {
  Weights weights;
  int64_t done = 0, total = 0;
  for (const ParameterInfo &parameter : program.parameters)
    total += parameter.bytes();
  for (size_t i = 0; i < program.parameters.size(); ++i) {
    const ParameterInfo &parameter = program.parameters[i];
    char *target = placement.memory ? placement.memory(i) : nullptr;
    if (!target) {
      Result<char *> memory = weights.allocate(parameter.bytes());
      if (!memory)
        return Failure{memory.error()};
      target = *memory;
    }
    PieceFiller(parameter, regionOf(program.mesh, parameter, placement.rank), randomKey(seed, parameter.name), target)
        .run();
    weights.pointers.push_back(target);
    if (Status status = weights.handOver(i, placement); !status)
      return Failure{status.error()};
    done += parameter.bytes();
    if (progress)
      progress("drawing weights", done, total);
  }
  return weights;
}

} // namespace hfc::io
