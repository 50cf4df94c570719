//===- Options.h - the command line of hfc-interpret
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_INTERPRET_OPTIONS_H
#define HFC_TOOLS_HFC_INTERPRET_OPTIONS_H

#include "hfc/Frontend/Import.h"
#include "hfc/Interpreter/Interpreter.h"
#include "hfc/Pipelines/Pipelines.h"

#include <limits>

namespace hfc {

/// AdamW, as torch has it.
struct OptimizerOptions {
  /// None: gradients only.
  std::optional<int64_t> steps;
  double rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01;
  /// The largest norm of all gradients; infinite: they are not clipped.
  double clip = std::numeric_limits<double>::infinity();
};

/// What the user asked for, checked option by option.
struct InterpretOptions {
  std::string model;

  // Of a model's import.
  ImportOptions import;
  /// The first option given that only an import understands; empty if there was none.
  std::string importOption;
  /// How far the IR is brought before it is interpreted; none: as it is.
  std::optional<Phase> stage;

  std::vector<std::string> plugins;

  // Values.
  std::string weights, inputs, outputs, check;
  /// Where the parameters are written after training.
  std::string save;
  OptimizerOptions optimizer;
  std::optional<double> tolerance;
  std::string promptIds;
  std::optional<int64_t> newTokens;
  bool ignoreEos = false;

  // Execution.
  interpreter::Options execution;
  bool domainGiven = false;
  std::string entry;
  /// Another module, or another phase of this one, to compare with on random values.
  std::string compare;
  bool print = false, json = false, collectives = false, costs = false, help = false;

  bool generates() const { return !promptIds.empty() || newTokens || import.task == Task::generate; }
};

/// Reads the command line. On failure `error` is one message for a person.
LogicalResult parseOptions(ArrayRef<const char *> arguments, InterpretOptions &options, std::string &error);

/// The text of --help.
void printHelp(llvm::raw_ostream &os);

} // namespace hfc

#endif // HFC_TOOLS_HFC_INTERPRET_OPTIONS_H
