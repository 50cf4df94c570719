//===- Options.cpp - the command line of hfc-check-partition
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"

#include "../hfc-compile/OptionTable.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace hfc;

namespace {

struct CheckOption {
  StringRef name;
  /// The value as help shows it; empty for flags. In brackets where it may be missing.
  StringRef value;
  StringRef help;
  /// Takes a value; returns what is wrong with it, else an empty string.
  std::string (*take)(StringRef value, CheckOptions &options);
};

template <std::string CheckOptions::*Field>
std::string takeText(StringRef value, CheckOptions &options) {
  options.*Field = value.str();
  return value.empty() ? "the value is empty" : "";
}

template <RowFormat Format>
std::string takeFormat(StringRef, CheckOptions &options) {
  options.format = Format;
  return "";
}

const CheckOption optionTable[] = {
    {"load-pass-plugin", "FILE", "a plugin: strategies, passes, dialects; not for the baseline",
     [](StringRef value, CheckOptions &options) {
       options.trial.plugins.push_back(value.str());
       return std::string();
     }},
    {"baseline", "NAME[{OPTIONS}]", "the partitioner to compare with (default megatron)",
     takeText<&CheckOptions::baseline>},
    {"machine", "FILE", "a machine for roofline times (default h200x4.json)", takeText<&CheckOptions::machine>},
    {"json", "", "all figures as JSON", takeFormat<RowFormat::JSON>},
    {"csv", "", "all figures as CSV", takeFormat<RowFormat::CSV>},
    {"suite", "[DIR]", "all models of a folder, on the meshes of its meshes.txt; default: those that come with hfc",
     [](StringRef value, CheckOptions &options) {
       options.suite = value.str();
       return std::string();
     }},
    {"o", "NAME", "the suite's files: NAME.csv and NAME.svg (default suite)", takeText<&CheckOptions::output>},
    {"jobs", "N", "how many run side by side (default: as many as there are cores)",
     [](StringRef value, CheckOptions &options) {
       bool isWrong = value.getAsInteger(10, options.jobs) || options.jobs < 1;
       return isWrong ? "takes a positive number, not '" + value.str() + "'" : std::string();
     }},
    {"help", "", "this text",
     [](StringRef, CheckOptions &options) {
       options.help = true;
       return std::string();
     }},
};

const CheckOption *findOwn(StringRef name) {
  for (const CheckOption &option : optionTable)
    if (option.name == name)
      return &option;
  return nullptr;
}

/// One of hfc-compile's options that say how a model is imported.
const OptionInfo *findShared(StringRef name) {
  for (const OptionInfo &info : getOptionTable())
    if (info.isImport && info.name == name)
      return &info;
  return nullptr;
}

std::string takeShared(const OptionInfo &info, StringRef value, CheckOptions &options) {
  Options shared;
  shared.import = std::move(options.trial.import);
  std::string problem = info.handle(value, shared);
  options.trial.import = std::move(shared.import);
  return problem;
}

/// Takes the argument at `i`, and the next one if that is its value. Returns what is wrong.
std::string takeOption(ArrayRef<const char *> arguments, size_t &i, CheckOptions &options) {
  StringRef argument = arguments[i];
  auto [name, value] = argument.ltrim('-').split('=');
  const CheckOption *own = findOwn(name == "h" ? "help" : name);
  const OptionInfo *shared = own ? nullptr : findShared(name);
  if (!own && !shared)
    return "there is no option '" + argument.split('=').first.str() + "'; --help lists all";
  StringRef wanted = own ? own->value : shared->value;
  bool hasValue = argument.contains('=');
  std::string problem;
  if (wanted.empty() && hasValue)
    problem = "takes no value";
  else if (!wanted.empty() && !wanted.starts_with("[") && !hasValue && i + 1 == arguments.size())
    problem = "needs a value: " + wanted.str();
  else if (!wanted.empty() && !wanted.starts_with("[") && !hasValue)
    value = arguments[++i];
  if (problem.empty())
    problem = own ? own->take(value, options) : takeShared(*shared, value, options);
  return problem.empty() ? problem : "--" + name.str() + ": " + problem;
}

/// What cannot be seen option by option.
std::string checkTogether(const CheckOptions &options) {
  if (options.help)
    return "";
  const std::string &model = options.trial.model;
  if (options.suite && !model.empty())
    return "--suite is about the models of a folder, and '" + model + "' is given too";
  if (!options.suite && model.empty())
    return "no model is given: name a checkpoint folder, a config.json or a model.json, or give --suite; --help says "
           "more";
  if (model == "-" || StringRef(model).ends_with(".mlir"))
    return "'" + model +
           "' is IR, where a mesh and a partitioner are fixed; name a checkpoint folder, a config.json or "
           "a model.json";
  if (!options.suite && !options.trial.import.mesh)
    return "no mesh is given: --mesh=dp=2,tp=2";
  return "";
}

void printRow(llvm::raw_ostream &os, StringRef name, StringRef value, StringRef help) {
  std::string left = (name.size() == 1 ? "-" : "--") + name.str();
  if (value.starts_with("["))
    left += "[=" + value.drop_front().str();
  else if (!value.empty())
    left += (name.size() == 1 ? " " : "=") + value.str();
  os << llvm::format("  %-34s", left.c_str()) << ' ' << help << '\n';
}

} // namespace

std::string hfc::parseOptions(ArrayRef<const char *> arguments, CheckOptions &options) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    StringRef argument = arguments[i];
    std::string problem;
    if (argument.starts_with("-") && argument != "-")
      problem = takeOption(arguments, i, options);
    else if (!options.trial.model.empty())
      problem = "there is one model to check, but both '" + options.trial.model + "' and '" + argument.str() +
                "' are given; --suite checks all of a folder";
    else
      options.trial.model = argument.str();
    if (!problem.empty())
      return problem;
  }
  return checkTogether(options);
}

void hfc::printHelp(llvm::raw_ostream &os) {
  os << "Says of a way to partition a model whether it is right and what it costs, beside Megatron's.\n\n"
        "usage: hfc-check-partition MODEL --mesh=dp=D,tp=T [--partitioner=NAME] [options]\n"
        "       hfc-check-partition --suite[=DIR] [--partitioner=NAME] [options]\n\n"
        "  MODEL is an HF checkpoint folder, a config.json or a model.json.\n\n";
  for (const CheckOption &option : optionTable)
    printRow(os, option.name, option.value, option.help);
  os << "\nAs in hfc-compile; by default --task=train, --dtype=bfloat16, a sequence for each rank of dp, and 4096 "
        "positions or as many as "
        "the model has:\n";
  for (const OptionInfo &info : getOptionTable())
    if (info.isImport)
      printRow(os, info.name, info.value, info.help);
  os << "\nExit status: 0 done; 1 a program is wrong; 2 the input is wrong, or a single trial is refused.\n";
}
