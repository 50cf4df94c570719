//===- Options.cpp - the command line of hfc-compile
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OptionTable.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace hfc;

static std::string dashed(StringRef name) { return (name.size() == 1 ? "-" : "--") + name.str(); }

static const OptionInfo *findOption(StringRef name) {
  for (const OptionInfo &info : getOptionTable())
    if (info.name == name)
      return &info;
  return nullptr;
}

static std::string unknownOption(StringRef argument, StringRef name) {
  const OptionInfo *nearest = nullptr;
  unsigned best = name.size() / 2 + 1;
  for (const OptionInfo &info : getOptionTable()) {
    unsigned distance = name.edit_distance(info.name, /*AllowReplacements=*/true, best);
    if (distance >= best || info.name.size() == 1)
      continue;
    best = distance;
    nearest = &info;
  }
  std::string message = ("there is no option '" + argument + "'").str();
  return message + (nearest ? "; did you mean '" + dashed(nearest->name) + "'?" : "; --help lists all");
}

/// What cannot be seen option by option.
static std::string checkTogether(const Options &options) {
  if (options.help || options.version)
    return "";
  if (options.model.empty())
    return "no model is given: name a checkpoint folder, a config.json, a model.json, an .mlir file, or '-'; --help "
           "says more";
  bool isAccounted = options.report != ReportFormat::None || options.budget.memory || options.budget.collectiveBytes;
  if (options.output.empty() && !options.emit && !isAccounted)
    return "nothing to do: give -o PROGRAM, --emit=PHASE or --report";
  if (options.emit && options.report != ReportFormat::None && (options.output.empty() || options.output == "-"))
    return "--emit and --report would both print to standard output: give -o FILE for the IR";
  if (options.output == "-" && !options.emit)
    return "a program cannot be written to standard output: name a file";
  return "";
}

LogicalResult hfc::parseOptions(ArrayRef<const char *> arguments, Options &options, std::string &error) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    StringRef argument = arguments[i];
    if (!argument.starts_with("-") || argument == "-") {
      if (!options.model.empty()) {
        error =
            "there is one model to compile, but both '" + options.model + "' and '" + argument.str() + "' are given";
        return failure();
      }
      options.model = argument.str();
      if (argument.empty()) {
        error = "the model's name is empty";
        return failure();
      }
      continue;
    }
    auto [name, value] = argument.ltrim('-').split('=');
    bool hasValue = argument.contains('=');
    const OptionInfo *info = findOption(name == "h" ? "help" : name);
    if (!info) {
      error = unknownOption(argument.split('=').first, name);
      return failure();
    }
    if (info->kind == ValueKind::None && hasValue)
      error = "takes no value";
    else if (info->kind == ValueKind::Required && !hasValue) {
      if (i + 1 == arguments.size())
        error = ("needs a value: " + info->value).str();
      else
        value = arguments[++i];
    }
    if (error.empty())
      error = info->handle(value, options);
    if (!error.empty()) {
      error = dashed(info->name) + ": " + error;
      return failure();
    }
    if (info->isImport && options.importOption.empty())
      options.importOption = dashed(info->name);
  }
  error = checkTogether(options);
  return failure(!error.empty());
}

void hfc::printHelp(llvm::raw_ostream &os) {
  os << "Compiles a Hugging Face model to a native program.\n\n"
        "usage: hfc-compile MODEL [options] -o PROGRAM\n\n"
        "  MODEL is an HF checkpoint folder, a config.json, a model.json, or an .mlir file of any phase\n"
        "  (\"-\": standard input).\n";
  StringRef group;
  for (const OptionInfo &info : getOptionTable()) {
    if (info.group != group)
      os << '\n' << (group = info.group) << ":\n";
    std::string left = dashed(info.name);
    if (!info.value.empty())
      left += (info.name.size() == 1              ? " " + info.value
               : info.kind == ValueKind::Optional ? "[=" + info.value + "]"
                                                  : "=" + info.value)
                  .str();
    os << llvm::format("  %-34s", left.c_str()) << ' ' << info.help << '\n';
  }
  os << "\nPhases:\n";
  for (const PhaseInfo &info : getPhases())
    os << llvm::format("  %-10s", info.name.str().c_str()) << info.summary << '\n';
  os << "\nExit status: 0 done; 2 the input is wrong; 3 an internal error.\n";
}
