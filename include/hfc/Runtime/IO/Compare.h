//===- Compare.h - outputs against a reference
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_RUNTIME_IO_COMPARE_H
#define HFC_RUNTIME_IO_COMPARE_H

#include "hfc/Runtime/IO/Metadata.h"
#include "hfc/Runtime/IO/SafeTensors.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace hfc::io {

/// One output against its reference.
struct Comparison {
  std::string name;
  std::vector<int64_t> shape;
  /// ‖out − ref‖ / ‖ref‖ over the positions that count; infinity where a value is not finite. Of a gradient, ‖ref‖ is
  /// at least a hundredth of the root mean square of all compared gradients' norms: some gradients are zero but for
  /// noise.
  double error = 0;
  bool isGradient = false;
  double differenceNorm = 0, referenceNorm = 0;
  double maxDifference = 0;
  /// Where the largest difference is.
  std::vector<int64_t> worst;
  /// Positions compared, of all.
  int64_t compared = 0, positions = 0;
  /// Values of the output, or of the reference, that are NaN or infinite, but for those that are NaN in both.
  int64_t notFinite = 0;

  bool passed(double tolerance) const { return error <= tolerance; }
};

/// The largest errors that pass.
struct Tolerances {
  Tolerances(double all) : outputs(all), gradients(all) {}
  Tolerances(double outputs, double gradients, double median)
      : outputs(outputs), gradients(gradients), median(median) {}

  double of(const Comparison &comparison) const { return comparison.isGradient ? gradients : outputs; }

  double outputs, gradients;
  /// Of the median over all gradients.
  std::optional<double> median;
};

/// An output in memory.
struct OutputView {
  TensorInfo info;
  const void *data;
};

/// Compares all `outputs` that `reference` has too, over positions whose `mask` (null: all) is 1. Those called "grad.…"
/// are gradients. With
/// `sequenceFirst` outputs are [S, B, …] and a reference may be [B, S, …].
Result<std::vector<Comparison>> compareOutputs(const std::vector<OutputView> &outputs, const SafeTensors &reference,
                                               const TensorView *mask, bool sequenceFirst);

/// The median of the gradients' errors; nothing if there are no gradients.
std::optional<double> medianOfGradients(const std::vector<Comparison> &comparisons);

/// Whether each error, and the gradients' median, is tolerable.
bool allPassed(const std::vector<Comparison> &comparisons, const Tolerances &tolerances);

/// A table for people.
std::string comparisonTable(const std::vector<Comparison> &comparisons, const Tolerances &tolerances, bool colors);

/// A JSON array, without a newline.
std::string comparisonJson(const std::vector<Comparison> &comparisons, const Tolerances &tolerances);

/// 1e-5 for float32, 2e-2 for bfloat16.
double defaultTolerance(const ProgramInfo &program);

/// What the user says, for everything; else 1e-5 for float32, and for bfloat16 2e-2 for outputs, 5e-2 for each gradient
/// and 2e-2 for their median.
Tolerances tolerancesOf(const ProgramInfo &program, std::optional<double> given);

} // namespace hfc::io

#endif // HFC_RUNTIME_IO_COMPARE_H
