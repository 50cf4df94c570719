//===- Llava.h - a language model that reads images
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_FRONTEND_LLAVA_H
#define HFC_LIB_FRONTEND_LLAVA_H

#include "Decoder.h"
#include "VisionTower.h"

namespace hfc::frontend {

/// A vision tower whose features, projected, stand for image tokens in a decoder's input.
struct Llava {
  VisionTower tower;
  Decoder decoder;
  /// The entries of the tower's `hidden_states` that are taken, side by side, from 0, the embeddings, on.
  SmallVector<int64_t> featureLayers;
  /// The first token of each image's features is left out (the class token, where there is one).
  bool dropFirstToken = true;
  hf::Activation projectorActivation = hf::Activation::gelu;
  bool projectorBias = true;
  int64_t imageToken = 0;

  /// The tokens that stand for one image.
  bool dropsOut(const Request &request) const { return decoder.dropsOut(request) || tower.dropsOut(request); }
  int64_t imageTokens() const { return tower.tokens() - (dropFirstToken ? 1 : 0); }
  /// The layers of the tower that are computed.
  int64_t towerLayers() const { return *llvm::max_element(featureLayers); }
};

std::unique_ptr<Model> makeLlavaModel(Llava llava);

} // namespace hfc::frontend

#endif // HFC_LIB_FRONTEND_LLAVA_H
