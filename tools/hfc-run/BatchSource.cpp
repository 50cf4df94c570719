//===- BatchSource.cpp - where the batches of a training run come from
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BatchSource.h"

#include "hfc/Runtime/Train/Batches.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace hfc::run {

namespace {
constexpr const char *seedInput = "seed";

/// Programs without dropout have no such input.
void setSeed(WholeInputs &inputs, uint64_t seed) { inputs.setIntegers(seedInput, {int32_t(uint32_t(seed))}); }

class SameBatch : public BatchSource {
public:
  SameBatch(Session &session, const io::EntryInfo &entry, uint64_t seed) : inputs(std::make_shared<WholeInputs>()) {
    inputs->read(session, entry);
    if (entry.findInput(seedInput))
      setSeed(*inputs, seed);
  }

  std::shared_ptr<const WholeInputs> batch(int64_t) const override { return inputs; }

private:
  std::shared_ptr<WholeInputs> inputs;
};

/// The number of the document, within its sequence, that each token belongs to.
std::vector<int32_t> segmentsOf(const std::vector<int32_t> &positions) {
  std::vector<int32_t> segments;
  int32_t segment = 0;
  for (size_t i = 0; i < positions.size(); ++i) {
    segment = i > 0 && positions[i] != positions[i - 1] + 1 ? segment + 1 : segment;
    segments.push_back(segment);
  }
  return segments;
}

class Tokens : public BatchSource {
public:
  Tokens(Session &session, const io::EntryInfo &entry, uint64_t seed)
      : seed(seed), batches(open(session, entry, seed)) {}

  std::shared_ptr<const WholeInputs> batch(int64_t position) const override {
    train::Batch batch = orThrow(batches.read(position));
    auto inputs = std::make_shared<WholeInputs>();
    inputs->setIntegers("input_ids", batch.inputIds);
    inputs->setIntegers("position_ids", batch.positionIds);
    inputs->setIntegers("shifted_labels", batch.shiftedLabels);
    inputs->setIntegers("attention_mask", std::vector<int32_t>(batch.inputIds.size(), 1));
    inputs->setIntegers("segment_ids", segmentsOf(batch.positionIds));
    setSeed(*inputs, seed);
    return inputs;
  }

private:
  static train::Batches open(Session &session, const io::EntryInfo &entry, uint64_t seed) {
    static constexpr const char *known[] = {"input_ids",      "position_ids", "shifted_labels",
                                            "attention_mask", "segment_ids",  seedInput};
    const io::BindingInfo *ids = entry.findInput("input_ids");
    for (const io::BindingInfo &input : entry.inputs)
      if (!ids || std::find(std::begin(known), std::end(known), input.name) == std::end(known))
        throw Error("--tokens has tokens, and this program also reads '" + input.name +
                    "': give batches with --inputs");
    train::BatchOptions options;
    options.batch = ids->wholeShape()[0];
    options.sequence = ids->wholeShape()[1];
    options.vocabulary = ids->max ? *ids->max + 1 : std::numeric_limits<int32_t>::max();
    options.seed = seed;
    options.separator = separatorOf(session, options.vocabulary);
    return orThrow(train::Batches::create(orThrow(train::TokenFile::open(session.options.tokens)), options));
  }

  static std::optional<int32_t> separatorOf(Session &session, int64_t vocabulary) {
    const Options &options = session.options;
    std::optional<int64_t> separator = options.noSeparator ? std::nullopt
                                       : options.separator ? options.separator
                                                           : session.info.separator;
    if (separator && *separator >= vocabulary)
      throw Error("--separator=" + std::to_string(*separator) + " is no token: the model's vocabulary has " +
                  std::to_string(vocabulary));
    return separator ? std::optional<int32_t>(int32_t(*separator)) : std::nullopt;
  }

  uint64_t seed;
  train::Batches batches;
};
} // namespace

std::unique_ptr<BatchSource> makeBatchSource(Session &session, const Trainer &trainer, uint64_t seed) {
  const Options &options = session.options;
  if (options.inputs.empty() == options.tokens.empty())
    throw Error("which data? give either a token file with --tokens, or one batch, a safetensors file, with --inputs");
  io::EntryInfo entry = trainer.batchEntry(session.whole);
  if (!options.tokens.empty())
    return std::make_unique<Tokens>(session, entry, seed);
  return std::make_unique<SameBatch>(session, entry, seed);
}

} // namespace hfc::run
