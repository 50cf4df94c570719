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
  prefillTime = decodeTime = 0;
  decodeSteps = 0;
  prefill();
  while (std::any_of(sequences.begin(), sequences.end(), [](const Sequence &each) { return !each.finished; })) {
    decodeTime += step(*generation.findChunk(1, /*begins=*/false), longest());
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
    prefillTime += step(*generation.findChunk(left, begins), total, /*promptsOnly=*/true);
  }
}

int64_t Generator::longest() const {
  size_t most = 0;
  for (const Sequence &each : sequences)
    if (!each.finished)
      most = std::max(most, each.tokens.size());
  return int64_t(most);
}

/// Runs one chunk for every sequence that has tokens to read, and continues those that it completes. Sequences whose
/// prompt is read wait, during prefill, for the others. Returns milliseconds.
double Generator::step(const io::ChunkInfo &chunk, int64_t total, bool promptsOnly) {
  std::vector<int64_t> counts;
  for (const Sequence &each : sequences) {
    bool waits = promptsOnly && each.past >= int64_t(each.promptSize);
    counts.push_back(waits ? 0 : std::min(chunk.tokens, remaining(each)));
  }
  give(chunk, total, counts);
  double time = timed([&] { run(chunk, promptsOnly); });
  std::vector<size_t> complete;
  for (size_t row = 0; row < sequences.size(); ++row) {
    sequences[row].past += counts[row];
    if (counts[row] > 0 && remaining(sequences[row]) == 0)
      complete.push_back(row);
  }
  if (complete.empty())
    return time;
  std::vector<int32_t> tokens = chooseTokens(chunk, complete);
  for (size_t i = 0; i < complete.size(); ++i)
    extend(sequences[complete[i]], tokens[i]);
  return time;
}

void Generator::run(const io::ChunkInfo &chunk, bool promptsOnly) const {
  if (profiler && (promptsOnly || decodeSteps == profiledStep))
    profiler->record(rank, promptsOnly ? prefillPart : decodePart, [&] { rank.run(chunk.entry); });
  else
    rank.run(chunk.entry);
}

void Generator::profile(const std::vector<Tokens> &prompts, Profiler &recorder) {
  profiler = &recorder;
  profiledStep = decodeSteps - 1;
  generate(prompts);
  profiler = nullptr;
}

void Generator::give(const io::ChunkInfo &chunk, int64_t total, const std::vector<int64_t> &counts) {
  int64_t batch = session.info.batch, width = chunk.tokens;
  std::vector<int32_t> ids(batch * width), past(batch), count(batch);
  for (size_t row = 0; row < sequences.size(); ++row) {
    const Sequence &each = sequences[row];
    past[row] = int32_t(each.past);
    count[row] = int32_t(counts[row]);
    std::copy_n(each.tokens.begin() + each.past, counts[row], ids.begin() + int64_t(row) * width);
  }
  WholeInputs inputs;
  inputs.setIntegers("input_ids", ids);
  inputs.setIntegers("past", past);
  inputs.setIntegers("count", count);
  inputs.setIntegers("total", {int32_t(total)});
  inputs.give(session.info, *session.info.findEntry(chunk.entry), 0, rank);
}

/// The next token of each of these rows; rank 0 decides.
std::vector<int32_t> Generator::chooseTokens(const io::ChunkInfo &chunk, const std::vector<size_t> &rows) {
  const io::BindingInfo &logits = *session.info.findEntry(chunk.entry)->findOutput("logits");
  std::vector<int32_t> tokens(rows.size());
  const char *values = gatherLogits(chunk, logits);
  int64_t rowBytes = generation.vocabulary * io::sizeOf(logits.dtype);
  for (size_t i = 0; rank.leads() && i < rows.size(); ++i) {
    int64_t row = int64_t(rows[i]);
    tokens[i] = sampler.choose(values + row * rowBytes, logits.dtype, generation.vocabulary, row, sequences[row].past);
  }
  rank.broadcast(tokens.data(), int64_t(tokens.size() * sizeof(int32_t)));
  return tokens;
}

/// All sequences' logits, on rank 0.
const char *Generator::gatherLogits(const io::ChunkInfo &chunk, const io::BindingInfo &logits) {
  const void *piece = rank.output(chunk.entry, "logits");
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
