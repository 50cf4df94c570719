//===- Options.h - the command line of hfc-interpret
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_INTERPRET_OPTIONS_H
#define HFC_TOOLS_HFC_INTERPRET_OPTIONS_H

#include "hfc/Interpreter/Interpreter.h"

namespace hfc {

/// What the user asked for, checked option by option.
struct InterpretOptions {
  std::string model;
  interpreter::Options execution;
  bool domainGiven = false;
  std::string entry;
  /// Another module to compare with on random values.
  std::string compare;
  std::optional<double> tolerance;
  bool print = false, json = false, help = false;
};

/// Reads the command line. On failure `error` is one message for a person.
LogicalResult parseOptions(ArrayRef<const char *> arguments, InterpretOptions &options, std::string &error);

/// The text of --help.
void printHelp(llvm::raw_ostream &os);

} // namespace hfc

#endif // HFC_TOOLS_HFC_INTERPRET_OPTIONS_H
