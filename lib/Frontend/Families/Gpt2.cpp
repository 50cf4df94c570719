//===- Gpt2.cpp - GPT2LMHeadModel
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../Family.h"

#include <cmath>

using namespace hfc;
using namespace hfc::frontend;

static DecoderNames gpt2Names() {
  DecoderNames names;
  names.base = "transformer";
  names.tokens = "wte";
  names.positions = "wpe";
  names.layers = "h";
  names.finalNorm = "ln_f";
  names.inputNorm = "ln_1";
  names.attention = "attn";
  names.queryKeyValue = "c_attn";
  names.attentionOut = "c_proj";
  names.mlpNorm = "ln_2";
  names.up = "c_fc";
  names.down = "c_proj";
  return names;
}

/// One over the root of the head dimension, and over the layer's number, if the config wants them.
static void readScales(ConfigReader &config, Decoder &decoder) {
  bool byHeadDim = config.flag("scale_attn_weights", true);
  bool byLayer = config.flag("scale_attn_by_inverse_layer_idx", false);
  for (auto [i, layer] : llvm::enumerate(decoder.layers)) {
    layer.scale = byHeadDim ? 1.0 / std::sqrt(static_cast<double>(decoder.headDim)) : 1.0;
    if (byLayer)
      layer.scale /= static_cast<double>(i + 1);
  }
  // It moves a rounding from after the scores to before; hfc's scores are float32 either way.
  config.flag("reorder_and_upcast_attn", false);
}

Decoder hfc::frontend::describeGpt2(ConfigReader &config) {
  config.alias("n_embd", "hidden_size");
  config.alias("n_layer", "num_hidden_layers");
  config.alias("n_head", "num_attention_heads");
  config.alias("n_positions", "max_position_embeddings");
  Decoder decoder;
  decoder.names = gpt2Names();
  decoder.packing = Packing::conv1d;
  decoder.vocabulary = config.size("vocab_size", 50257);
  decoder.hidden = config.size("n_embd", 768);
  decoder.inner = config.optionalInteger("n_inner", std::nullopt, 1, Limits::size).value_or(4 * decoder.hidden);
  decoder.heads = decoder.keyHeads = config.size("n_head", 12, Limits::heads);
  checkHeads(config, "n_embd", decoder.hidden, "n_head", decoder.heads);
  decoder.headDim = std::max<int64_t>(decoder.hidden / decoder.heads, 1);
  decoder.maxPositions = config.size("n_positions", 1024);
  decoder.layers.resize(config.size("n_layer", 12, Limits::layers));
  decoder.norm = {Norm::layer, config.real("layer_norm_epsilon", 1e-5, 0)};
  decoder.activation = config.activation("activation_function", hf::Activation::gelu_new);
  decoder.queryKeyValueBias = decoder.attentionOutBias = decoder.mlpBias = true;
  decoder.gated = false;
  decoder.tiedEmbeddings = config.flag("tie_word_embeddings", true);
  readScales(config, decoder);
  decoder.dropout = {readDropout(config, "embd_pdrop", 0.1), readDropout(config, "resid_pdrop", 0.1),
                     readDropout(config, "attn_pdrop", 0.1)};
  decoder.initializerRange = readInitializerRange(config);
  decoder.residualInitializerRange = decoder.initializerRange / std::sqrt(2.0 * decoder.layers.size());
  // The old name of n_positions, and options of GPT2DoubleHeadsModel.
  config.ignore({"n_ctx", "summary_type", "summary_use_proj", "summary_activation", "summary_proj_to_labels",
                 "summary_first_dropout"});
  decoder.tokenDefaults = {/*bos=*/50256, /*eos=*/50256, std::nullopt};
  // Checkpoints of the bare GPT2Model, which the hub has, lack the first part of each name.
  decoder.checkpointPrefixes = {"", "-transformer."};
  return decoder;
}
