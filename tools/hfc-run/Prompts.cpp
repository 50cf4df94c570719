//===- Prompts.cpp - what generation starts from
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prompts.h"

#include <cerrno>
#include <cstdlib>
#include <sstream>

namespace hfc::run {

namespace {
int32_t parseToken(const std::string &text) {
  char *end = nullptr;
  errno = 0;
  long long token = std::strtoll(text.c_str(), &end, 10);
  while (end && *end == ' ')
    ++end;
  if (text.empty() || end == text.c_str() || *end || errno || token < INT32_MIN || token > INT32_MAX)
    throw Error("--prompt-ids: '" + text + "' is no token id; it must be like 1,2,3 (and ';' between prompts)");
  return int32_t(token);
}

std::vector<Tokens> parsePrompts(const std::string &text) {
  std::vector<Tokens> prompts;
  std::stringstream all(text + ";");
  for (std::string prompt; std::getline(all, prompt, ';');) {
    Tokens &tokens = prompts.emplace_back();
    std::stringstream one(prompt + ",");
    for (std::string token; std::getline(one, token, ',');)
      tokens.push_back(parseToken(token));
  }
  return prompts;
}

/// Removes the tokens that attention_mask hides, on either side.
void removePadding(std::vector<Tokens> &prompts, const io::TensorView &mask, const std::string &path) {
  std::vector<Tokens> keep = readRows(mask);
  if (keep.size() != prompts.size() || keep[0].size() != prompts[0].size())
    throw Error("'" + path + "': attention_mask is " + io::shapeToString(mask.shape) + ", and input_ids is [" +
                std::to_string(prompts.size()) + ", " + std::to_string(prompts[0].size()) + "]");
  for (size_t row = 0; row < prompts.size(); ++row) {
    Tokens tokens;
    size_t changes = 0;
    for (size_t i = 0; i < keep[row].size(); ++i) {
      if (keep[row][i] != 0 && keep[row][i] != 1)
        throw Error("'" + path + "': attention_mask must hold zeros and ones");
      changes += i > 0 && keep[row][i] != keep[row][i - 1];
      if (keep[row][i])
        tokens.push_back(prompts[row][i]);
    }
    bool hole = changes > 2 || (changes == 2 && keep[row][0] == 1);
    if (hole)
      throw Error("'" + path + "': attention_mask of row " + std::to_string(row) +
                  " has a hole; generation takes padding on the left or on the right");
    prompts[row] = tokens;
  }
}

/// Arguments of the transformers class that would change the answer.
void refuseOthers(const io::SafeTensors &file) {
  for (const auto &[name, tensor] : file.tensors())
    if (io::isModelArgument(name) && !io::isOutputName(name) && name != "input_ids" && name != "attention_mask")
      throw Error("'" + file.path() + "' holds '" + name +
                  "', which generation does not take; it takes input_ids and attention_mask");
}

std::vector<Tokens> readFile(const io::SafeTensors &file) {
  if (const io::TensorView *prompt = file.find("generate.prompt"))
    return readRows(*prompt);
  const io::TensorView *ids = file.find("input_ids");
  if (!ids)
    throw Error("'" + file.path() + "' has neither generate.prompt nor input_ids");
  refuseOthers(file);
  std::vector<Tokens> prompts = readRows(*ids);
  if (const io::TensorView *mask = file.find("attention_mask"))
    removePadding(prompts, *mask, file.path());
  return prompts;
}

void checkPrompts(const std::vector<Tokens> &prompts, const io::ProgramInfo &info) {
  if (int64_t(prompts.size()) > info.batch)
    throw Error("there are " + std::to_string(prompts.size()) + " prompts, and the program takes " +
                std::to_string(info.batch) + "; compile it with --batch=" + std::to_string(prompts.size()));
  for (size_t row = 0; row < prompts.size(); ++row) {
    if (prompts[row].empty())
      throw Error("prompt " + std::to_string(row) + " is empty");
    for (size_t i = 0; i < prompts[row].size(); ++i)
      if (prompts[row][i] < 0 || prompts[row][i] >= info.generation->vocabulary)
        throw Error("prompt " + std::to_string(row) + ": token " + std::to_string(prompts[row][i]) + " at position " +
                    std::to_string(i) + " is not in the vocabulary (0 to " +
                    std::to_string(info.generation->vocabulary - 1) + ")");
  }
}
} // namespace

std::vector<Tokens> readRows(const io::TensorView &tensor) {
  bool isInteger = tensor.dtype == HFC_INT64 || tensor.dtype == HFC_INT32 || tensor.dtype == HFC_BOOL;
  if (!isInteger || tensor.shape.size() != 2 || tensor.elements() == 0)
    throw Error("'" + tensor.name + "' is " + tensor.dtypeName + io::shapeToString(tensor.shape) +
                "; it must be integers of shape [prompts, tokens]");
  std::vector<Tokens> rows(tensor.shape[0]);
  for (int64_t i = 0, count = tensor.elements(); i < count; ++i) {
    double value = io::loadElement(tensor.data, *tensor.dtype, i);
    if (value < INT32_MIN || value > INT32_MAX)
      throw Error("'" + tensor.name + "' holds " + std::to_string(int64_t(value)) + ", which is no token id");
    rows[i / tensor.shape[1]].push_back(int32_t(value));
  }
  return rows;
}

std::vector<Tokens> readPrompts(const Session &session) {
  const Options &options = session.options;
  std::vector<Tokens> prompts;
  if (!options.promptIds.empty() && !options.inputs.empty())
    throw Error("--prompt-ids or --inputs, not both");
  if (!options.promptIds.empty())
    prompts = parsePrompts(options.promptIds);
  else if (session.inputs)
    prompts = readFile(*session.inputs);
  else if (!options.inputs.empty())
    throw Error("--inputs=" + options.inputs + " is for forward programs; give --prompt-ids=1,2,3");
  else if (session.check && session.check->find("generate.prompt"))
    prompts = readRows(*session.check->find("generate.prompt"));
  else
    throw Error("which prompt? give --prompt-ids=1,2,3 or --inputs=FILE");
  checkPrompts(prompts, session.info);
  return prompts;
}

} // namespace hfc::run
