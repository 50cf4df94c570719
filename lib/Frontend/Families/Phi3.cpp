//===- Phi3.cpp - Phi3ForCausalLM (Phi-3, Phi-3.5, Phi-4)
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../Family.h"

using namespace hfc;
using namespace hfc::frontend;

Decoder hfc::frontend::describePhi3(ConfigReader &config) {
  DecoderSizes sizes{32064, 3072, 8192, 32, 32};
  sizes.maxPositions = 4096;
  sizes.epsilon = 1e-5;
  sizes.padding = 32000;
  Decoder decoder = readDecoderSizes(config, sizes);
  decoder.dropout.residual = readDropout(config, "resid_pdrop", 0);
  config.ignore({"embd_pdrop"}); // the class has no dropout of embeddings
  decoder.names.queryKeyValue = "qkv_proj";
  decoder.names.gateUp = "gate_up_proj";
  decoder.packing = Packing::rows;
  decoder.activation = config.activation("hidden_act", hf::Activation::silu);
  decoder.tiedEmbeddings = config.flag("tie_word_embeddings", false);
  config.require("attention_bias", false, "Phi3ForCausalLM has no attention biases");

  std::optional<int64_t> window = config.optionalInteger("sliding_window", std::nullopt, 1, Limits::positions);
  for (DecoderLayer &layer : decoder.layers)
    layer.window = window;

  RopeFamily rope{decoder.headDim, decoder.maxPositions};
  rope.originalMaxPositions = 4096;
  rope.partial = true;
  rope.onlyLongrope = true;
  decoder.rope = readRope(config, rope);
  decoder.tokenDefaults = {/*bos=*/1, /*eos=*/32000, /*pad=*/32000};
  return decoder;
}
