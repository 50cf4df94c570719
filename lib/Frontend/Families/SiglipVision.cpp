//===- SiglipVision.cpp - SiglipVisionModel
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../Family.h"

using namespace hfc;
using namespace hfc::frontend;

VisionTower hfc::frontend::describeSiglipVision(ConfigReader &config) {
  VisionTower tower = readTowerSizes(config, {768, 3072, 12, 12, 224, 16, 1e-6});
  tower.activation = config.activation("hidden_act", hf::Activation::gelu_pytorch_tanh);
  if (config.flag("vision_use_head", true))
    tower.pooler = VisionTower::Pooler::attentionHead;
  return tower;
}
