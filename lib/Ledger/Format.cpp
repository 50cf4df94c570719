//===- Format.cpp - numbers for people
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Format.h"

#include "hfc/Ledger/Print.h"

#include "llvm/Support/FormatVariadic.h"

using namespace hfc;

/// At most four digits and a unit.
static std::string scaled(double value, double step, ArrayRef<StringRef> units) {
  size_t unit = 0;
  while (value >= step && unit + 1 < units.size()) {
    value /= step;
    ++unit;
  }
  return unit == 0 ? llvm::formatv("{0:F0} {1}", value, units[0]).str()
                   : llvm::formatv("{0:F2} {1}", value, units[unit]).str();
}

std::string ledger::formatBytes(int64_t bytes) {
  return scaled(static_cast<double>(bytes), 1024, {"B", "KiB", "MiB", "GiB", "TiB", "PiB"});
}

std::string ledger::formatFlops(int64_t flops) {
  return scaled(static_cast<double>(flops), 1000, {"FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP", "PFLOP", "EFLOP"});
}

std::string ledger::formatTime(double microseconds) { return scaled(microseconds, 1000, {"µs", "ms", "s"}); }

std::string ledger::formatShape(ArrayRef<int64_t> shape) {
  std::string text;
  for (int64_t size : shape)
    text += (text.empty() ? "" : "×") + std::to_string(size);
  return text.empty() ? "scalar" : text;
}
