//===- Qwen3Moe.cpp - Qwen3MoeForCausalLM
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../Family.h"

using namespace hfc;
using namespace hfc::frontend;

static Experts readExperts(ConfigReader &config) {
  Experts experts;
  config.alias("num_experts", "num_local_experts");
  experts.count = config.integer("num_experts", 128, 0, Limits::experts);
  experts.perToken = config.size("num_experts_per_tok", 8, Limits::experts);
  experts.inner = config.size("moe_intermediate_size", 768);
  experts.normalize = config.flag("norm_topk_prob", false);
  config.ignore({"router_aux_loss_coef"});
  return experts;
}

/// Marks the layers whose MLP is a mixture of experts.
static void readSparseLayers(ConfigReader &config, Decoder &decoder) {
  int64_t layers = decoder.layers.size(), step = config.size("decoder_sparse_step", 1);
  std::vector<int64_t> dense = config.integers("mlp_only_layers", 0, Limits::layers).value_or(std::vector<int64_t>());
  bool any = false;
  for (int64_t i = 0; i < layers; ++i) {
    decoder.layers[i].sparse = decoder.experts->count > 0 && (i + 1) % step == 0 && !llvm::is_contained(dense, i);
    any |= decoder.layers[i].sparse;
  }
  if (any && decoder.experts->perToken > decoder.experts->count)
    config.problem("num_experts_per_tok = " + Twine(decoder.experts->perToken) +
                   " is more than num_experts = " + Twine(decoder.experts->count));
  if (layers * decoder.experts->count > Limits::expertPieces)
    config.problem("num_hidden_layers = " + Twine(layers) + " times num_experts = " + Twine(decoder.experts->count) +
                   " is more than hfc's limit of " + Twine(Limits::expertPieces));
}

Decoder hfc::frontend::describeQwen3Moe(ConfigReader &config) {
  DecoderSizes sizes{151936, 2048, 6144, 24, 32};
  sizes.keyHeads = 4;
  sizes.keyHeadsMayBeNull = false;
  sizes.maxPositions = 32768;
  Decoder decoder = readDecoderSizes(config, sizes);
  decoder.headNorms = true;
  decoder.activation = config.activation("hidden_act", hf::Activation::silu);
  decoder.tiedEmbeddings = config.flag("tie_word_embeddings", false);
  decoder.queryKeyValueBias = decoder.attentionOutBias = config.flag("attention_bias", false);

  bool slides = config.flag("use_sliding_window", false);
  std::optional<int64_t> window = config.optionalInteger("sliding_window", 4096, 1, Limits::positions);
  config.ignore({"max_window_layers"}); // the class slides everywhere or nowhere
  for (DecoderLayer &layer : decoder.layers)
    layer.window = slides ? window : std::nullopt;

  decoder.experts = readExperts(config);
  readSparseLayers(config, decoder);
  decoder.rope = readRope(config, {decoder.headDim, decoder.maxPositions});
  return decoder;
}
