//===- SiglipVision.cpp - SiglipVisionModel
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../Family.h"

#include <cmath>

using namespace hfc;
using namespace hfc::frontend;

/// Xavier's uniform initialisation.
static Initializer xavier(double in, double out) { return {Initializer::uniform, std::sqrt(2 / (in + out))}; }

/// LeCun's normal one as transformers has it: widened for a cut at two standard deviations, but cut at plus and minus
/// 2, where nothing is left to cut.
static Initializer lecun(double in) { return {Initializer::normal, std::sqrt(1 / in) / 0.87962566103423978}; }

static TowerInitializers initializers(const VisionTower &tower) {
  double hidden = tower.hidden, inner = tower.inner;
  TowerInitializers starts;
  starts.patches = lecun(static_cast<double>(tower.channels * tower.patchSize * tower.patchSize));
  starts.positions = {Initializer::normal, std::sqrt(1 / hidden)};
  starts.attentionIn = starts.attentionOut = xavier(hidden, hidden);
  starts.mlpIn = starts.mlpOut = xavier(hidden, inner);
  starts.mlpBias = {Initializer::normal, 1e-6};
  starts.probe = xavier(hidden, hidden);
  starts.probeIn = xavier(hidden, 3 * hidden);
  starts.probeOut = lecun(hidden);
  return starts;
}

VisionTower hfc::frontend::describeSiglipVision(ConfigReader &config) {
  VisionTower tower = readTowerSizes(config, {768, 3072, 12, 12, 224, 16, 1e-6});
  tower.activation = config.activation("hidden_act", hf::Activation::gelu_pytorch_tanh);
  if (config.flag("vision_use_head", true))
    tower.pooler = VisionTower::Pooler::attentionHead;
  tower.initializers = initializers(tower);
  return tower;
}
