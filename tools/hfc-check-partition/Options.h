//===- Options.h - the command line of hfc-check-partition
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_CHECK_PARTITION_OPTIONS_H
#define HFC_TOOLS_HFC_CHECK_PARTITION_OPTIONS_H

#include "hfc/Workbench/Trial.h"

namespace hfc {

enum class RowFormat { Text, JSON, CSV };

struct CheckOptions {
  workbench::Trial trial;
  /// What to compare with.
  std::string baseline = "megatron";
  /// A file; empty: the one that comes with hfc.
  std::string machine;
  RowFormat format = RowFormat::Text;
  /// All models of a folder; empty: of the one that comes with hfc.
  std::optional<std::string> suite;
  /// The suite's files, without their endings.
  std::string output = "suite";
  /// How many trials run side by side; 0: as many as there are cores.
  unsigned jobs = 0;
  bool help = false;
};

/// Reads the command line. Returns what is wrong, in one line; empty if nothing is.
std::string parseOptions(ArrayRef<const char *> arguments, CheckOptions &options);

/// The text of --help.
void printHelp(llvm::raw_ostream &os);

} // namespace hfc

#endif // HFC_TOOLS_HFC_CHECK_PARTITION_OPTIONS_H
