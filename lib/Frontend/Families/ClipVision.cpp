//===- ClipVision.cpp - CLIPVisionModel
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../Family.h"

#include <cmath>

using namespace hfc;
using namespace hfc::frontend;

static TowerInitializers readInitializers(ConfigReader &config, const VisionTower &tower) {
  double range = readInitializerRange(config), factor = config.real("initializer_factor", 1, 0);
  double width = factor / std::sqrt(static_cast<double>(tower.hidden));
  double depth = 1 / std::sqrt(2.0 * tower.layers);
  auto normal = [](double deviation) { return Initializer{Initializer::normal, deviation}; };
  TowerInitializers starts;
  starts.classToken = normal(width);
  starts.patches = starts.positions = normal(range * factor);
  starts.attentionIn = starts.mlpOut = normal(width * depth);
  starts.attentionOut = normal(width);
  starts.mlpIn = normal(width / std::sqrt(2.0));
  return starts;
}

VisionTower hfc::frontend::describeClipVision(ConfigReader &config) {
  VisionTower tower = readTowerSizes(config, {768, 3072, 12, 12, 224, 32, 1e-5});
  tower.activation = config.activation("hidden_act", hf::Activation::quick_gelu);
  tower.classToken = true;
  tower.patchBias = false;
  tower.preNorm = "pre_layrnorm"; // transformers' spelling
  tower.normLastHiddenState = false;
  tower.pooler = VisionTower::Pooler::classToken;
  tower.initializers = readInitializers(config, tower);
  config.ignore({"projection_dim"}); // of CLIPVisionModelWithProjection
  return tower;
}
