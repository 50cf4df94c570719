//===- ClipVision.cpp - CLIPVisionModel
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../Family.h"

using namespace hfc;
using namespace hfc::frontend;

VisionTower hfc::frontend::describeClipVision(ConfigReader &config) {
  VisionTower tower = readTowerSizes(config, {768, 3072, 12, 12, 224, 32, 1e-5});
  tower.activation = config.activation("hidden_act", hf::Activation::quick_gelu);
  tower.classToken = true;
  tower.patchBias = false;
  tower.preNorm = "pre_layrnorm"; // transformers' spelling
  tower.normLastHiddenState = false;
  tower.pooler = VisionTower::Pooler::classToken;
  config.ignore({"projection_dim"}); // of CLIPVisionModelWithProjection
  return tower;
}
