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
#include <string>
#include <vector>

namespace hfc::io {

/// One output against its reference.
struct Comparison {
  std::string name;
  std::vector<int64_t> shape;
  /// ‖out − ref‖ / ‖ref‖ over the positions that count; infinity where a value is not finite.
  double error = 0;
  double maxDifference = 0;
  /// Where the largest difference is.
  std::vector<int64_t> worst;
  /// Positions compared, of all.
  int64_t compared = 0, positions = 0;
  /// Values of the output, or of the reference, that are NaN or infinite.
  int64_t notFinite = 0;

  bool passed(double tolerance) const { return error <= tolerance; }
};

/// An output in memory.
struct OutputView {
  TensorInfo info;
  const void *data;
};

/// Compares all `outputs` that `reference` has too, over positions whose `mask` (null: all) is 1. With
/// `sequenceFirst` outputs are [S, B, …] and a reference may be [B, S, …].
Result<std::vector<Comparison>> compareOutputs(const std::vector<OutputView> &outputs, const SafeTensors &reference,
                                               const TensorView *mask, bool sequenceFirst);

/// A table for people.
std::string comparisonTable(const std::vector<Comparison> &comparisons, double tolerance, bool colors);

/// A JSON array, without a newline.
std::string comparisonJson(const std::vector<Comparison> &comparisons, double tolerance);

/// 1e-5 for float32, 2e-2 for bfloat16.
double defaultTolerance(const ProgramInfo &program);

} // namespace hfc::io

#endif // HFC_RUNTIME_IO_COMPARE_H
