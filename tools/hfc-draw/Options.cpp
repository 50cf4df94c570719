//===- Options.cpp - the command line of hfc-draw
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
/// Takes an option's value; returns what is wrong with it, else an empty string.
using Handler = std::string (*)(StringRef value, DrawOptions &options);

struct DrawOption {
  StringRef name, value, help;
  Handler handle;
};
} // namespace

static std::string takeText(StringRef value, std::string &field) {
  field = value.str();
  return value.empty() ? "the value is empty" : "";
}

static const DrawOption ownOptions[] = {
    {"block", "N", "the layer (default 0)",
     [](StringRef value, DrawOptions &options) {
       bool isWrong = value.getAsInteger(10, options.layer.block) || options.layer.block < 0;
       return isWrong ? "'" + value.str() + "' is no number of a layer" : std::string();
     }},
    {"phase", "PHASE", "forward (default) or backward",
     [](StringRef value, DrawOptions &options) { return takeText(value, options.layer.phase); }},
    {"entry", "NAME", "the entry (default: the first one that has the layer)",
     [](StringRef value, DrawOptions &options) { return takeText(value, options.layer.entry); }},
    {"load-pass-plugin", "FILE", "a plugin: strategies, passes, dialects (docs/plugins.md)",
     [](StringRef value, DrawOptions &options) {
       options.plugins.push_back(value.str());
       return std::string();
     }},
    {"o", "FILE", "the SVG (default: standard output)",
     [](StringRef value, DrawOptions &options) { return takeText(value, options.output); }},
    {"help", "", "this text",
     [](StringRef, DrawOptions &options) {
       options.help = true;
       return std::string();
     }},
};

static std::string takeImportOption(const OptionInfo &info, StringRef value, DrawOptions &options) {
  Options shared;
  std::swap(shared.import, options.import);
  std::string problem = info.handle(value, shared);
  std::swap(shared.import, options.import);
  return problem;
}

/// Takes the argument at `i`, and the next one if that is its value. Returns what is wrong.
static std::string takeOption(ArrayRef<const char *> arguments, size_t &i, DrawOptions &options) {
  StringRef argument = arguments[i];
  auto [name, value] = argument.ltrim('-').split('=');
  auto hasName = [name = name == "h" ? StringRef("help") : name](const auto &info) { return info.name == name; };
  const auto *own = llvm::find_if(ownOptions, hasName);
  const auto *shared = llvm::find_if(getOptionTable(), hasName);
  bool isOwn = own != std::end(ownOptions);
  if (!isOwn && (shared == getOptionTable().end() || !shared->isImport))
    return "there is no option '" + argument.split('=').first.str() + "'; --help lists all";
  StringRef wanted = isOwn ? own->value : shared->value;
  if (wanted.empty() && argument.contains('='))
    return "--" + name.str() + ": takes no value";
  if (!wanted.empty() && !argument.contains('=')) {
    if (i + 1 == arguments.size())
      return "--" + name.str() + ": needs a value: " + wanted.str();
    value = arguments[++i];
  }
  std::string problem = isOwn ? own->handle(value, options) : takeImportOption(*shared, value, options);
  return problem.empty() ? problem : "--" + name.str() + ": " + problem;
}

LogicalResult hfc::parseOptions(ArrayRef<const char *> arguments, DrawOptions &options, std::string &error) {
  for (size_t i = 0; i < arguments.size() && error.empty(); ++i) {
    StringRef argument = arguments[i];
    if (argument.starts_with("-") && argument != "-")
      error = takeOption(arguments, i, options);
    else if (options.model.empty())
      options.model = argument.str();
    else
      error = "there is one model to draw, but both '" + options.model + "' and '" + argument.str() + "' are given";
  }
  if (error.empty() && options.model.empty() && !options.help)
    error = "no model is given: name a checkpoint folder, a config.json or a model.json; --help says more";
  return failure(!error.empty());
}

static void printRow(llvm::raw_ostream &os, StringRef name, StringRef value, StringRef help) {
  std::string left = (name.size() == 1 ? "-" : "--") + name.str();
  if (!value.empty())
    left += (name.size() == 1 ? " " : "=") + value.str();
  os << llvm::format("  %-34s", left.c_str()) << ' ' << help << '\n';
}

void hfc::printHelp(llvm::raw_ostream &os) {
  os << "Draws one layer of a model before and after partitioning, from the IR, as an SVG.\n\n"
        "usage: hfc-draw MODEL --mesh=dp=D,tp=T [options] -o FILE.svg\n\n"
        "  MODEL is an HF checkpoint folder, a config.json or a model.json.\n\n";
  for (const DrawOption &info : ownOptions)
    printRow(os, info.name, info.value, info.help);
  os << "\nAs in hfc-compile:\n";
  for (const OptionInfo &info : getOptionTable())
    if (info.isImport)
      printRow(os, info.name, info.value, info.help);
  os << "\nExit status: 0 done; 2 the input is wrong; 3 an internal error.\n";
}
