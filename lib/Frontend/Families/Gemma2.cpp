//===- Gemma2.cpp - Gemma2ForCausalLM
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../Family.h"

#include <cmath>

using namespace hfc;
using namespace hfc::frontend;

Decoder hfc::frontend::describeGemma2(ConfigReader &config) {
  DecoderSizes sizes{256000, 2304, 9216, 26, 8};
  sizes.keyHeads = 4;
  sizes.keyHeadsMayBeNull = false;
  sizes.headDim = 256;
  sizes.maxPositions = 8192;
  sizes.padding = 0;
  Decoder decoder = readDecoderSizes(config, sizes);
  decoder.names.postAttentionNorm = "post_attention_layernorm";
  decoder.names.mlpNorm = "pre_feedforward_layernorm";
  decoder.names.postMlpNorm = "post_feedforward_layernorm";
  decoder.norm.kind = Norm::rmsUnitOffset;
  decoder.activation = config.activation("hidden_activation", hf::Activation::gelu_pytorch_tanh);
  config.ignore({"hidden_act"}); // configs have both; the class reads hidden_activation
  decoder.tiedEmbeddings = config.flag("tie_word_embeddings", true);
  decoder.queryKeyValueBias = decoder.attentionOutBias = config.flag("attention_bias", false);
  if (config.has("use_bidirectional_attention"))
    config.require("use_bidirectional_attention", false, "hfc compiles Gemma 2 with causal attention only");
  config.ignore({"use_bidirectional_attention"});

  decoder.embeddingScale = std::sqrt(static_cast<double>(decoder.hidden));
  decoder.logitSoftcap = config.optionalReal("final_logit_softcapping", 30.0, 0, /*above=*/true);
  decoder.attentionSoftcap = config.optionalReal("attn_logit_softcapping", 50.0, 0, /*above=*/true);
  double scalar = config.real("query_pre_attn_scalar", 256, 0, /*above=*/true);
  for (DecoderLayer &layer : decoder.layers)
    layer.scale = 1.0 / std::sqrt(scalar);
  readLayerTypes(config, decoder, config.optionalInteger("sliding_window", 4096, 1, Limits::positions),
                 [](int64_t i) { return i % 2 == 0; });

  decoder.rope = readRope(config, {decoder.headDim, decoder.maxPositions});
  decoder.tokenDefaults = {/*bos=*/2, /*eos=*/1, /*pad=*/0};
  return decoder;
}
