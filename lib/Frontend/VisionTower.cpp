//===- VisionTower.cpp - the entries of a vision transformer
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VisionTower.h"

#include "Blocks.h"
#include "TowerBuilder.h"
#include "Training.h"

using namespace hfc;
using namespace hfc::frontend;

namespace {

class VisionModel : public Model {
public:
  explicit VisionModel(VisionTower tower) : tower(std::move(tower)) {}

  void check(const Request &request, Problems &problems) const override {
    if (request.task == Task::generate)
      problems.add("a vision tower does not generate; use --task=forward");
    if (request.inputs == InputKind::inputsEmbeds)
      problems.add("a vision tower reads pixel_values; --inputs=inputs_embeds is for language models");
    checkTower(tower, request, problems);
  }
  void buildForward(ProgramBuilder &program, const Request &request) const override;
  void buildTraining(ProgramBuilder &program, const Request &request) const override;
  int64_t defaultSequence(int64_t) const override { return tower.tokens(); }
  int64_t sequence(int64_t) const override { return tower.tokens(); }
  bool isLanguageModel() const override { return false; }
  ArrayRef<StringRef> checkpointPrefixes() const override { return tower.checkpointPrefixes; }

private:
  VisionTower tower;
};

} // namespace

static Value pixelInput(EntryBuilder &entry, const VisionTower &tower, int64_t batch) {
  return entry.input("pixel_values", entry.floats({batch, tower.channels, tower.imageSize, tower.imageSize}));
}

void VisionModel::buildForward(ProgramBuilder &program, const Request &request) const {
  EntryBuilder entry(program, "forward");
  TowerBuilder builder(tower, entry);
  Value x = builder.lastHiddenState(pixelInput(entry, tower, request.batch));
  bool sequenceFirst = request.layout == BoundaryLayout::sequenceFirst;
  entry.output("last_hidden_state", sequenceFirst ? swapBatchAndSequence(entry, x) : x);
  if (tower.pooler != VisionTower::Pooler::none)
    entry.output("pooler_output", builder.pooled(x));
  entry.finish();
}

void VisionModel::buildTraining(ProgramBuilder &program, const Request &request) const {
  buildZeroLoss(program, tower.dropsOut(request));
  EntryBuilder entry(program, "micro_step");
  std::optional<DropoutBuilder> dropout;
  if (tower.dropsOut(request))
    dropout.emplace(entry);
  TowerBuilder builder(tower, entry, /*prefix=*/"", dropout ? &*dropout : nullptr);
  Value x = builder.lastHiddenState(pixelInput(entry, tower, request.microBatch()));
  Value pooled = tower.pooler != VisionTower::Pooler::none ? builder.pooled(x) : Value();
  bool sequenceFirst = request.layout == BoundaryLayout::sequenceFirst;
  emitWeightedLoss(entry, sequenceFirst ? swapBatchAndSequence(entry, x) : x, pooled);
  if (dropout)
    dropout->returnStates();
  entry.finish();
}

void hfc::frontend::checkTower(const VisionTower &tower, const Request &request, Problems &problems) {
  int64_t widest = std::max({tower.hidden, tower.inner, tower.channels * tower.patchSize * tower.patchSize});
  if (widest > Limits::elements / 3 / tower.hidden)
    problems.add("a parameter of " + Twine(widest) + " times " + Twine(tower.hidden) +
                 " is more elements than one tensor may have");
  if (tower.channels * tower.imageSize * tower.imageSize > Limits::elements / request.batch)
    problems.add("batch " + Twine(request.batch) + " of images of " + Twine(tower.channels) + " times " +
                 Twine(tower.imageSize) + " times " + Twine(tower.imageSize) +
                 " is more elements than one tensor may have");
  if (tower.tokens() > Limits::elements / request.batch / widest)
    problems.add("batch " + Twine(request.batch) + " times " + Twine(tower.tokens()) + " tokens times " +
                 Twine(widest) + " is more elements than one tensor may have");
}

std::unique_ptr<Model> hfc::frontend::makeVisionModel(VisionTower tower) {
  return std::make_unique<VisionModel>(std::move(tower));
}
