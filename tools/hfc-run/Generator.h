//===- Generator.h - a generation program's entries over a batch of prompts
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_RUN_GENERATOR_H
#define HFC_TOOLS_HFC_RUN_GENERATOR_H

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

/// What one rank does to continue prompts: all ranks keep the same sequences, rank 0 chooses their tokens.
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
  /// Milliseconds.
  double prefillTime = 0, decodeTime = 0;
  int64_t decodeSteps = 0;

private:
  void prefill();
  int64_t longest() const;
  double step(const io::ChunkInfo &chunk, int64_t total, bool promptsOnly = false);
  void run(const io::ChunkInfo &chunk, bool promptsOnly) const;
  void give(const io::ChunkInfo &chunk, int64_t total, const std::vector<int64_t> &counts);
  std::vector<int32_t> chooseTokens(const io::ChunkInfo &chunk, const std::vector<size_t> &rows);
  const char *gatherLogits(const io::ChunkInfo &chunk, const io::BindingInfo &logits);
  void extend(Sequence &sequence, int32_t token);

  const Session &session;
  const Rank &rank;
  Sampler &sampler;
  const io::GenerationInfo &generation;
  int64_t maxNewTokens;
  std::vector<char> wholeLogits;
  /// While something is recorded; and which step.
  Profiler *profiler = nullptr;
  int64_t profiledStep = 0;
};

} // namespace hfc::run

#endif // HFC_TOOLS_HFC_RUN_GENERATOR_H
