//===- Llava.cpp - the entries of a language model that reads images
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Llava.h"

#include "Blocks.h"
#include "DecoderBuilder.h"
#include "TowerBuilder.h"
#include "Training.h"

using namespace hfc;
using namespace hfc::frontend;

using Scope = EntryBuilder::Scope;

static constexpr StringLiteral towerName = "model.vision_tower.", projectorName = "model.multi_modal_projector";

namespace {

/// Writes one entry.
class LlavaEntry {
public:
  LlavaEntry(const Llava &llava, const Request &request, ProgramBuilder &program, StringRef name)
      : llava(llava), request(request), entry(program, name) {}

  void forward();
  void microStep();

private:
  /// The inputs, and what the decoder reads: embeddings, of images where tokens say so.
  Value embeddings(int64_t batch);
  Value imageFeatures(Value pixels);
  Value project(Value features);
  Value placeImages(Value ids, Value embeddings, Value features);
  Value imageRows(Value isImage, Value features);

  const Llava &llava;
  const Request &request;
  EntryBuilder entry;
  Sequence sequence;
  /// There where something is dropped.
  std::optional<DropoutBuilder> dropout;
};

} // namespace

/// The hidden states of the layers that the config names. [B, tokens, hidden * layers].
Value LlavaEntry::imageFeatures(Value pixels) {
  TowerBuilder builder(llava.tower, entry, towerName, dropout ? &*dropout : nullptr);
  SmallVector<Value> states = builder.hiddenStates(pixels, llava.towerLayers());
  Scope scope(entry, "model");
  SmallVector<Value> taken;
  for (int64_t layer : llava.featureLayers) {
    Value state = states[layer];
    taken.push_back(llava.dropFirstToken ? entry.ops().sliceDim(state, 1, 1, llava.tower.tokens()) : state);
  }
  return taken.size() == 1 ? taken.front() : entry.ops().concat(taken, 2);
}

Value LlavaEntry::project(Value features) {
  auto linear = [&](StringRef name, Value x) {
    Linear linear{(projectorName + name).str(), "", hf::shapeOf(x).back(), llava.decoder.hidden, llava.projectorBias};
    linear.weightStart = {Initializer::normal, llava.decoder.initializerRange};
    return emitLinear(entry, linear, x);
  };
  Value inner = linear(".linear_1", features);
  {
    Scope scope(entry, projectorName);
    inner = entry.ops().activation(llava.projectorActivation, inner);
  }
  return linear(".linear_2", inner);
}

/// For each token the row of its image's features that it stands for: the first image token of a sequence for the
/// first, and so on; zeros for other tokens. A product with rows of one 1 is exact, lives where the batch lives,
/// and has a derivative without scattering.
Value LlavaEntry::imageRows(Value isImage, Value features) {
  hf::TensorBuilder &ops = entry.ops();
  Type number = entry.builder().getF32Type(), index = entry.builder().getI32Type();
  int64_t batch = sequence.batch, tokens = sequence.tokens, rows = hf::shapeOf(features)[1];
  // How many image tokens stand at or before each token.
  SmallVector<int64_t> pairs = {batch, tokens, tokens};
  RankedTensorType pairIndex = RankedTensorType::get(pairs, index);
  Value before = ops.compare(hf::Compare::le, ops.iota(pairIndex, 2), ops.iota(pairIndex, 1));
  Value counted = ops.logicalAnd(before, ops.broadcast(isImage, pairs, {0, 2}));
  Value count = ops.convert(ops.reduce(hf::Reduction::sum, ops.convert(counted, number), {2}), index);

  SmallVector<int64_t> places = {batch, tokens, rows};
  Value row = ops.broadcast(ops.add(count, -1.0), places, {0, 1});
  Value chosen = ops.compare(hf::Compare::eq, row, ops.iota(RankedTensorType::get(places, index), 2));
  chosen = ops.logicalAnd(chosen, ops.broadcast(isImage, places, {0, 1}));
  return ops.matmul(ops.convert(chosen, hf::elementOf(features)), features);
}

Value LlavaEntry::placeImages(Value ids, Value embeddings, Value features) {
  Scope scope(entry, "model");
  hf::TensorBuilder &ops = entry.ops();
  Value isImage = ops.compare(hf::Compare::eq, ids, ops.splatLike(ids, static_cast<double>(llava.imageToken)));
  Value rows = imageRows(isImage, features);
  return ops.select(ops.broadcast(isImage, hf::shapeOf(embeddings), {0, 1}), rows, embeddings);
}

Value LlavaEntry::embeddings(int64_t batch) {
  const VisionTower &tower = llava.tower;
  sequence.batch = batch;
  sequence.tokens = sequence.capacity = request.sequence;
  InputRules rules{"", 0, llava.decoder.vocabulary - 1};
  rules.occurrences = {llava.imageToken, llava.imageTokens()};
  Value ids = entry.input("input_ids", entry.integers({batch, sequence.tokens}), rules);
  Value pixels = entry.input("pixel_values", entry.floats({batch, tower.channels, tower.imageSize, tower.imageSize}));
  addSequenceInputs(entry, llava.decoder, sequence);
  Value features = project(imageFeatures(pixels));
  return placeImages(ids, DecoderBuilder(llava.decoder, entry, sequence).embedTokens(ids), features);
}

void LlavaEntry::forward() { finishForward(llava.decoder, request, entry, sequence, embeddings(request.batch)); }

void LlavaEntry::microStep() {
  if (llava.dropsOut(request))
    dropout.emplace(entry);
  Value x = embeddings(request.microBatch());
  finishMicroStep(llava.decoder, entry, sequence, x, dropout ? &*dropout : nullptr);
}

namespace {

class LlavaModel : public Model {
public:
  explicit LlavaModel(Llava llava) : llava(std::move(llava)) {}

  void check(const Request &request, Problems &problems) const override;
  void buildForward(ProgramBuilder &program, const Request &request) const override {
    LlavaEntry(llava, request, program, "forward").forward();
  }
  void buildTraining(ProgramBuilder &program, const Request &request) const override {
    buildTokenCount(program, request, llava.decoder.vocabulary, llava.dropsOut(request));
    LlavaEntry(llava, request, program, "micro_step").microStep();
  }
  /// Room for an image and some text.
  int64_t defaultSequence(int64_t usual) const override {
    return std::min(llava.decoder.maxPositions, std::max(llava.imageTokens() + 128, usual));
  }
  bool isLanguageModel() const override { return true; }
  int64_t vocabulary() const override { return llava.decoder.vocabulary; }
  ArrayRef<StringRef> checkpointPrefixes() const override;
  ArrayRef<CheckpointName> checkpointNames() const override;
  SmallVector<std::string> unusedInCheckpoint() const override;

private:
  Llava llava;
};

} // namespace

void LlavaModel::check(const Request &request, Problems &problems) const {
  if (request.task == Task::generate)
    problems.add("hfc does not generate with images yet; use --task=forward, --task=train or --task=module");
  if (request.inputs == InputKind::inputsEmbeds)
    problems.add("a llava reads input_ids and pixel_values; --inputs=inputs_embeds is for language models alone");
  if (request.sequence < llava.imageTokens())
    problems.add("a sequence of " + Twine(request.sequence) + " does not hold the " + Twine(llava.imageTokens()) +
                 " tokens of an image");
  checkTower(llava.tower, request, problems);
  checkDecoder(llava.decoder, request, problems);
}

/// The class's modules as checkpoints name them, which it keeps from the time when the language model had a head.
ArrayRef<CheckpointName> LlavaModel::checkpointNames() const {
  static constexpr CheckpointName names[] = {{"model.language_model.", "language_model.model."},
                                             {"lm_head.", "language_model.lm_head."},
                                             {"model.vision_tower.", "vision_tower."},
                                             {"model.multi_modal_projector.", "multi_modal_projector."}};
  return names;
}

ArrayRef<StringRef> LlavaModel::checkpointPrefixes() const {
  // Towers had a module more in earlier versions; and some checkpoints are spelled as `state_dict()` is.
  static constexpr StringRef prefixes[] = {"",
                                           "vision_tower.>vision_tower.vision_model.",
                                           "vision_tower.>model.vision_tower.",
                                           "language_model.model.>model.language_model.",
                                           "language_model.lm_head.>lm_head.",
                                           "multi_modal_projector.>model.multi_modal_projector."};
  return prefixes;
}

/// What comes after the last layer that is read.
SmallVector<std::string> LlavaModel::unusedInCheckpoint() const {
  SmallVector<std::string> names;
  for (StringRef tower : {"vision_tower.", "vision_tower.vision_model.", "model.vision_tower."}) {
    names.push_back((tower + "post_layernorm.").str());
    if (llava.tower.pooler == VisionTower::Pooler::attentionHead)
      names.push_back((tower + "head.").str());
    for (int64_t i = llava.towerLayers(); i < llava.tower.layers; ++i)
      names.push_back((tower + "encoder.layers." + Twine(i) + ".").str());
  }
  return names;
}

std::unique_ptr<Model> hfc::frontend::makeLlavaModel(Llava llava) {
  return std::make_unique<LlavaModel>(std::move(llava));
}
