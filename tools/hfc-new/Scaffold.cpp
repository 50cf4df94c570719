//===- Scaffold.cpp - writes a part of hfc from templates
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Scaffold.h"

#include <cctype>
#include <fstream>
#include <sstream>
#include <system_error>

using namespace hfc::scaffold;
namespace fs = std::filesystem;

Words hfc::scaffold::wordsOf(const std::string &name) {
  Words words{{"NAME", name}, {"CLASS", ""}, {"IDENTIFIER", name}};
  bool startsWord = true;
  for (char &c : words["IDENTIFIER"]) {
    if (c == '-')
      c = '_';
    if (c != '_')
      words["CLASS"] += startsWord ? static_cast<char>(std::toupper(c)) : c;
    startsWord = c == '_';
  }
  words["UPPER"] = words["CLASS"];
  for (char &c : words["UPPER"])
    c = static_cast<char>(std::toupper(c));
  return words;
}

std::string hfc::scaffold::substitute(std::string text, const Words &words) {
  for (const auto &[key, value] : words) {
    std::string mark = "@" + key + "@";
    for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + value.size()))
      text.replace(at, mark.size(), value);
  }
  return text;
}

static bool read(const fs::path &file, std::string &text) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream all;
  all << stream.rdbuf();
  text = all.str();
  return stream.good();
}

/// The text with `addition` in it where the step says; empty if there is no such place.
static std::string inserted(const std::string &text, const Step &step, const Words &words,
                            const std::string &addition) {
  size_t section = text.find(substitute(step.section, words));
  if (section == std::string::npos)
    return "";
  size_t place = text.find(substitute(step.before, words), section + step.section.empty());
  return place == std::string::npos ? "" : text.substr(0, place) + addition + text.substr(place);
}

std::string hfc::scaffold::scaffold(const Kind &kind, const Words &words, const fs::path &templates,
                                    const fs::path &root) {
  // Several steps may change one file; nothing is written before all of them are known to work.
  std::map<fs::path, std::string> files;
  for (const Step &step : kind.steps) {
    fs::path target = root / substitute(step.target, words);
    std::string addition;
    if (!read(templates / step.templateName, addition))
      return "the template '" + (templates / step.templateName).string() + "' cannot be read";
    addition = substitute(addition, words);
    if (step.before.empty()) {
      if (fs::exists(target))
        return "'" + target.string() + "' is there already; nothing was written";
      files[target] = addition;
      continue;
    }
    if (!files.count(target) && !read(target, files[target]))
      return "'" + target.string() + "' cannot be read: is '" + root.string() + "' hfc's source tree?";
    std::string text = inserted(files[target], step, words, addition);
    if (text.empty())
      return "'" + target.string() + "' has no '" + substitute(step.section + step.before, words) +
             "', where the new part would go; nothing was written";
    files[target] = text;
  }
  for (const auto &[target, text] : files) {
    std::error_code code;
    fs::create_directories(target.parent_path(), code);
    std::ofstream stream(target, std::ios::binary);
    stream << text;
    stream.close();
    if (code || !stream)
      return "'" + target.string() + "' cannot be written";
  }
  return "";
}
