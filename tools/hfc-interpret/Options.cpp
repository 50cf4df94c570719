//===- Options.cpp - the command line of hfc-interpret
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"

#include "../hfc-compile/OptionTable.h"

#include "hfc/Pipelines/Pipelines.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace hfc;

namespace {

/// Takes an option's value; returns what is wrong with it, else an empty string.
using Handler = std::string (*)(StringRef value, InterpretOptions &options);

struct InterpretOption {
  StringRef name;
  /// The value as help shows it; empty for flags.
  StringRef value;
  StringRef help;
  Handler handle;
};

std::string noProblem() { return ""; }

template <std::string InterpretOptions::*Field>
std::string takeText(StringRef value, InterpretOptions &options) {
  if (value.empty())
    return "the value is empty";
  options.*Field = value.str();
  return noProblem();
}

template <bool InterpretOptions::*Field>
std::string takeFlag(StringRef, InterpretOptions &options) {
  options.*Field = true;
  return noProblem();
}

std::string takeDomain(StringRef value, InterpretOptions &options) {
  if (!interpreter::createDomain(value))
    return "'" + value.str() + "' is no domain; there are typed, float64, bfloat16, field";
  options.execution.domain = value.str();
  options.domainGiven = true;
  return noProblem();
}

std::string takeSeed(StringRef value, InterpretOptions &options) {
  return value.getAsInteger(10, options.execution.seed) ? "'" + value.str() + "' is no number" : noProblem();
}

std::string takeStreams(StringRef value, InterpretOptions &options) {
  options.execution.randomStreams = value != "in-order";
  if (value == "in-order")
    return noProblem();
  if (!value.consume_front("random:"))
    return "'" + value.str() + "' is neither in-order nor random:SEED";
  return takeSeed(value, options);
}

std::string takeReal(StringRef value, double &field, bool mayBeInfinite = false) {
  if (value.getAsDouble(field) || !(field >= 0) || (std::isinf(field) && !mayBeInfinite))
    return "'" + value.str() + "' is no number that is not negative";
  return noProblem();
}

template <double OptimizerOptions::*Field>
std::string takeRate(StringRef value, InterpretOptions &options) {
  return takeReal(value, options.optimizer.*Field, Field == &OptimizerOptions::clip);
}

std::string takeBetas(StringRef value, InterpretOptions &options) {
  auto [first, second] = value.split(',');
  double &beta1 = options.optimizer.beta1, &beta2 = options.optimizer.beta2;
  bool isWrong = !takeReal(first, beta1).empty() || !takeReal(second, beta2).empty() || beta1 >= 1 || beta2 >= 1;
  return isWrong ? "'" + value.str() + "' is not two numbers below 1, such as 0.9,0.999" : noProblem();
}

std::string takeTolerance(StringRef value, InterpretOptions &options) {
  double tolerance = 0;
  if (value.getAsDouble(tolerance) || !(tolerance >= 0) || std::isinf(tolerance))
    return "'" + value.str() + "' is no tolerance: a number that is not negative";
  options.tolerance = tolerance;
  return noProblem();
}

std::string takeCount(StringRef value, std::optional<int64_t> &field) {
  int64_t count = 0;
  if (value.getAsInteger(10, count) || count < 1)
    return "'" + value.str() + "' is no positive number";
  field = count;
  return noProblem();
}

/// Both the kind of input that a model is compiled for and the file: the kinds' names are no files.
std::string takeInputs(StringRef value, InterpretOptions &options) {
  if (value == "input_ids")
    options.import.inputs = InputKind::inputIds;
  else if (value == "inputs_embeds")
    options.import.inputs = InputKind::inputsEmbeds;
  else
    return takeText<&InterpretOptions::inputs>(value, options);
  return noProblem();
}

std::string takeStage(StringRef value, InterpretOptions &options) {
  auto runs = [](Phase phase) { return phase != Phase::LLVM && phase != Phase::PTX; };
  options.stage = phaseNamed(value);
  if (options.stage && runs(*options.stage))
    return noProblem();
  std::string names;
  for (const PhaseInfo &info : getPhases())
    if (runs(info.phase))
      names += (names.empty() ? "" : ", ") + info.name.str();
  return "'" + value.str() + "' is none of " + names;
}

const InterpretOption optionTable[] = {
    {"stage", "PHASE", "bring the IR to a phase first: import, layout, …, rt, kernel or gpu (threads)", takeStage},
    {"weights", "DIR|FILE|random:SEED", "safetensors", takeText<&InterpretOptions::weights>},
    {"inputs", "FILE|random:SEED|KIND", "safetensors by HF names; KIND is input_ids or inputs_embeds", takeInputs},
    {"outputs", "FILE", "write the outputs as safetensors", takeText<&InterpretOptions::outputs>},
    {"check", "FILE", "compare every output that this safetensors file has too", takeText<&InterpretOptions::check>},
    {"tolerance", "T", "the largest relative error that passes", takeTolerance},
    {"steps", "N", "training: so many steps of AdamW on the batch; default: loss and gradients only",
     [](StringRef value, InterpretOptions &options) { return takeCount(value, options.optimizer.steps); }},
    {"lr", "RATE", "default 1e-3", takeRate<&OptimizerOptions::rate>},
    {"betas", "B1,B2", "default 0.9,0.999", takeBetas},
    {"eps", "E", "default 1e-8", takeRate<&OptimizerOptions::epsilon>},
    {"weight-decay", "D", "default 0.01", takeRate<&OptimizerOptions::weightDecay>},
    {"clip", "NORM", "clip gradients to this norm of them all; default: inf", takeRate<&OptimizerOptions::clip>},
    {"save", "FILE", "write the trained parameters as safetensors", takeText<&InterpretOptions::save>},
    {"prompt-ids", "1,2,3", "generate after these tokens; ';' separates prompts",
     takeText<&InterpretOptions::promptIds>},
    {"max-new-tokens", "N", "how many; default 16",
     [](StringRef value, InterpretOptions &options) { return takeCount(value, options.newTokens); }},
    {"ignore-eos", "", "do not stop at the end of a sequence", takeFlag<&InterpretOptions::ignoreEos>},
    {"entry", "NAME", "the entry to run; default: forward, or the only one", takeText<&InterpretOptions::entry>},
    {"load-pass-plugin", "FILE", "a plugin: strategies, passes, dialects",
     [](StringRef value, InterpretOptions &options) {
       options.plugins.push_back(value.str());
       return noProblem();
     }},
    {"domain", "DOMAIN", "typed (floats rounded to their types), float64, bfloat16, field (exact, in a prime field)",
     takeDomain},
    {"streams", "in-order|random:SEED", "the order of work of different streams", takeStreams},
    {"poison-padding", "", "NaN instead of zeros in the padding of inputs: what depends on it shows",
     [](StringRef, InterpretOptions &options) {
       options.execution.poisonPadding = true;
       return noProblem();
     }},
    {"costs", "", "say what each entry's runs cost a rank: floating-point operations, bytes of the arena",
     takeFlag<&InterpretOptions::costs>},
    {"collectives", "", "say how often a rank took part in each collective", takeFlag<&InterpretOptions::collectives>},
    {"compare", "B.mlir|PHASE", "run B too, on the same random values, and compare",
     takeText<&InterpretOptions::compare>},
    {"seed", "N", "of the random values; default 0", takeSeed},
    {"print", "", "print the outputs", takeFlag<&InterpretOptions::print>},
    {"json", "", "results as JSON", takeFlag<&InterpretOptions::json>},
    {"help", "", "print this", takeFlag<&InterpretOptions::help>},
};

/// An option of the interpreter, or one of hfc-compile's that say how a model is imported.
struct FoundOption {
  const InterpretOption *own = nullptr;
  const OptionInfo *shared = nullptr;

  StringRef value() const { return own ? own->value : shared->value; }
};

FoundOption findOption(StringRef name) {
  for (const InterpretOption &info : optionTable)
    if (info.name == name)
      return {&info, nullptr};
  for (const OptionInfo &info : getOptionTable())
    if (info.isImport && info.name == name)
      return {nullptr, &info};
  return {};
}

std::string takeShared(const OptionInfo &info, StringRef value, InterpretOptions &options) {
  Options shared;
  std::swap(shared.import, options.import);
  std::string problem = info.handle(value, shared);
  std::swap(shared.import, options.import);
  if (options.importOption.empty())
    options.importOption = "--" + info.name.str();
  return problem;
}

/// Takes the argument at `i`, and the next one if that is its value. Returns what is wrong.
std::string takeOption(ArrayRef<const char *> arguments, size_t &i, InterpretOptions &options) {
  StringRef argument = arguments[i];
  auto [name, value] = argument.ltrim('-').split('=');
  FoundOption found = findOption(name == "h" ? "help" : name);
  if (!found.own && !found.shared)
    return "there is no option '" + argument.split('=').first.str() + "'; --help lists all";
  bool isFlag = found.value().empty(), hasValue = argument.contains('=');
  std::string problem;
  if (isFlag && hasValue)
    problem = "takes no value";
  else if (!isFlag && !hasValue && i + 1 == arguments.size())
    problem = "needs a value: " + found.value().str();
  else if (!isFlag && !hasValue)
    value = arguments[++i];
  if (problem.empty())
    problem = found.own ? found.own->handle(value, options) : takeShared(*found.shared, value, options);
  return problem.empty() ? problem : "--" + name.str() + ": " + problem;
}

void printRow(llvm::raw_ostream &os, StringRef name, StringRef value, StringRef help) {
  std::string left = "--" + name.str() + (value.empty() ? "" : "=" + value.str());
  os << llvm::format("  %-34s", left.c_str()) << ' ' << help << '\n';
}

} // namespace

LogicalResult hfc::parseOptions(ArrayRef<const char *> arguments, InterpretOptions &options, std::string &error) {
  for (size_t i = 0; i < arguments.size() && error.empty(); ++i) {
    StringRef argument = arguments[i];
    if (argument.starts_with("-") && argument != "-") {
      error = takeOption(arguments, i, options);
      continue;
    }
    if (!options.model.empty())
      error =
          "there is one model to interpret, but both '" + options.model + "' and '" + argument.str() + "' are given";
    options.model = argument.str();
  }
  if (error.empty() && options.model.empty() && !options.help)
    error = "no model is given: name a checkpoint folder, a config.json, a model.json, an .mlir file, or '-'; --help "
            "says more";
  return failure(!error.empty());
}

void hfc::printHelp(llvm::raw_ostream &os) {
  os << "The reference interpreter: runs the IR of any stage.\n\n"
        "usage: hfc-interpret MODEL [options]\n\n"
        "  MODEL is an HF checkpoint folder, a config.json, a model.json, or an .mlir file of any phase\n"
        "  (\"-\": standard input).\n\n";
  for (const InterpretOption &info : optionTable)
    printRow(os, info.name, info.value, info.help);
  os << "\nAs in hfc-compile, for models:\n";
  for (const OptionInfo &info : getOptionTable())
    if (info.isImport && !findOption(info.name).own)
      printRow(os, info.name, info.value, info.help);
  os << "\nExit status: 0 done; 1 a comparison failed; 2 the input is wrong; 3 an internal error.\n";
}
