//===- Options.h - the command line of hfc-reduce
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_REDUCE_OPTIONS_H
#define HFC_TOOLS_HFC_REDUCE_OPTIONS_H

#include "hfc/Support/LLVM.h"

#include <optional>
#include <string>
#include <vector>

namespace hfc {

struct ReduceOptions {
  std::string input;
  /// "-": standard output.
  std::string output = "-";
  /// What is to persist: one of the three. The first two are pipelines of passes, the last a program.
  std::optional<std::string> fails, differs, test;
  /// With `fails`: what the error says. Empty: the same as at first, numbers aside.
  std::string message;
  std::vector<std::string> plugins;
  bool printLocations = false, help = false;
};

/// Reads the command line. On failure `error` is one message for a person.
LogicalResult parseOptions(ArrayRef<const char *> arguments, ReduceOptions &options, std::string &error);

/// The text of --help.
void printHelp(llvm::raw_ostream &os);

} // namespace hfc

#endif // HFC_TOOLS_HFC_REDUCE_OPTIONS_H
