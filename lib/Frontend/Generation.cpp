//===- Generation.cpp - what a generating program needs to know
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Generation.h"

using namespace hfc;
using namespace hfc::frontend;

namespace {
/// A setting of `generation_config.json` that hfc-run does not follow, and its value that changes nothing.
struct UnfollowedSetting {
  StringLiteral key;
  const char *neutral;
};
} // namespace

static constexpr UnfollowedSetting unfollowed[] = {
    {"assistant_confidence_threshold", "0.4"},
    {"bad_words_ids", "null"},
    {"begin_suppress_tokens", "null"},
    {"constraints", "null"},
    {"diversity_penalty", "0.0"},
    {"encoder_no_repeat_ngram_size", "0"},
    {"encoder_repetition_penalty", "1.0"},
    {"epsilon_cutoff", "0.0"},
    {"eta_cutoff", "0.0"},
    {"exponential_decay_length_penalty", "null"},
    {"forced_bos_token_id", "null"},
    {"forced_eos_token_id", "null"},
    {"guidance_scale", "null"},
    {"min_length", "0"},
    {"min_new_tokens", "null"},
    {"min_p", "null"},
    {"no_repeat_ngram_size", "0"},
    {"num_beams", "1"},
    {"penalty_alpha", "null"},
    {"repetition_penalty", "1.0"},
    {"sequence_bias", "null"},
    {"suppress_tokens", "null"},
    {"token_healing", "false"},
    {"typical_p", "1.0"},
    {"watermarking_config", "null"},
};

static std::optional<int64_t> readToken(ConfigReader &reader, StringRef key, std::optional<int64_t> byDefault) {
  // Some configs write -1 for "none".
  std::optional<int64_t> token = reader.optionalInteger(key, byDefault, -1, Limits::tokens);
  return token && *token < 0 ? std::nullopt : token;
}

/// `eos_token_id`: a token, a list of them, or none.
static SmallVector<int64_t> readEnds(ConfigReader &reader, ArrayRef<int64_t> byDefault) {
  const Json *value = reader.get("eos_token_id");
  if (!value || value->is_null())
    return SmallVector<int64_t>(byDefault);
  if (value->is_array())
    return llvm::to_vector(reader.integers("eos_token_id", 0, Limits::tokens).value_or(std::vector<int64_t>()));
  std::optional<int64_t> token = readToken(reader, "eos_token_id", std::nullopt);
  return token ? SmallVector<int64_t>{*token} : SmallVector<int64_t>{};
}

static void warnOfUnfollowed(const Json &config, std::vector<std::string> &warnings) {
  for (const UnfollowedSetting &setting : unfollowed) {
    auto found = config.find(setting.key.str());
    if (found == config.end() || found->is_null())
      continue;
    if (*found != Json::parse(setting.neutral, nullptr, /*allow_exceptions=*/false))
      warnings.push_back(("generation_config.json: " + setting.key + " = " + describe(*found) +
                          " is not followed; hfc-run samples by temperature, top_k and top_p")
                             .str());
  }
}

/// Tokens that end a text, as the config says. A class's default counts where the config has no such key, and not where
/// it says null.
static SmallVector<int64_t> readConfigEnds(ConfigReader &config, const TokenDefaults &defaults) {
  SmallVector<int64_t> classEnds;
  if (defaults.eos && !config.get("eos_token_id"))
    classEnds.push_back(*defaults.eos);
  return readEnds(config, classEnds);
}

std::optional<int64_t> hfc::frontend::readSeparator(const Document &document, const Model &model) {
  Problems ignored;
  ConfigReader config(document.config, ignored);
  SmallVector<int64_t> ends = readConfigEnds(config, model.tokenDefaults());
  return ends.empty() ? std::nullopt : std::optional<int64_t>(ends.front());
}

Generation hfc::frontend::readGeneration(const Document &document, const Model &model, Problems &problems,
                                         std::vector<std::string> &warnings) {
  Generation generation;
  TokenDefaults tokens = model.tokenDefaults();
  ConfigReader config(document.config, problems);
  generation.eos = readConfigEnds(config, tokens);
  generation.bos = readToken(config, "bos_token_id", tokens.bos);
  generation.pad = readToken(config, "pad_token_id", tokens.pad);
  if (!document.generationConfig)
    return generation;
  if (!document.generationConfig->is_object()) {
    problems.add("generation_config.json must hold an object, and holds " + describe(*document.generationConfig));
    return generation;
  }
  ConfigReader reader(*document.generationConfig, problems, "generation_config.json: ");
  generation.eos = readEnds(reader, generation.eos);
  if (reader.has("bos_token_id"))
    generation.bos = readToken(reader, "bos_token_id", std::nullopt);
  if (reader.has("pad_token_id"))
    generation.pad = readToken(reader, "pad_token_id", std::nullopt);
  generation.doSample = reader.has("do_sample") && reader.flag("do_sample", false);
  generation.temperature = reader.optionalReal("temperature", 1.0, 0).value_or(1.0);
  generation.topK = reader.optionalInteger("top_k", 50, 0, Limits::tokens).value_or(0);
  generation.topP = reader.optionalReal("top_p", 1.0, 0).value_or(1.0);
  if (generation.topP > 1.0)
    reader.problem(reader.name("top_p") + " must be from 0 to 1, and is " + Json(generation.topP).dump());
  warnOfUnfollowed(*document.generationConfig, warnings);
  return generation;
}

//===----------------------------------------------------------------------===//
// Chunks
//===----------------------------------------------------------------------===//

std::string Chunk::entry() const {
  return tokens == 1 ? "decode" : (first ? "prefill_first_" : "prefill_") + std::to_string(tokens);
}

/// The chunks that begin sequences. On a CPU no chunk is faster than those that read on; on a GPU products of a few
/// hundred rows still wait for their weights, so there is a large one, of which a batch's activations bound the size.
static SmallVector<int64_t> firstSizes(const Request &request, ArrayRef<int64_t> sizes) {
  constexpr int64_t mostTokens = 4096, mostOfBatch = 4 * mostTokens, few = 512, step = 128;
  if (request.target != "cuda")
    return SmallVector<int64_t>(sizes);
  int64_t share = std::max(few, mostOfBatch / request.batch / step * step);
  return {std::min({request.sequence, mostTokens, share}), few};
}

void hfc::frontend::decideChunks(Request &request, ArrayRef<int64_t> sizes) {
  auto add = [&](ArrayRef<int64_t> tokens, bool first) {
    for (int64_t each : tokens)
      // One token is what `decode` reads.
      if (each > 1 && each <= request.sequence && llvm::none_of(request.chunks, [&](const Chunk &chunk) {
            return chunk.tokens == each && chunk.first == first;
          }))
        request.chunks.push_back({each, first});
  };
  add(firstSizes(request, sizes), /*first=*/true);
  add(sizes, /*first=*/false);
  request.chunks.push_back({});
  llvm::sort(request.chunks,
             [](const Chunk &a, const Chunk &b) { return std::tie(a.tokens, a.first) > std::tie(b.tokens, b.first); });
}

//===----------------------------------------------------------------------===//
// The attribute
//===----------------------------------------------------------------------===//

DictionaryAttr hfc::frontend::generationAttribute(MLIRContext *context, const Generation &generation,
                                                  const Model &model, const Request &request) {
  Builder builder(context);
  SmallVector<Attribute> chunks;
  for (const Chunk &chunk : request.chunks) {
    NamedAttrList attributes;
    attributes.set("entry", builder.getStringAttr(chunk.entry()));
    attributes.set("tokens", builder.getI64IntegerAttr(chunk.tokens));
    if (chunk.first)
      attributes.set("first", builder.getBoolAttr(true));
    chunks.push_back(attributes.getDictionary(context));
  }

  NamedAttrList attributes;
  attributes.set("vocabulary", builder.getI64IntegerAttr(model.vocabulary()));
  attributes.set("eos", builder.getI64ArrayAttr(generation.eos));
  if (generation.bos)
    attributes.set("bos", builder.getI64IntegerAttr(*generation.bos));
  if (generation.pad)
    attributes.set("pad", builder.getI64IntegerAttr(*generation.pad));
  attributes.set("do_sample", builder.getBoolAttr(generation.doSample));
  attributes.set("temperature", builder.getF64FloatAttr(generation.temperature));
  attributes.set("top_k", builder.getI64IntegerAttr(generation.topK));
  attributes.set("top_p", builder.getF64FloatAttr(generation.topP));
  attributes.set("chunks", builder.getArrayAttr(chunks));
  return attributes.getDictionary(context);
}
