//===- Qwen2.cpp - Qwen2ForCausalLM (Qwen2 and Qwen2.5)
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../Family.h"

using namespace hfc;
using namespace hfc::frontend;

Decoder hfc::frontend::describeQwen2(ConfigReader &config) {
  DecoderSizes sizes{151936, 4096, 22016, 32, 32};
  sizes.keyHeads = 32;
  sizes.maxPositions = 32768;
  Decoder decoder = readDecoderSizes(config, sizes);
  decoder.queryKeyValueBias = true;
  decoder.activation = config.activation("hidden_act", hf::Activation::silu);
  decoder.tiedEmbeddings = config.flag("tie_word_embeddings", false);

  bool slides = config.flag("use_sliding_window", false);
  std::optional<int64_t> window = config.optionalInteger("sliding_window", 4096, 1, Limits::positions);
  int64_t firstSliding = config.integer("max_window_layers", 28, 0, Limits::positions);
  if (!slides)
    window = std::nullopt;
  readLayerTypes(config, decoder, window, [&](int64_t i) { return window && i >= firstSliding; });

  decoder.rope = readRope(config, {decoder.headDim, decoder.maxPositions});
  return decoder;
}
