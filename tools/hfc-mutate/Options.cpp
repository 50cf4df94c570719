//===- Options.cpp - the command line of hfc-mutate
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"

#include "../hfc-compile/OptionTable.h"

#include "hfc/Verify/Mutate.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace hfc;

namespace {

/// Takes an option's value; returns what is wrong with it, else an empty string.
using Handler = std::string (*)(StringRef value, MutateOptions &options);

struct MutateOption {
  StringRef name;
  /// The value as help shows it; empty for flags.
  StringRef value;
  StringRef help;
  Handler handle;
};

std::string takeKinds(StringRef value, MutateOptions &options) {
  SmallVector<StringRef> names;
  value.split(names, ',');
  for (StringRef name : names) {
    if (llvm::none_of(verify::getFaultKinds(), [&](const verify::FaultKind &kind) { return kind.name == name; }))
      return "'" + name.str() + "' is no kind of fault; --list names all";
    options.kinds.push_back(name.str());
  }
  return "";
}

std::string takeMost(StringRef value, MutateOptions &options) {
  int64_t number = 0;
  if (value.getAsInteger(10, number) || number < 1)
    return "'" + value.str() + "' is no positive number";
  options.most = number;
  return "";
}

std::string takeSeed(StringRef value, MutateOptions &options) {
  return value.getAsInteger(10, options.seed) ? "'" + value.str() + "' is no number" : "";
}

const MutateOption optionTable[] = {
    {"kinds", "KIND,KIND", "kinds of faults; default: all", takeKinds},
    {"max", "N", "so many faults, evenly over kinds and sites; default: at every site", takeMost},
    {"seed", "N", "which sites, and which values; default 1", takeSeed},
    {"csv", "FILE", "a row for each fault",
     [](StringRef value, MutateOptions &options) {
       options.csv = value.str();
       return std::string(value.empty() ? "needs the name of a file" : "");
     }},
    {"list", "", "say which kinds there are, and at how many sites; nothing is checked",
     [](StringRef, MutateOptions &options) {
       options.list = true;
       return std::string();
     }},
    {"load-pass-plugin", "FILE", "a plugin: strategies, passes, dialects",
     [](StringRef value, MutateOptions &options) {
       options.plugins.push_back(value.str());
       return std::string();
     }},
    {"help", "", "print this",
     [](StringRef, MutateOptions &options) {
       options.help = true;
       return std::string();
     }},
};

/// Takes an option that hfc-compile has too; none if there is no such option.
std::optional<std::string> takeShared(StringRef name, StringRef value, bool hasValue, MutateOptions &options) {
  for (const OptionInfo &info : getOptionTable()) {
    if (!info.isImport || info.name != name)
      continue;
    if (!hasValue)
      return "needs a value: " + info.value.str();
    Options shared;
    std::swap(shared.import, options.import);
    std::string problem = info.handle(value, shared);
    std::swap(shared.import, options.import);
    return problem;
  }
  return std::nullopt;
}

std::string takeOption(StringRef argument, MutateOptions &options) {
  auto [name, value] = argument.ltrim('-').split('=');
  bool hasValue = argument.contains('=');
  std::optional<std::string> problem;
  for (const MutateOption &info : optionTable)
    if (info.name == name)
      problem = info.value.empty() == hasValue ? (hasValue ? "takes no value" : "needs a value: " + info.value.str())
                                               : info.handle(value, options);
  if (!problem)
    problem = takeShared(name, value, hasValue, options);
  if (!problem)
    return "there is no option '" + argument.split('=').first.str() + "'; --help lists all";
  return problem->empty() ? "" : "--" + name.str() + ": " + *problem;
}

void printRow(llvm::raw_ostream &os, StringRef name, StringRef value, StringRef help) {
  std::string left = "--" + name.str() + (value.empty() ? "" : "=" + value.str());
  os << "  " << llvm::left_justify(left, 34) << ' ' << help << '\n';
}

} // namespace

LogicalResult hfc::parseOptions(ArrayRef<const char *> arguments, MutateOptions &options, std::string &error) {
  for (size_t i = 0; i < arguments.size() && error.empty(); ++i) {
    StringRef argument = arguments[i];
    if (argument.starts_with("-"))
      error = takeOption(argument, options);
    else if (options.model.empty())
      options.model = argument.str();
    else
      error = "there is one model, but both '" + options.model + "' and '" + argument.str() + "' are given";
  }
  if (error.empty() && options.model.empty() && !options.help && !options.list)
    error = "no model is given: name a checkpoint folder, a config.json or a model.json; --help says more";
  return failure(!error.empty());
}

void hfc::printHelp(llvm::raw_ostream &os) {
  os << "Makes faults in a program for several ranks, and sees whether the compiler's checks find them.\n\n"
        "usage: hfc-mutate MODEL --mesh=dp=D,tp=T [options]\n\n"
        "  MODEL is an HF checkpoint folder, a config.json or a model.json.\n\n";
  for (const MutateOption &info : optionTable)
    printRow(os, info.name, info.value, info.help);
  os << "\nAs in hfc-compile:\n";
  for (const OptionInfo &info : getOptionTable())
    if (info.isImport)
      printRow(os, info.name, info.value, info.help);
  os << "\nExit status: 0 all were found; 1 a fault was not found, or what is right was called wrong; 2 the input is "
        "wrong.\n";
}
