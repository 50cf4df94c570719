//===- Options.cpp - the command line of hfc-interpret
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"

#include "hfc/Pipelines/Pipelines.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace hfc;

namespace {

/// Takes an option's value; returns what is wrong with it, else an empty string.
using Handler = std::string (*)(StringRef value, InterpretOptions &options);

struct OptionInfo {
  StringRef name;
  /// The value as help shows it; empty for flags.
  StringRef value;
  StringRef help;
  Handler handle;
  /// Whether only a model's import understands it.
  bool isImport = false;
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
    return "'" + value.str() + "' is no domain; there are typed, float64, bfloat16";
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

std::string takeRanks(StringRef value, InterpretOptions &options) {
  if (value.getAsInteger(10, options.execution.ranks) || options.execution.ranks < 1 || options.execution.ranks > 1024)
    return "'" + value.str() + "' is no number from 1 to 1024";
  return noProblem();
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

/// A value out of a few that have names.
template <typename T>
std::string takeChoice(StringRef value, std::optional<T> &field, ArrayRef<std::pair<StringRef, T>> choices) {
  std::string names;
  for (const auto &[name, choice] : choices) {
    if (value == name) {
      field = choice;
      return noProblem();
    }
    names += (names.empty() ? "" : ", ") + name.str();
  }
  return "'" + value.str() + "' is none of " + names;
}

std::string takeTask(StringRef value, InterpretOptions &options) {
  return takeChoice<Task>(value, options.import.task, {{"forward", Task::forward}, {"generate", Task::generate}});
}

std::string takeDtype(StringRef value, InterpretOptions &options) {
  return takeChoice<ProgramType>(value, options.import.dtype,
                                 {{"float32", ProgramType::float32}, {"bfloat16", ProgramType::bfloat16}});
}

std::string takeLayout(StringRef value, InterpretOptions &options) {
  return takeChoice<BoundaryLayout>(
      value, options.import.layout,
      {{"batch-first", BoundaryLayout::batchFirst}, {"sequence-first", BoundaryLayout::sequenceFirst}});
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
  options.stage = phaseNamed(value);
  if (!options.stage || *options.stage == Phase::LLVM || *options.stage == Phase::PTX)
    return "'" + value.str() + "' is none of import, layout, fuse, rt, kernel, gpu";
  return noProblem();
}

const OptionInfo optionTable[] = {
    {"task", "forward|generate", "what a model is imported for; default forward", takeTask, true},
    {"batch", "B", "default: as in the inputs' file",
     [](StringRef value, InterpretOptions &options) { return takeCount(value, options.import.batch); }, true},
    {"seq", "S", "default: as in the inputs' file",
     [](StringRef value, InterpretOptions &options) { return takeCount(value, options.import.sequence); }, true},
    {"dtype", "float32|bfloat16", "of parameters and activations; default: the config's", takeDtype, true},
    {"layout", "batch-first|sequence-first", "of the activations at the boundary", takeLayout, true},
    {"stage", "PHASE", "bring the IR to import, layout, fuse, rt, kernel or gpu (threads) first", takeStage},
    {"weights", "DIR|FILE|random:SEED", "safetensors", takeText<&InterpretOptions::weights>},
    {"inputs", "FILE|random:SEED|KIND", "safetensors by HF names; KIND is input_ids or inputs_embeds", takeInputs},
    {"outputs", "FILE", "write the outputs as safetensors", takeText<&InterpretOptions::outputs>},
    {"check", "FILE", "compare every output that this safetensors file has too", takeText<&InterpretOptions::check>},
    {"tolerance", "T", "the largest relative error that passes", takeTolerance},
    {"prompt-ids", "1,2,3", "generate after these tokens; ';' separates prompts",
     takeText<&InterpretOptions::promptIds>},
    {"max-new-tokens", "N", "how many; default 16",
     [](StringRef value, InterpretOptions &options) { return takeCount(value, options.newTokens); }},
    {"ignore-eos", "", "do not stop at the end of a sequence", takeFlag<&InterpretOptions::ignoreEos>},
    {"entry", "NAME", "the entry to run; default: forward, or the only one", takeText<&InterpretOptions::entry>},
    {"domain", "DOMAIN", "typed (floats rounded to their types), float64, bfloat16", takeDomain},
    {"streams", "in-order|random:SEED", "the order of work of different streams", takeStreams},
    {"ranks", "N", "ranks that run and must agree; default 1", takeRanks},
    {"compare", "B.mlir|PHASE", "run B too, on the same random values, and compare",
     takeText<&InterpretOptions::compare>},
    {"seed", "N", "of the random values; default 0", takeSeed},
    {"print", "", "print the outputs", takeFlag<&InterpretOptions::print>},
    {"json", "", "results as JSON", takeFlag<&InterpretOptions::json>},
    {"help", "", "print this", takeFlag<&InterpretOptions::help>},
};

const OptionInfo *findOption(StringRef name) {
  for (const OptionInfo &info : optionTable)
    if (info.name == name)
      return &info;
  return nullptr;
}

/// Takes the argument at `i`, and the next one if that is its value. Returns what is wrong.
std::string takeOption(ArrayRef<const char *> arguments, size_t &i, InterpretOptions &options) {
  StringRef argument = arguments[i];
  auto [name, value] = argument.ltrim('-').split('=');
  const OptionInfo *info = findOption(name == "h" ? "help" : name);
  if (!info)
    return "there is no option '" + argument.split('=').first.str() + "'; --help lists all";
  bool isFlag = info->value.empty(), hasValue = argument.contains('=');
  std::string problem;
  if (isFlag && hasValue)
    problem = "takes no value";
  else if (!isFlag && !hasValue && i + 1 == arguments.size())
    problem = "needs a value: " + info->value.str();
  else if (!isFlag && !hasValue)
    value = arguments[++i];
  if (problem.empty())
    problem = info->handle(value, options);
  if (info->isImport && options.importOption.empty())
    options.importOption = "--" + info->name.str();
  return problem.empty() ? problem : "--" + info->name.str() + ": " + problem;
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
  for (const OptionInfo &info : optionTable) {
    std::string left = "--" + info.name.str() + (info.value.empty() ? "" : "=" + info.value.str());
    os << llvm::format("  %-34s", left.c_str()) << ' ' << info.help << '\n';
  }
  os << "\nExit status: 0 done; 1 a comparison failed; 2 the input is wrong; 3 an internal error.\n";
}
