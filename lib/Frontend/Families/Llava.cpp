//===- Llava.cpp - LlavaForConditionalGeneration
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../Llava.h"
#include "../Family.h"

using namespace hfc;
using namespace hfc::frontend;

/// The part of the config under `key`, or what stands for it where there is none.
static Json subConfig(ConfigReader &config, StringRef key, Json byDefault) {
  const Json *value = config.get(key);
  if (!value || value->is_null())
    return byDefault;
  if (value->is_object())
    return *value;
  config.problem(config.name(key) + " must be a config, and is " + describe(*value));
  return byDefault;
}

/// The family of a part, if it is one of those for which `fits`.
static const Family *findPart(ConfigReader &part, StringRef byDefault, llvm::function_ref<bool(const Family &)> fits) {
  std::string type = part.text("model_type").value_or(byDefault.str()), known;
  for (const Family &family : families()) {
    if (!fits(family))
      continue;
    if (family.modelType == type)
      return &family;
    known += (known.empty() ? "" : ", ") + family.modelType.str();
  }
  part.problem(part.name("model_type") + " " + inQuotes(type) + " is not supported; hfc has " + known);
  return nullptr;
}

static std::optional<Decoder> readDecoder(ConfigReader &config) {
  Json json = subConfig(config, "text_config", Json::object());
  ConfigReader part(json, config.getProblems(), "text_config.");
  const Family *family = findPart(part, "llama", [](const Family &family) { return family.describeDecoder; });
  if (!family)
    return std::nullopt;
  Decoder decoder = family->describeDecoder(part);
  part.finish();
  decoder.names.base = "model.language_model";
  // Inside this class there is the model without what its own head does to logits.
  decoder.logitSoftcap = std::nullopt;
  decoder.tiedEmbeddings |= config.flag("tie_word_embeddings", false);
  return decoder;
}

static std::optional<VisionTower> readTower(ConfigReader &config) {
  Json byDefault = {{"hidden_size", 1024},       {"intermediate_size", 4096}, {"patch_size", 14},
                    {"num_attention_heads", 16}, {"num_hidden_layers", 24},   {"image_size", 336}};
  Json json = subConfig(config, "vision_config", std::move(byDefault));
  ConfigReader part(json, config.getProblems(), "vision_config.");
  const Family *family = findPart(part, "clip_vision_model", [](const Family &family) { return family.describeTower; });
  if (!family)
    return std::nullopt;
  VisionTower tower = family->describeTower(part);
  part.ignore({"vocab_size", "projection_dim"}); // of the text model that the tower was trained with
  part.finish();
  return tower;
}

/// Numbers of hidden states, counted from the end where negative.
static SmallVector<int64_t> readFeatureLayers(ConfigReader &config, int64_t layers) {
  const Json *value = config.get("vision_feature_layer");
  std::vector<int64_t> numbers = {-2};
  if (value && value->is_array())
    numbers = config.integers("vision_feature_layer", -layers - 1, layers).value_or(numbers);
  else
    numbers = {config.integer("vision_feature_layer", -2, -layers - 1, layers)};
  if (numbers.empty())
    config.problem("vision_feature_layer must name a layer, and is an empty list");
  SmallVector<int64_t> result;
  for (int64_t number : numbers)
    result.push_back(std::max<int64_t>(number < 0 ? number + layers + 1 : number, 0));
  return result;
}

std::unique_ptr<Model> hfc::frontend::describeLlava(ConfigReader &config) {
  std::optional<Decoder> decoder = readDecoder(config);
  std::optional<VisionTower> tower = readTower(config);
  Llava llava;
  llava.projectorActivation = config.activation("projector_hidden_act", hf::Activation::gelu);
  llava.projectorBias = config.flag("multimodal_projector_bias", true);
  config.alias("image_token_index", "image_token_id");
  llava.imageToken = config.integer("image_token_index", 32000, 0, Limits::tokens);
  std::string strategy = config.text("vision_feature_select_strategy").value_or("default");
  if (strategy != "default" && strategy != "full")
    config.problem("vision_feature_select_strategy must be \"default\" or \"full\", and is " + inQuotes(strategy));
  llava.dropFirstToken = strategy == "default";
  // Of the processor, and of older versions of the class.
  config.ignore({"image_seq_length", "ignore_index", "vocab_size"});
  if (decoder && llava.imageToken >= decoder->vocabulary)
    config.problem("image_token_index = " + Twine(llava.imageToken) +
                   " has no embedding: text_config.vocab_size = " + Twine(decoder->vocabulary));
  llava.featureLayers = readFeatureLayers(config, tower ? tower->layers : Limits::layers);
  if (tower)
    llava.tower = std::move(*tower);
  if (decoder)
    llava.decoder = std::move(*decoder);
  if (!config.getProblems().any() && llava.imageTokens() < 1)
    config.problem("an image has no tokens: vision_feature_select_strategy \"default\" leaves out its only one");
  llava.decoder.firstBlock = llava.featureLayers.empty() ? 0 : llava.towerLayers();
  return makeLlavaModel(std::move(llava));
}
