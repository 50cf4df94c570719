//===- Generator.cpp - a generation program's entries over a batch of prompts
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Generator.h"

#include <algorithm>

namespace hfc::run {

/// What the program has not read of a sequence.
static int64_t remaining(const Sequence &each) { return each.finished ? 0 : int64_t(each.tokens.size()) - each.past; }

void Generator::generate(const std::vector<Tokens> &prompts) {
  sequences.clear();
  for (const Tokens &prompt : prompts)
    sequences.push_back({prompt, prompt.size(), 0, false});
  decodeSteps = 0;
  prefillTime = timed([&] { prefill(); });
  decodeTime = timed([&] { decode(); });
}

void Generator::decode() {
  const io::ChunkInfo &chunk = *generation.findChunk(1, /*begins=*/false);
  while (std::any_of(sequences.begin(), sequences.end(), [](const Sequence &each) { return !each.finished; })) {
    step(chunk, longest());
    ++decodeSteps;
  }
}

void Generator::prefill() {
  int64_t total = longest();
  for (;;) {
    int64_t left = 0;
    bool begins = true;
    for (const Sequence &each : sequences)
      if (each.past < int64_t(each.promptSize)) {
        left = std::max(left, int64_t(each.promptSize) - each.past);
        begins &= each.past == 0;
      }
    if (left == 0)
      return;
    step(*generation.findChunk(left, begins), total, /*promptsOnly=*/true);
  }
}

int64_t Generator::longest() const {
  size_t most = 0;
  for (const Sequence &each : sequences)
    if (!each.finished)
      most = std::max(most, each.tokens.size());
  return int64_t(most);
}

/// Runs one chunk, and records it where it is one of those that a profile is about.
void Generator::step(const io::ChunkInfo &chunk, int64_t total, bool promptsOnly) {
  if (profiler && (promptsOnly || decodeSteps == profiledStep))
    profiler->record(rank, promptsOnly ? prefillPart : decodePart, [&] { advance(chunk, total, promptsOnly); });
  else
    advance(chunk, total, promptsOnly);
}

/// Runs one chunk for every sequence that has tokens to read, and continues those that it completes. Sequences whose
/// prompt is read wait, during prefill, for the others.
void Generator::advance(const io::ChunkInfo &chunk, int64_t total, bool promptsOnly) {
  counts.clear();
  for (const Sequence &each : sequences) {
    bool waits = promptsOnly && each.past >= int64_t(each.promptSize);
    counts.push_back(waits ? 0 : std::min(chunk.tokens, remaining(each)));
  }
  give(chunk, total);
  rank.run(chunk.entry);
  complete.clear();
  for (size_t row = 0; row < sequences.size(); ++row) {
    sequences[row].past += counts[row];
    if (counts[row] > 0 && remaining(sequences[row]) == 0)
      complete.push_back(row);
  }
  if (!complete.empty())
    chooseTokens(chunk);
}

void Generator::profile(const std::vector<Tokens> &prompts, Profiler &recorder) {
  profiler = &recorder;
  profiledStep = decodeSteps - 1;
  generate(prompts);
  profiler = nullptr;
}

ChunkInputs &Generator::inputsOf(const io::ChunkInfo &chunk) {
  inputs.resize(generation.chunks.size());
  std::optional<ChunkInputs> &own = inputs[&chunk - generation.chunks.data()];
  if (!own)
    own.emplace(session.info, *session.info.findEntry(chunk.entry));
  return *own;
}

void Generator::give(const io::ChunkInfo &chunk, int64_t total) {
  ChunkInputs &own = inputsOf(chunk);
  std::fill(own.count().begin(), own.count().end(), 0);
  for (size_t row = 0; row < sequences.size(); ++row) {
    const Sequence &each = sequences[row];
    // Entries that begin sequences have no such input.
    if (!own.past().empty())
      own.past()[row] = int32_t(each.past);
    own.count()[row] = int32_t(counts[row]);
    std::copy_n(each.tokens.begin() + each.past, counts[row], own.ids().begin() + int64_t(row) * chunk.tokens);
  }
  own.total() = int32_t(total);
  own.give(rank);
}

/// Continues the sequences that are complete.
void Generator::chooseTokens(const io::ChunkInfo &chunk) {
  const io::EntryInfo &entry = *session.info.findEntry(chunk.entry);
  if (sampler.greedy())
    readLikeliest(entry);
  else
    drawTokens(entry);
  for (size_t i = 0; i < complete.size(); ++i)
    extend(sequences[complete[i]], tokens[i]);
}

/// What the program found, on every rank; logits are not looked at.
void Generator::readLikeliest(const io::EntryInfo &entry) {
  const io::BindingInfo &next = *entry.findOutput("next");
  const void *piece = rank.output(entry.name, next.name);
  tokens.resize(session.info.batch);
  char *all = reinterpret_cast<char *>(tokens.data());
  if (next.isCut()) {
    gatherTensor(rank, session.info.mesh, next, piece, all);
    rank.broadcast(all, wholeTensor(next).bytes());
  } else {
    rank.read(all, piece, next.bytes());
  }
  for (size_t i = 0; i < complete.size(); ++i) {
    size_t row = complete[i];
    if (tokens[row] < 0 || tokens[row] >= generation.vocabulary)
      Sampler::refuse(int64_t(row), sequences[row].past);
    tokens[i] = tokens[row];
  }
}

/// Of all logits, by rank 0.
void Generator::drawTokens(const io::EntryInfo &entry) {
  const io::BindingInfo &logits = *entry.findOutput("logits");
  const char *values = gatherLogits(entry, logits);
  int64_t rowBytes = generation.vocabulary * io::sizeOf(logits.dtype);
  tokens.resize(complete.size());
  for (size_t i = 0; rank.leads() && i < complete.size(); ++i) {
    int64_t row = int64_t(complete[i]);
    tokens[i] = sampler.draw(values + row * rowBytes, logits.dtype, generation.vocabulary, row, sequences[row].past);
  }
  rank.broadcast(tokens.data(), int64_t(tokens.size() * sizeof(int32_t)));
}

/// All sequences' logits, on rank 0.
const char *Generator::gatherLogits(const io::EntryInfo &entry, const io::BindingInfo &logits) {
  const void *piece = rank.output(entry.name, "logits");
  if (!logits.isCut())
    return rank.leads() ? rank.view(piece, logits.bytes(), wholeLogits) : nullptr;
  if (rank.leads())
    wholeLogits.resize(wholeTensor(logits).bytes());
  gatherTensor(rank, session.info.mesh, logits, piece, wholeLogits.data());
  return wholeLogits.data();
}

void Generator::extend(Sequence &sequence, int32_t token) {
  sequence.tokens.push_back(token);
  bool ended = !session.options.ignoreEos &&
               std::find(generation.eos.begin(), generation.eos.end(), token) != generation.eos.end();
  sequence.finished = ended || int64_t(sequence.tokens.size() - sequence.promptSize) >= maxNewTokens;
}

} // namespace hfc::run
