//===- Generate.cpp - greedy decoding
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Session.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace hfc;
using namespace hfc::interpreter;

//===----------------------------------------------------------------------===//
// Prompts
//===----------------------------------------------------------------------===//

llvm::Expected<std::vector<Tokens>> hfc::parsePrompts(StringRef text) {
  std::vector<Tokens> prompts;
  SmallVector<StringRef> parts, numbers;
  text.split(parts, ';');
  for (StringRef part : parts) {
    Tokens &tokens = prompts.emplace_back();
    numbers.clear();
    part.split(numbers, ',');
    for (StringRef number : numbers) {
      int64_t token = 0;
      if (number.trim().getAsInteger(10, token) || token < INT32_MIN || token > INT32_MAX)
        return llvm::createStringError("--prompt-ids: '" + number.str() +
                                       "' is no token id; it must be like 1,2,3 (and ';' between prompts)");
      tokens.push_back(token);
    }
  }
  return prompts;
}

llvm::Expected<std::vector<Tokens>> hfc::readRows(const io::TensorView &tensor) {
  bool isInteger = tensor.dtype == HFC_INT64 || tensor.dtype == HFC_INT32;
  if (!isInteger || tensor.shape.size() != 2 || tensor.elements() == 0)
    return llvm::createStringError("'" + tensor.name + "' is " + tensor.dtypeName + io::shapeToString(tensor.shape) +
                                   "; it must be integers of shape [prompts, tokens]");
  std::vector<Tokens> rows(tensor.shape[0]);
  for (int64_t i = 0, count = tensor.elements(); i < count; ++i)
    rows[i / tensor.shape[1]].push_back(static_cast<int64_t>(io::loadElement(tensor.data, *tensor.dtype, i)));
  return rows;
}

llvm::Expected<std::vector<Tokens>> Session::readPrompts() const {
  auto read = [&]() -> llvm::Expected<std::vector<Tokens>> {
    if (!options.promptIds.empty())
      return parsePrompts(options.promptIds);
    for (const std::optional<io::SafeTensors> *file : {&inputs, &check})
      if (*file)
        if (const io::TensorView *prompt = (*file)->find("generate.prompt"))
          return readRows(*prompt);
    return llvm::createStringError("which prompt? give --prompt-ids=1,2,3, or --inputs=FILE with generate.prompt");
  };
  llvm::Expected<std::vector<Tokens>> prompts = read();
  if (!prompts)
    return prompts.takeError();
  if (static_cast<int64_t>(prompts->size()) > info.batch)
    return llvm::createStringError("there are " + std::to_string(prompts->size()) + " prompts, and the program takes " +
                                   std::to_string(info.batch) + " (--batch)");
  for (const Tokens &prompt : *prompts) {
    for (int64_t token : prompt)
      if (token < 0 || token >= info.generation->vocabulary)
        return llvm::createStringError("token " + std::to_string(token) + " is not in the vocabulary (0 to " +
                                       std::to_string(info.generation->vocabulary - 1) + ")");
    int64_t needed = static_cast<int64_t>(prompt.size()) + options.newTokens.value_or(16);
    if (needed > info.sequence)
      return llvm::createStringError("a prompt of " + std::to_string(prompt.size()) + " tokens and " +
                                     std::to_string(options.newTokens.value_or(16)) + " new ones need " +
                                     std::to_string(needed) + " positions; the program has " +
                                     std::to_string(info.sequence) + " (--seq)");
  }
  return prompts;
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

/// IR may say anything: each chunk must be an entry of which generation can make use.
static llvm::Error checkChunks(const io::ProgramInfo &info) {
  if (!info.generation->findChunk(1, /*begins=*/false))
    return llvm::createStringError("the attribute hf.program names no chunks to generate with");
  for (const io::ChunkInfo &chunk : info.generation->chunks) {
    const io::EntryInfo *entry = info.findEntry(chunk.entry);
    const io::BindingInfo *logits = entry ? entry->findOutput("logits") : nullptr;
    std::vector<int64_t> shape{info.batch, info.generation->vocabulary};
    if (chunk.tokens < 1 || !logits || logits->shape != shape)
      return llvm::createStringError("chunk '" + chunk.entry + "' of hf.program is no entry with logits " +
                                     io::shapeToString(shape));
  }
  return llvm::Error::success();
}

/// Greedy: the first of the largest logits.
static int64_t largest(const Domain &domain, const Tensor &logits, int64_t row) {
  int64_t length = logits.getShape().back(), best = 0;
  ArrayRef<Word> words = logits.words().slice(row * length, length);
  for (int64_t i = 1; i < length; ++i)
    if (domain.greater(words[i], words[best]))
      best = i;
  return best;
}

llvm::Error Session::readChunk(std::vector<Tokens> &sequences, std::vector<int64_t> &past,
                               const std::vector<int64_t> &lengths, std::vector<std::optional<int64_t>> &next) {
  int64_t most = 0, longest = 0;
  bool begins = true;
  for (size_t row = 0; row < sequences.size(); ++row) {
    most = std::max(most, lengths[row] - past[row]);
    begins &= past[row] == 0 || past[row] == lengths[row];
    longest = std::max(longest, lengths[row]);
  }
  const io::ChunkInfo &chunk = *info.generation->findChunk(most, begins);
  Tensor ids(Element::I32, {info.batch, chunk.tokens}), before(Element::I32, {info.batch}),
      count(Element::I32, {info.batch}), total(Element::I32, {1});
  total.mutableWords()[0] = static_cast<Word>(longest);
  for (size_t row = 0; row < sequences.size(); ++row) {
    int64_t taken = std::min(chunk.tokens, lengths[row] - past[row]);
    for (int64_t i = 0; i < taken; ++i)
      ids.mutableWords()[row * chunk.tokens + i] = static_cast<Word>(sequences[row][past[row] + i]);
    before.mutableWords()[row] = static_cast<Word>(past[row]);
    count.mutableWords()[row] = static_cast<Word>(taken);
  }
  isRunning = true;
  llvm::Expected<TensorMap> results =
      interpreter->run(chunk.entry, {{"input_ids", ids}, {"past", before}, {"count", count}, {"total", total}});
  if (!results)
    return results.takeError();
  isRunning = false;
  for (size_t row = 0; row < sequences.size(); ++row) {
    int64_t taken = count.integer(row);
    past[row] += taken;
    if (taken > 0 && past[row] == lengths[row])
      next[row] = largest(interpreter->domain(), results->at("logits"), row);
  }
  return llvm::Error::success();
}

llvm::Expected<Status> Session::generate() {
  if (llvm::Error error = checkChunks(info))
    return error;
  llvm::Expected<std::vector<Tokens>> prompts = readPrompts();
  if (!prompts)
    return prompts.takeError();
  if (llvm::Error error = bindParameters())
    return error;
  std::vector<Tokens> sequences = *prompts;
  std::vector<int64_t> past(sequences.size(), 0);
  std::vector<bool> finished(sequences.size(), false);
  int64_t wanted = options.newTokens.value_or(16);
  auto isEnd = [&](int64_t token) { return !options.ignoreEos && llvm::is_contained(info.generation->eos, token); };
  while (llvm::is_contained(finished, false)) {
    std::vector<int64_t> lengths;
    for (size_t row = 0; row < sequences.size(); ++row)
      lengths.push_back(finished[row] ? past[row] : sequences[row].size());
    std::vector<std::optional<int64_t>> next(sequences.size());
    // What is read together: all prompts first, then a token of each sequence.
    while (past != lengths)
      if (llvm::Error error = readChunk(sequences, past, lengths, next))
        return error;
    for (size_t row = 0; row < sequences.size(); ++row) {
      if (finished[row])
        continue;
      sequences[row].push_back(*next[row]);
      int64_t made = sequences[row].size() - (*prompts)[row].size();
      finished[row] = made >= wanted || isEnd(*next[row]);
    }
  }
  return reportTokens(sequences, *prompts);
}

llvm::Expected<Status> Session::reportTokens(const std::vector<Tokens> &sequences, const std::vector<Tokens> &prompts) {
  llvm::json::Array all;
  for (const Tokens &sequence : sequences) {
    if (options.json)
      all.push_back(llvm::json::Array(sequence));
    else
      llvm::outs() << llvm::join(llvm::map_range(sequence, [](int64_t token) { return std::to_string(token); }), ",")
                   << '\n';
  }
  const io::TensorView *reference = check ? check->find("generate.greedy") : nullptr;
  bool same = true;
  if (reference) {
    llvm::Expected<std::vector<Tokens>> rows = readRows(*reference);
    if (!rows)
      return rows.takeError();
    // The reference holds prompt and new tokens; what both have must agree.
    for (auto [row, sequence] : llvm::zip(*rows, sequences))
      for (auto [a, b] : llvm::zip(row, sequence))
        same &= a == b;
    same &= rows->size() == sequences.size();
    if (!options.json)
      llvm::outs() << "check: " << (same ? "all tokens equal" : "tokens differ") << '\n';
  }
  if (options.json)
    llvm::outs() << llvm::json::Value(llvm::json::Object{{"sequences", std::move(all)}, {"passed", same}}) << '\n';
  return same ? Status::Done : Status::Different;
}
