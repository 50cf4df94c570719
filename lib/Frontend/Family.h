//===- Family.h - the families that hfc knows
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_FRONTEND_FAMILY_H
#define HFC_LIB_FRONTEND_FAMILY_H

#include "Decoder.h"
#include "VisionTower.h"

namespace hfc::frontend {

/// A class of transformers: which configs name it, and how its config becomes a model over shared blocks. It is a
/// decoder, a tower, or a model of its own that is composed of such.
struct Family {
  StringLiteral modelType;
  StringLiteral architecture;
  Decoder (*describeDecoder)(ConfigReader &config) = nullptr;
  VisionTower (*describeTower)(ConfigReader &config) = nullptr;
  std::unique_ptr<Model> (*describeModel)(ConfigReader &config) = nullptr;

  std::unique_ptr<Model> describe(ConfigReader &config) const;
};

/// All families. One line each in Families.cpp.
ArrayRef<Family> families();

// The descriptions, one file each.
Decoder describeQwen2(ConfigReader &config);
Decoder describeLlama(ConfigReader &config);
Decoder describePhi3(ConfigReader &config);
Decoder describeGemma2(ConfigReader &config);
Decoder describeQwen3Moe(ConfigReader &config);
Decoder describeGpt2(ConfigReader &config);
VisionTower describeSiglipVision(ConfigReader &config);
VisionTower describeClipVision(ConfigReader &config);
std::unique_ptr<Model> describeLlava(ConfigReader &config);

// What many decoders' configs have in common.

/// Keys and defaults of a class's sizes.
struct DecoderSizes {
  int64_t vocabulary, hidden, inner, layers, heads;
  /// Absent key/value heads: this many, or as many as there are heads. The key may be null.
  std::optional<int64_t> keyHeads = std::nullopt;
  bool keyHeadsMayBeNull = true;
  std::optional<int64_t> headDim = std::nullopt;
  int64_t maxPositions = 0;
  double epsilon = 1e-6;
  /// `pad_token_id`, whose embedding is not trained.
  std::optional<int64_t> padding = std::nullopt;
};

/// Reads `vocab_size`, `hidden_size`, … into a new decoder, with the checks that heads must pass. Attention scores are
/// scaled by one over the root of the head dimension.
Decoder readDecoderSizes(ConfigReader &config, const DecoderSizes &byDefault);

/// Reads `layer_types` (or, where it is absent, asks `isSliding`) and gives sliding layers the window. `window` is
/// what `sliding_window` means in this config; null: layers must not slide.
void readLayerTypes(ConfigReader &config, Decoder &decoder, std::optional<int64_t> window,
                    llvm::function_ref<bool(int64_t)> isSliding);

/// The probability of a kind of dropout.
double readDropout(ConfigReader &config, StringRef key, double byDefault);
/// The standard deviation of a class's normal initialisation.
double readInitializerRange(ConfigReader &config);

/// A tower's sizes where its config says nothing.
struct TowerSizes {
  int64_t hidden, inner, layers, heads, imageSize, patchSize;
  double epsilon;
};
/// Reads `hidden_size`, `image_size`, … into a new tower, whose checkpoints stand alone or inside a larger model.
VisionTower readTowerSizes(ConfigReader &config, const TowerSizes &byDefault);

/// Checks that heads divide the hidden size, where nothing else gives their size.
void checkHeads(ConfigReader &config, StringRef hiddenKey, int64_t hidden, StringRef headsKey, int64_t heads);

} // namespace hfc::frontend

#endif // HFC_LIB_FRONTEND_FAMILY_H
