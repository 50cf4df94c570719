//===- VisionTower.h - a vision transformer, described by its features
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_FRONTEND_VISIONTOWER_H
#define HFC_LIB_FRONTEND_VISIONTOWER_H

#include "Model.h"

namespace hfc::frontend {

/// How a tower's parameters start.
struct TowerInitializers {
  Initializer classToken, patches, positions;
  /// Query, key and value; what ends attention.
  Initializer attentionIn, attentionOut;
  Initializer mlpIn, mlpOut, mlpBias;
  /// Of the pooling head: the probe, and its attention's weights.
  Initializer probe, probeIn, probeOut;
};

/// A tower over square images as the shared builder writes it.
struct VisionTower {
  int64_t hidden = 0, inner = 0, heads = 0, layers = 0;
  int64_t channels = 3, imageSize = 0, patchSize = 0;
  hf::Activation activation = hf::Activation::gelu;
  double epsilon = 1e-5;

  /// A learned token in front of the patches.
  bool classToken = false;
  bool patchBias = true;
  /// The norm between embeddings and layers; empty: none.
  StringRef preNorm = "";
  /// `post_layernorm` over all of the last layer's output, which is then `last_hidden_state`.
  bool normLastHiddenState = true;

  enum class Pooler {
    none,
    classToken,    ///< `post_layernorm` of the first token
    attentionHead, ///< a learned probe attends to all tokens (SigLIP)
  } pooler = Pooler::none;

  double attentionDropout = 0;
  TowerInitializers initializers;
  SmallVector<StringRef> checkpointPrefixes = {""};

  /// Whether a program that is asked for drops anything.
  bool dropsOut(const Request &request) const {
    return request.task == Task::train && request.dropout && attentionDropout > 0;
  }
  int64_t patchesPerSide() const { return imageSize / patchSize; }
  int64_t tokens() const { return patchesPerSide() * patchesPerSide() + (classToken ? 1 : 0); }
};

/// Reports what of a request a tower cannot do, by itself or inside a larger model.
void checkTower(const VisionTower &tower, const Request &request, Problems &problems);

std::unique_ptr<Model> makeVisionModel(VisionTower tower);

} // namespace hfc::frontend

#endif // HFC_LIB_FRONTEND_VISIONTOWER_H
