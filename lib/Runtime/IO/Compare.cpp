//===- Compare.cpp - outputs against a reference
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Runtime/IO/Compare.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

namespace hfc::io {

namespace {
double relativeError(const Comparison &comparison, double norm) {
  if (!comparison.notFinite && norm > 0)
    return comparison.differenceNorm / norm;
  bool isSame = !comparison.notFinite && comparison.differenceNorm == 0;
  return isSame ? 0 : std::numeric_limits<double>::infinity();
}

/// Compares one output, position by position.
class Comparer {
public:
  Comparer(const OutputView &output, const TensorView &reference, const TensorView *mask, bool sequenceFirst)
      : output(output), reference(reference), shape(output.info.shape), sequenceFirst(sequenceFirst) {
    // A mask counts for outputs of each position, not for pooled ones.
    bool perPosition = mask && shape.size() >= 3 && mask->shape.size() == 2 && mask->dtype &&
                       mask->shape[sequenceFirst ? 1 : 0] == shape[0] && mask->shape[sequenceFirst ? 0 : 1] == shape[1];
    this->mask = perPosition ? mask : nullptr;
  }

  Result<Comparison> run() {
    if (!reference.dtype)
      return Failure{"reference '" + reference.name + "' is " + reference.dtypeName + ", which hfc does not read"};
    swapped = sequenceFirst && reference.shape != shape && swappedShape() == reference.shape;
    bool isScalar = output.info.elements() == 1 && reference.elements() == 1;
    if (reference.shape != shape && !swapped && !isScalar)
      return Failure{"output '" + output.info.name + "' is " + shapeToString(shape) + ", but its reference is " +
                     shapeToString(reference.shape)};
    comparison.name = output.info.name;
    comparison.shape = shape;
    rows = shape.size() >= 2 ? shape[0] : 1;
    columns = shape.size() >= 3 ? shape[1] : 1;
    inner = rows * columns ? output.info.elements() / (rows * columns) : 0;
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t column = 0; column < columns; ++column)
        addPosition(row, column);
    if (comparison.compared == 0 && comparison.positions > 0)
      return Failure{"attention_mask is 0 everywhere: there is nothing to compare"};
    finish();
    return comparison;
  }

private:
  std::vector<int64_t> swappedShape() const {
    std::vector<int64_t> result = shape;
    if (result.size() >= 3)
      std::swap(result[0], result[1]);
    return result;
  }

  void addPosition(int64_t row, int64_t column) {
    ++comparison.positions;
    if (mask) {
      int64_t at = sequenceFirst ? column * rows + row : row * columns + column;
      if (loadElement(mask->data, *mask->dtype, at) != 1)
        return;
    }
    ++comparison.compared;
    int64_t first = (row * columns + column) * inner;
    int64_t referenceFirst = swapped ? (column * rows + row) * inner : first;
    for (int64_t i = 0; i < inner; ++i)
      addValue(first + i, loadElement(output.data, output.info.dtype, first + i),
               loadElement(reference.data, *reference.dtype, referenceFirst + i));
    int64_t size = sizeOf(*reference.dtype);
    reference.file->drop(reference.data + referenceFirst * size, inner * size);
  }

  void addValue(int64_t flat, double value, double expected) {
    // A loss of which no label counts is no number, and is to be none.
    if (std::isnan(value) && std::isnan(expected))
      return;
    if (!std::isfinite(value) || !std::isfinite(expected)) {
      if (comparison.notFinite++ == 0)
        worst = flat;
      return;
    }
    double difference = std::fabs(value - expected);
    squaredDifference += difference * difference;
    squaredReference += expected * expected;
    if (difference > comparison.maxDifference) {
      comparison.maxDifference = difference;
      if (comparison.notFinite == 0)
        worst = flat;
    }
  }

  void finish() {
    comparison.isGradient = output.info.name.rfind("grad.", 0) == 0;
    comparison.differenceNorm = std::sqrt(squaredDifference);
    comparison.referenceNorm = std::sqrt(squaredReference);
    comparison.error = relativeError(comparison, comparison.referenceNorm);
    comparison.worst.resize(shape.size());
    for (size_t i = shape.size(); i-- > 0;) {
      comparison.worst[i] = shape[i] ? worst % shape[i] : 0;
      worst /= std::max<int64_t>(shape[i], 1);
    }
  }

  const OutputView &output;
  const TensorView &reference;
  const std::vector<int64_t> &shape;
  const TensorView *mask;
  bool sequenceFirst, swapped = false;
  int64_t rows = 1, columns = 1, inner = 0, worst = 0;
  double squaredDifference = 0, squaredReference = 0;
  Comparison comparison;
};

/// The scale of all gradients together enters each one's error.
void measureGradients(std::vector<Comparison> &comparisons) {
  double squares = 0;
  int64_t count = 0;
  for (const Comparison &each : comparisons)
    if (each.isGradient) {
      squares += each.referenceNorm * each.referenceNorm;
      ++count;
    }
  double least = count ? 1e-2 * std::sqrt(squares / double(count)) : 0;
  for (Comparison &each : comparisons)
    if (each.isGradient)
      each.error = relativeError(each, std::max(each.referenceNorm, least));
}

std::string format(const char *pattern, double value) {
  char text[32];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

std::string pad(std::string text, size_t width) {
  if (text.size() < width)
    text.append(width - text.size(), ' ');
  return text;
}
} // namespace

Result<std::vector<Comparison>> compareOutputs(const std::vector<OutputView> &outputs, const SafeTensors &reference,
                                               const TensorView *mask, bool sequenceFirst) {
  std::vector<Comparison> comparisons;
  std::string names;
  for (const OutputView &output : outputs) {
    names += (names.empty() ? "'" : ", '") + output.info.name + "'";
    const TensorView *expected = reference.find(output.info.name);
    if (!expected)
      continue;
    Result<Comparison> comparison = Comparer(output, *expected, mask, sequenceFirst).run();
    if (!comparison)
      return Failure{comparison.error()};
    comparisons.push_back(std::move(*comparison));
  }
  if (comparisons.empty())
    return Failure{"'" + reference.path() + "' has none of the program's outputs (" + names +
                   "): there is nothing to compare"};
  measureGradients(comparisons);
  return comparisons;
}

std::optional<double> medianOfGradients(const std::vector<Comparison> &comparisons) {
  std::vector<double> errors;
  for (const Comparison &each : comparisons)
    if (each.isGradient)
      errors.push_back(each.error);
  if (errors.empty())
    return std::nullopt;
  auto middle = errors.begin() + errors.size() / 2;
  std::nth_element(errors.begin(), middle, errors.end());
  return *middle;
}

static bool medianPassed(const std::vector<Comparison> &comparisons, const Tolerances &tolerances) {
  std::optional<double> median = medianOfGradients(comparisons);
  return !median || !tolerances.median || *median <= *tolerances.median;
}

bool allPassed(const std::vector<Comparison> &comparisons, const Tolerances &tolerances) {
  return medianPassed(comparisons, tolerances) &&
         std::all_of(comparisons.begin(), comparisons.end(),
                     [&](const Comparison &each) { return each.passed(tolerances.of(each)); });
}

static std::string verdict(bool passed, bool colors) {
  if (!colors)
    return passed ? "ok" : "FAILED";
  return passed ? "\033[32mok\033[0m" : "\033[31mFAILED\033[0m";
}

std::string comparisonTable(const std::vector<Comparison> &comparisons, const Tolerances &tolerances, bool colors) {
  size_t width = 8;
  for (const Comparison &comparison : comparisons)
    width = std::max(width, comparison.name.size() + 2);
  std::string table = pad("output", width) + pad("shape", 18) + pad("positions", 12) + pad("error", 12) +
                      pad("tolerance", 12) + pad("max |diff|", 12) + "at\n";
  for (const Comparison &each : comparisons) {
    double tolerance = tolerances.of(each);
    table += pad(each.name, width) + pad(shapeToString(each.shape), 18);
    table += pad(std::to_string(each.compared) + "/" + std::to_string(each.positions), 12);
    table += pad(format("%.2e", each.error), 12) + pad(format("%.2e", tolerance), 12);
    table += pad(format("%.2e", each.maxDifference), 12) + pad(shapeToString(each.worst), 16);
    table += verdict(each.passed(tolerance), colors);
    if (each.notFinite)
      table += " (" + std::to_string(each.notFinite) + " values are NaN or infinite)";
    table += "\n";
  }
  if (std::optional<double> median = medianOfGradients(comparisons)) {
    table += pad("median of gradients", width + 30) + pad(format("%.2e", *median), 12);
    if (tolerances.median)
      table += pad(format("%.2e", *tolerances.median), 40) + verdict(medianPassed(comparisons, tolerances), colors);
    table += "\n";
  }
  return table;
}

std::string comparisonJson(const std::vector<Comparison> &comparisons, const Tolerances &tolerances) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Comparison &each : comparisons) {
    double tolerance = tolerances.of(each);
    nlohmann::ordered_json row = {{"name", each.name}, {"shape", each.shape}};
    // JSON has no infinity: null.
    row["error"] = std::isfinite(each.error) ? nlohmann::ordered_json(each.error) : nlohmann::ordered_json(nullptr);
    row["tolerance"] = tolerance;
    row["max_difference"] = each.maxDifference;
    row["worst"] = each.worst;
    row["compared"] = each.compared;
    row["positions"] = each.positions;
    row["not_finite"] = each.notFinite;
    row["passed"] = each.passed(tolerance);
    list.push_back(std::move(row));
  }
  return list.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

double defaultTolerance(const ProgramInfo &program) { return program.dtype == "bfloat16" ? 2e-2 : 1e-5; }

Tolerances tolerancesOf(const ProgramInfo &program, std::optional<double> given) {
  if (given || program.dtype != "bfloat16")
    return given.value_or(defaultTolerance(program));
  return {defaultTolerance(program), /*gradients=*/5e-2, /*median=*/2e-2};
}

} // namespace hfc::io
