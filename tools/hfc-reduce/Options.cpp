//===- Options.cpp - the command line of hfc-reduce
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"

#include "llvm/Support/raw_ostream.h"

using namespace hfc;

/// Takes one option; returns what is wrong with it, else an empty string.
static std::string takeOption(StringRef name, std::optional<StringRef> value, ReduceOptions &options) {
  auto needsValue = [&](StringRef what) { return "--" + name.str() + ": needs a value: " + what.str(); };
  if (name == "help" || name == "h" || name == "locations") {
    (name == "locations" ? options.printLocations : options.help) = true;
    return value ? "--" + name.str() + ": takes no value" : "";
  }
  if (name == "fails") {
    options.fails = value.value_or("").str();
    return "";
  }
  bool isGiven = value && !value->empty();
  std::string text = value.value_or("").str();
  if (name == "differs")
    options.differs = text;
  else if (name == "test")
    options.test = text;
  else if (name == "message")
    options.message = text;
  else if (name == "load-pass-plugin")
    options.plugins.push_back(text);
  else if (name == "o")
    options.output = text;
  else
    return "there is no option '--" + name.str() + "'; --help lists all";
  return isGiven ? ""
                 : needsValue(name == "differs"   ? "a pipeline of passes"
                              : name == "message" ? "a text"
                                                  : "a file");
}

static std::string checkTogether(const ReduceOptions &options) {
  if (options.help)
    return "";
  if (options.input.empty())
    return "no module is given: name an .mlir file, or '-'; --help says more";
  if (options.fails.has_value() + options.differs.has_value() + options.test.has_value() != 1)
    return "say what is to persist with one of --fails, --differs and --test; --help says more";
  if (!options.message.empty() && !options.fails)
    return "--message: says what the error of --fails is; there is no --fails";
  return "";
}

LogicalResult hfc::parseOptions(ArrayRef<const char *> arguments, ReduceOptions &options, std::string &error) {
  for (size_t i = 0; i < arguments.size() && error.empty(); ++i) {
    StringRef argument = arguments[i];
    if (!argument.starts_with("-") || argument == "-") {
      if (!options.input.empty())
        error =
            "there is one module to reduce, but both '" + options.input + "' and '" + argument.str() + "' are given";
      options.input = argument.str();
      continue;
    }
    auto [name, text] = argument.ltrim('-').split('=');
    std::optional<StringRef> value;
    if (argument.contains('='))
      value = text;
    else if (name == "o" && i + 1 < arguments.size())
      value = arguments[++i];
    error = takeOption(name, value, options);
  }
  if (error.empty())
    error = checkTogether(options);
  return failure(!error.empty());
}

void hfc::printHelp(llvm::raw_ostream &os) {
  os << R"(Shrinks a module while something that is wrong with it stays so.

usage: hfc-reduce FILE.mlir --fails[=PASSES] | --differs=PASSES | --test=PROGRAM [options] [-o FILE.mlir]

What persists:
  --fails[=PASSES]          passes fail with the same error, numbers and parentheses aside;
                            without passes: the module is no valid one
  --message=TEXT            the error of --fails is any that has this text
  --differs=PASSES          a pass changes what the program computes, as hfc-opt --check-semantics-each finds
  --test=PROGRAM            PROGRAM FILE.mlir exits with 1 (so does mlir-reduce's)

  PASSES is a pipeline, such as hfc-insert-reshards,hfc-materialize-shardings; FILE may be "-": standard input.

Other:
  --load-pass-plugin=FILE   a plugin: strategies, passes, dialects (docs/plugins.md)
  --locations               print locations with the IR
  -o FILE                   the module (default: standard output)

Exit status: 0 done; 2 the input is wrong, or nothing is wrong with it; 3 an internal error.
)";
}
