//===- Scaffold.h - writes a part of hfc from templates
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_NEW_SCAFFOLD_H
#define HFC_TOOLS_HFC_NEW_SCAFFOLD_H

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace hfc::scaffold {

/// What `@KEY@` stands for in templates, and in the places that they go to.
using Words = std::map<std::string, std::string>;

/// A file made from a template, or text from one put into a file that is there.
struct Step {
  std::string templateName; ///< below the folder of templates
  std::string target;       ///< below the root
  std::string section;      ///< for an insertion: the text behind which to look for `before`; may be empty
  std::string before;       ///< for an insertion: the text in front of which it goes; empty: a new file
};

/// A kind of thing that can be made.
struct Kind {
  std::string name;
  std::string summary;
  bool isInTree;
  std::vector<Step> steps;
  std::string next; ///< what to do now, for people
};

const std::vector<Kind> &kinds();

/// The words for `NAME`: as it is, as a class, as an identifier.
Words wordsOf(const std::string &name);
/// `@KEY@`s replaced.
std::string substitute(std::string text, const Words &words);

/// Carries out all steps, or none. Returns what is wrong, else an empty string.
std::string scaffold(const Kind &kind, const Words &words, const std::filesystem::path &templates,
                     const std::filesystem::path &root);

} // namespace hfc::scaffold

#endif // HFC_TOOLS_HFC_NEW_SCAFFOLD_H
