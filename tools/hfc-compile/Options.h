//===- Options.h - the command line of hfc-compile ---------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_COMPILE_OPTIONS_H
#define HFC_TOOLS_HFC_COMPILE_OPTIONS_H

#include "hfc/Frontend/Import.h"
#include "hfc/Ledger/Print.h"
#include "hfc/Pipelines/Pipelines.h"

#include "llvm/ADT/StringMap.h"

#include <string>

namespace hfc {

enum class ReportFormat { None, Text, JSON, HTML };

/// What the user asked for, checked as far as that is possible without the model.
struct Options {
  std::string model;
  /// Empty: no program; with `emit`, standard output.
  std::string output;
  ImportOptions import;
  /// The first option given that says something about a model's import, for messages; empty if there was none.
  std::string importOption;
  std::optional<Phase> emit;
  bool printLocations = false;
  ReportFormat report = ReportFormat::None;
  /// A file; empty: no times.
  std::string machine;
  ledger::Budget budget;
  /// Resolved; empty if the user did not say.
  std::string cpu;
  /// Empty if the user did not say.
  std::string gpu;
  bool deterministic = false;
  std::vector<std::string> plugins;
  /// On, if the user did not say.
  std::optional<bool> verifyPartition;
  /// The global program of IR that is local; empty if the user did not say.
  std::string reference;
  bool help = false, version = false;
};

/// Reads the command line. On failure `error` is one message for a person.
LogicalResult parseOptions(ArrayRef<const char *> arguments, Options &options, std::string &error);

/// The text of --help.
void printHelp(llvm::raw_ostream &os);

} // namespace hfc

#endif // HFC_TOOLS_HFC_COMPILE_OPTIONS_H
