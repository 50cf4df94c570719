//===- Generator.h - a generation program's entries over a batch of prompts
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_RUN_GENERATOR_H
#define HFC_TOOLS_HFC_RUN_GENERATOR_H

#include "ChunkInputs.h"
#include "Prompts.h"
#include "Sampler.h"
#include "WholeTensors.h"

namespace hfc::run {

/// One prompt and what has been made of it.
struct Sequence {
  Tokens tokens;
  size_t promptSize = 0;
  /// How many tokens the cache holds.
  int64_t past = 0;
  bool finished = false;
};

/// What one rank does to continue prompts. All ranks keep the same sequences. The likeliest tokens are the program's to
/// choose; others rank 0 draws of all logits.
class Generator {
public:
  Generator(const Session &session, const Rank &rank, Sampler &sampler, int64_t maxNewTokens)
      : session(session), rank(rank), sampler(sampler), generation(*session.info.generation),
        maxNewTokens(maxNewTokens) {}

  void generate(const std::vector<Tokens> &prompts);
  /// The same again: records how prompts are read, and the last token.
  void profile(const std::vector<Tokens> &prompts, Profiler &recorder);

  static constexpr const char *prefillPart = "prefill", *decodePart = "decode";

  std::vector<Sequence> sequences;
  /// Milliseconds until the prompts' first tokens are known, and of all steps after that, host included.
  double prefillTime = 0, decodeTime = 0;
  int64_t decodeSteps = 0;

private:
  void prefill();
  void decode();
  int64_t longest() const;
  void step(const io::ChunkInfo &chunk, int64_t total, bool promptsOnly = false);
  void advance(const io::ChunkInfo &chunk, int64_t total, bool promptsOnly);
  void give(const io::ChunkInfo &chunk, int64_t total);
  ChunkInputs &inputsOf(const io::ChunkInfo &chunk);

  void chooseTokens(const io::ChunkInfo &chunk);
  void readLikeliest(const io::EntryInfo &entry);
  void drawTokens(const io::EntryInfo &entry);
  const char *gatherLogits(const io::EntryInfo &entry, const io::BindingInfo &logits);
  void extend(Sequence &sequence, int32_t token);

  const Session &session;
  const Rank &rank;
  Sampler &sampler;
  const io::GenerationInfo &generation;
  int64_t maxNewTokens;
  std::vector<char> wholeLogits;
  /// Of each chunk that has run, by its number.
  std::vector<std::optional<ChunkInputs>> inputs;
  /// What the current step reads of each sequence; the sequences that it completes; and their tokens, or all.
  std::vector<int64_t> counts;
  std::vector<size_t> complete;
  std::vector<int32_t> tokens;
  /// While something is recorded; and which step.
  Profiler *profiler = nullptr;
  int64_t profiledStep = 0;
};

} // namespace hfc::run

#endif // HFC_TOOLS_HFC_RUN_GENERATOR_H
