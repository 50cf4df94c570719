//===- hfc-new.cpp - begins a plugin, a pass, an op or a family
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Scaffold.h"

#include <algorithm>
#include <cctype>
#include <iostream>

using namespace hfc::scaffold;
namespace fs = std::filesystem;

namespace {
enum ExitStatus { ExitDone = 0, ExitUserError = 2 };

struct Options {
  std::string kind, name, group;
  fs::path root = ".";
  bool help = false;
};
} // namespace

static int fail(const std::string &message) {
  std::cerr << "hfc-new: error: " << message << '\n';
  return ExitUserError;
}

static void printHelp() {
  std::cout << "Begins a new part of hfc: its files, registered where they must be, with a test.\n\n"
               "usage: hfc-new KIND NAME [--group=GROUP] [--root=DIR]\n\n";
  for (const Kind &kind : kinds())
    std::cout << "  " << kind.name << std::string(8 - kind.name.size(), ' ') << kind.summary << '\n';
  std::cout << "\n  NAME        lower-case letters and digits, with hyphens or underscores between words\n"
               "  --root=DIR  hfc's source tree, or where the plugin's folder goes; default: the working directory\n";
}

/// Reads the command line; returns what is wrong with it, else an empty string.
static std::string parse(int argc, char **argv, Options &options) {
  std::vector<std::string> names;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    auto startsWith = [&](const std::string &option) { return argument.compare(0, option.size(), option) == 0; };
    if (argument == "--help" || argument == "-h")
      options.help = true;
    else if (startsWith("--group="))
      options.group = argument.substr(8);
    else if (startsWith("--root="))
      options.root = argument.substr(7);
    else if (startsWith("-"))
      return "there is no option '" + argument + "'; --help lists all";
    else
      names.push_back(argument);
  }
  if (options.help)
    return "";
  if (names.size() != 2)
    return "give a kind and a name: hfc-new plugin|pass|op|family NAME; --help says more";
  options.kind = names[0];
  options.name = names[1];
  return "";
}

static bool isName(const std::string &name) {
  auto isLetter = [](char c) { return c >= 'a' && c <= 'z'; };
  bool hasDouble = std::adjacent_find(name.begin(), name.end(), [&](char a, char b) {
                     return (a == '-' || a == '_') && (b == '-' || b == '_');
                   }) != name.end();
  return !name.empty() && isLetter(name.front()) && name.back() != '-' && name.back() != '_' && !hasDouble &&
         std::all_of(name.begin(), name.end(), [&](char c) {
           return isLetter(c) || std::isdigit(static_cast<unsigned char>(c)) || c == '-' || c == '_';
         });
}

/// Where templates are: beside the folder of this binary.
static fs::path findTemplates() {
  std::error_code code;
  return fs::read_symlink("/proc/self/exe", code).parent_path().parent_path() / "share/hfc/new";
}

/// The groups of passes in a source tree, for messages.
static std::string groupsIn(const fs::path &root) {
  std::vector<std::string> names;
  std::error_code code;
  for (const fs::directory_entry &entry : fs::directory_iterator(root / "lib/Transforms", code))
    if (entry.is_directory())
      names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  std::string all;
  for (const std::string &name : names)
    all += (all.empty() ? "" : ", ") + name;
  return all;
}

static int make(const Options &options) {
  auto kind = std::find_if(kinds().begin(), kinds().end(), [&](const Kind &kind) { return kind.name == options.kind; });
  if (kind == kinds().end())
    return fail("there is no kind '" + options.kind + "'; there are plugin, pass, op and family");
  if (!isName(options.name))
    return fail("'" + options.name +
                "' is no name: lower-case letters and digits, a letter first, with single hyphens or underscores "
                "between words");
  if (kind->isInTree && !fs::exists(options.root / "lib/cmake/AddHFC.cmake"))
    return fail("'" + options.root.string() + "' is not hfc's source tree; go there, or name it with --root=DIR");
  Words words = wordsOf(options.name);
  if (options.kind == "pass") {
    if (options.group.empty() || !fs::exists(options.root / "lib/Transforms" / options.group / "CMakeLists.txt"))
      return fail("a pass stands in a group: give --group= with one of " + groupsIn(options.root));
    words["GROUP"] = options.group;
  }
  std::string error = scaffold(*kind, words, findTemplates(), options.root);
  if (!error.empty())
    return fail(error);
  for (const Step &step : kind->steps)
    std::cout << (step.before.empty() ? "wrote   " : "changed ")
              << (options.root / substitute(step.target, words)).lexically_normal().string() << '\n';
  std::cout << "next: " << substitute(kind->next, words) << '\n';
  return ExitDone;
}

int main(int argc, char **argv) {
  Options options;
  std::string error = parse(argc, argv, options);
  if (!error.empty())
    return fail(error);
  if (options.help) {
    printHelp();
    return ExitDone;
  }
  return make(options);
}
