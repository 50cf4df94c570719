//===- Options.h - the command line of hfc-mutate
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_MUTATE_OPTIONS_H
#define HFC_TOOLS_HFC_MUTATE_OPTIONS_H

#include "hfc/Frontend/Import.h"

namespace hfc {

/// What the user asked for, checked option by option.
struct MutateOptions {
  std::string model;
  ImportOptions import;
  std::vector<std::string> plugins;
  /// Names of kinds of faults; empty: all.
  std::vector<std::string> kinds;
  /// So many faults, evenly over kinds and sites; none: at every site.
  std::optional<int64_t> most;
  uint64_t seed = 1;
  std::string csv;
  bool list = false, help = false;
};

/// Reads the command line. On failure `error` is one message for a person.
LogicalResult parseOptions(ArrayRef<const char *> arguments, MutateOptions &options, std::string &error);

/// The text of --help.
void printHelp(llvm::raw_ostream &os);

} // namespace hfc

#endif // HFC_TOOLS_HFC_MUTATE_OPTIONS_H
