//===- Families.cpp - the families that hfc knows
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Family.h"

#include <cmath>

using namespace hfc;
using namespace hfc::frontend;

using ModelPtr = std::unique_ptr<Model>;

static constexpr Family decoder(StringLiteral type, StringLiteral name, Decoder (*describe)(ConfigReader &)) {
  return {type, name, describe};
}
static constexpr Family tower(StringLiteral type, StringLiteral name, VisionTower (*describe)(ConfigReader &)) {
  return {type, name, nullptr, describe};
}
static constexpr Family composed(StringLiteral type, StringLiteral name, ModelPtr (*describe)(ConfigReader &)) {
  return {type, name, nullptr, nullptr, describe};
}

static constexpr Family allFamilies[] = {
    tower("clip_vision_model", "CLIPVisionModel", describeClipVision),
    decoder("gemma2", "Gemma2ForCausalLM", describeGemma2),
    decoder("gpt2", "GPT2LMHeadModel", describeGpt2),
    decoder("llama", "LlamaForCausalLM", describeLlama),
    composed("llava", "LlavaForConditionalGeneration", describeLlava),
    decoder("phi3", "Phi3ForCausalLM", describePhi3),
    decoder("qwen2", "Qwen2ForCausalLM", describeQwen2),
    decoder("qwen3_moe", "Qwen3MoeForCausalLM", describeQwen3Moe),
    tower("siglip_vision_model", "SiglipVisionModel", describeSiglipVision),
};

ModelPtr Family::describe(ConfigReader &config) const {
  if (describeDecoder)
    return makeDecoderModel(describeDecoder(config));
  return describeTower ? makeVisionModel(describeTower(config)) : describeModel(config);
}

ArrayRef<Family> hfc::frontend::families() { return allFamilies; }

void hfc::frontend::checkHeads(ConfigReader &config, StringRef hiddenKey, int64_t hidden, StringRef headsKey,
                               int64_t heads) {
  if (hidden % heads)
    config.problem(config.name(hiddenKey) + " = " + Twine(hidden) + " is not a multiple of " + config.name(headsKey) +
                   " = " + Twine(heads));
}

double hfc::frontend::readDropout(ConfigReader &config, StringRef key, double byDefault) {
  double probability = config.optionalReal(key, byDefault, 0).value_or(0);
  if (probability < 1)
    return probability;
  config.problem(config.name(key) + " must be a probability below 1, and is " + Json(probability).dump());
  return 0;
}

double hfc::frontend::readInitializerRange(ConfigReader &config) {
  // transformers takes 0 for "not given", too.
  double range = config.optionalReal("initializer_range", 0.02, 0).value_or(0.02);
  return range > 0 ? range : 0.02;
}

/// The row of the embedding that torch does not train. A negative index counts from the end, as in torch.
static std::optional<int64_t> readPadding(ConfigReader &config, int64_t vocabulary, std::optional<int64_t> byDefault) {
  std::optional<int64_t> row = config.optionalInteger("pad_token_id", byDefault, -Limits::tokens, Limits::tokens);
  if (row && *row < 0)
    *row += vocabulary;
  return row && *row >= 0 && *row < vocabulary ? row : std::nullopt;
}

Decoder hfc::frontend::readDecoderSizes(ConfigReader &config, const DecoderSizes &byDefault) {
  Decoder decoder;
  decoder.vocabulary = config.size("vocab_size", byDefault.vocabulary);
  decoder.hidden = config.size("hidden_size", byDefault.hidden);
  decoder.inner = config.size("intermediate_size", byDefault.inner);
  int64_t layers = config.size("num_hidden_layers", byDefault.layers, Limits::layers);
  decoder.heads = config.size("num_attention_heads", byDefault.heads, Limits::heads);
  decoder.keyHeads =
      byDefault.keyHeadsMayBeNull
          ? config.optionalInteger("num_key_value_heads", byDefault.keyHeads, 1, Limits::heads).value_or(decoder.heads)
          : config.size("num_key_value_heads", byDefault.keyHeads.value_or(decoder.heads), Limits::heads);
  if (decoder.heads % decoder.keyHeads)
    config.problem("num_attention_heads = " + Twine(decoder.heads) +
                   " is not a multiple of num_key_value_heads = " + Twine(decoder.keyHeads));
  std::optional<int64_t> headDim = config.optionalInteger("head_dim", byDefault.headDim, 1, Limits::headDim);
  if (!headDim)
    checkHeads(config, "hidden_size", decoder.hidden, "num_attention_heads", decoder.heads);
  decoder.headDim = headDim.value_or(std::max<int64_t>(decoder.hidden / decoder.heads, 1));
  decoder.maxPositions = config.size("max_position_embeddings", byDefault.maxPositions, Limits::positions);
  decoder.norm = {Norm::rms, config.real("rms_norm_eps", byDefault.epsilon, 0)};
  decoder.paddingIndex = readPadding(config, decoder.vocabulary, byDefault.padding);
  decoder.initializerRange = readInitializerRange(config);
  decoder.dropout.attention = readDropout(config, "attention_dropout", 0);
  decoder.layers.resize(layers);
  for (DecoderLayer &layer : decoder.layers)
    layer.scale = 1.0 / std::sqrt(static_cast<double>(decoder.headDim));
  return decoder;
}

void hfc::frontend::readLayerTypes(ConfigReader &config, Decoder &decoder, std::optional<int64_t> window,
                                   llvm::function_ref<bool(int64_t)> isSliding) {
  std::optional<std::vector<std::string>> types = config.texts("layer_types");
  if (types && types->size() != decoder.layers.size())
    return config.problem("layer_types has " + Twine(types->size()) + " entries, and num_hidden_layers is " +
                          Twine(decoder.layers.size()));
  for (auto [i, layer] : llvm::enumerate(decoder.layers)) {
    if (types && (*types)[i] != "full_attention" && (*types)[i] != "sliding_attention")
      return config.problem("layer_types[" + Twine(i) +
                            "] must be \"full_attention\" or \"sliding_attention\", and is " + inQuotes((*types)[i]));
    if (!(types ? (*types)[i] == "sliding_attention" : isSliding(i)))
      continue;
    if (!window)
      return config.problem("layer_types[" + Twine(i) +
                            "] is \"sliding_attention\", but no sliding_window is in use (see use_sliding_window)");
    layer.window = window;
  }
}

VisionTower hfc::frontend::readTowerSizes(ConfigReader &config, const TowerSizes &byDefault) {
  VisionTower tower;
  tower.hidden = config.size("hidden_size", byDefault.hidden);
  tower.inner = config.size("intermediate_size", byDefault.inner);
  tower.layers = config.size("num_hidden_layers", byDefault.layers, Limits::layers);
  tower.heads = config.size("num_attention_heads", byDefault.heads, Limits::heads);
  checkHeads(config, "hidden_size", tower.hidden, "num_attention_heads", tower.heads);
  tower.channels = config.size("num_channels", 3, Limits::heads);
  tower.imageSize = config.size("image_size", byDefault.imageSize, Limits::heads);
  tower.patchSize = config.size("patch_size", byDefault.patchSize, Limits::heads);
  if (tower.patchSize > tower.imageSize)
    config.problem("patch_size = " + Twine(tower.patchSize) + " is larger than image_size = " + Twine(tower.imageSize));
  tower.epsilon = config.real("layer_norm_eps", byDefault.epsilon, 0);
  tower.attentionDropout = readDropout(config, "attention_dropout", 0);
  tower.checkpointPrefixes = {"", "vision_model."};
  return tower;
}
