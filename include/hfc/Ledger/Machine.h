//===- Machine.h - a machine for roofline times
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LEDGER_MACHINE_H
#define HFC_LEDGER_MACHINE_H

#include "hfc/Ledger/Ledger.h"

#include "llvm/Support/Error.h"

namespace hfc::ledger {

/// What a machine can do at most, read from a JSON file such as `machines/h200x4.json`.
struct Machine {
  std::string name;
  /// Whether the numbers have been measured; else times are what data sheets promise.
  bool calibrated = false;
  int64_t devices = 1;
  int64_t memory = 0;                        ///< bytes of a device
  double memoryBandwidth = 0;                ///< bytes per second
  double floatRate = 0, bfloat16Rate = 0;    ///< floating-point operations per second, of products
  double vectorRate = 0;                     ///< of everything else
  double linkBandwidth = 0;                  ///< bytes per second that a device sends
  double linkLatency = 0, launchLatency = 0; ///< seconds
  Overhead overhead;

  /// Fails with what is wrong: an unknown or missing key, a number that is not positive.
  static llvm::Expected<Machine> read(StringRef file);
};

/// Sets the time of every line: the longest of computing, moving and sending, and what starting it costs; and how much
/// of a collective's is exposed.
void estimateTimes(Ledger &ledger, const Machine &machine);

/// Microseconds of an entry, where lines of different streams run side by side and those of one stream do not.
double estimatedTime(const Entry &entry);
/// Microseconds of a step: its entries one after the other, as often as they run.
double estimatedTime(const Ledger &ledger);
/// Microseconds of an entry in which its main stream only waits for collectives.
double exposedTime(const Entry &entry);

} // namespace hfc::ledger

#endif // HFC_LEDGER_MACHINE_H
