//===- Llama.cpp - LlamaForCausalLM (Llama 1 to 3, and the many models in its shape)
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../Family.h"

using namespace hfc;
using namespace hfc::frontend;

Decoder hfc::frontend::describeLlama(ConfigReader &config) {
  DecoderSizes sizes{32000, 4096, 11008, 32, 32};
  sizes.maxPositions = 2048;
  Decoder decoder = readDecoderSizes(config, sizes);
  decoder.activation = config.activation("hidden_act", hf::Activation::silu);
  decoder.tiedEmbeddings = config.flag("tie_word_embeddings", false);
  decoder.queryKeyValueBias = decoder.attentionOutBias = config.flag("attention_bias", false);
  decoder.mlpBias = config.flag("mlp_bias", false);
  decoder.rope = readRope(config, {decoder.headDim, decoder.maxPositions});
  decoder.tokenDefaults = {/*bos=*/1, /*eos=*/2, std::nullopt};
  return decoder;
}
