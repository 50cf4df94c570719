//===- VisionTower.cpp - writes a vision transformer
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VisionTower.h"

#include "Blocks.h"

#include <cmath>

using namespace hfc;
using namespace hfc::frontend;

using Scope = EntryBuilder::Scope;

namespace {

/// Writes the one entry of a tower.
class TowerBuilder {
public:
  TowerBuilder(const VisionTower &tower, const Request &request, ProgramBuilder &program)
      : tower(tower), request(request), entry(program, "forward") {}

  void forward();

private:
  Value embeddings(Value pixels);
  Value layer(const std::string &path, Value x);
  Value selfAttention(const std::string &path, Value x);
  Value mlp(const std::string &path, Value x);
  Value pooled(Value x);
  Value attentionHead(Value x);
  Value probeAttention(const std::string &path, Value x);
  Value linear(const std::string &name, int64_t in, int64_t out, Value x) {
    return emitLinear(entry, {name, "", in, out, /*bias=*/true}, x);
  }
  double scale() const { return 1.0 / std::sqrt(static_cast<double>(tower.hidden / tower.heads)); }

  const VisionTower &tower;
  const Request &request;
  EntryBuilder entry;
};

} // namespace

Value TowerBuilder::embeddings(Value pixels) {
  hf::TensorBuilder &ops = entry.ops();
  int64_t batch = request.batch, hidden = tower.hidden, patches = tower.tokens() - (tower.classToken ? 1 : 0);
  Scope scope(entry, "embeddings");
  Value x;
  {
    Scope patch(entry, "embeddings.patch_embedding");
    Value weight = entry.parameter(
        {"embeddings.patch_embedding.weight", {hidden, tower.channels, tower.patchSize, tower.patchSize}, {}});
    Value bias = tower.patchBias ? entry.parameter({"embeddings.patch_embedding.bias", {hidden}, {}}) : Value();
    x = hf::PatchEmbeddingOp::create(entry.builder(), entry.getLoc(), entry.floats({batch, patches, hidden}), pixels,
                                     weight, bias);
  }
  if (tower.classToken) {
    Value token = entry.parameter({"embeddings.class_embedding", {hidden}, {}});
    x = ops.concat({ops.broadcast(token, {batch, 1, hidden}, {2}), x}, 1);
  }
  Scope position(entry, "embeddings.position_embedding");
  Value table = entry.parameter({"embeddings.position_embedding.weight", {tower.tokens(), hidden}, {}});
  return ops.add(x, ops.broadcast(table, hf::shapeOf(x), {1, 2}));
}

Value TowerBuilder::selfAttention(const std::string &path, Value x) {
  int64_t size = tower.hidden;
  auto heads = [&](StringRef name) {
    Value projected = linear(path + "." + name.str(), size, size, x);
    return headsOutside(entry, splitHeads(entry, projected, tower.heads));
  };
  Scope scope(entry, path);
  AttentionParts parts;
  parts.scale = scale();
  Value query = heads("q_proj"), key = heads("k_proj"), value = heads("v_proj");
  Value result = headsOutside(entry, emitAttention(entry, query, key, value, parts));
  return linear(path + ".out_proj", size, size, joinHeads(entry, result));
}

Value TowerBuilder::mlp(const std::string &path, Value x) {
  Value inner = linear(path + ".fc1", tower.hidden, tower.inner, x);
  {
    Scope scope(entry, path);
    inner = entry.ops().activation(tower.activation, inner);
  }
  return linear(path + ".fc2", tower.inner, tower.hidden, inner);
}

Value TowerBuilder::layer(const std::string &path, Value x) {
  Value normed = emitLayerNorm(entry, path + ".layer_norm1", tower.epsilon, x);
  x = entry.ops().add(x, selfAttention(path + ".self_attn", normed));
  normed = emitLayerNorm(entry, path + ".layer_norm2", tower.epsilon, x);
  return entry.ops().add(x, mlp(path + ".mlp", normed));
}

/// torch.nn.MultiheadAttention with the probe as its only query, the same in every batch element. [B, 1, H].
Value TowerBuilder::probeAttention(const std::string &path, Value x) {
  int64_t size = tower.hidden, headDim = size / tower.heads;
  Value probe = entry.parameter({"head.probe", {1, 1, size}, {}});
  Scope scope(entry, path);
  auto heads = [&](StringRef name, int64_t index, Value input) {
    Linear projection{path + "." + name.str(), path, size, size, /*bias=*/true, index * size, 3 * size};
    projection.separator = ".in_proj_";
    return headsOutside(entry, splitHeads(entry, emitLinear(entry, projection, input), tower.heads));
  };
  AttentionParts parts;
  parts.scale = scale();
  Value query = heads("q_proj", 0, probe), key = heads("k_proj", 1, x), value = heads("v_proj", 2, x);
  query = entry.ops().broadcast(query, {request.batch, tower.heads, 1, headDim}, {0, 1, 2, 3});
  Value result = headsOutside(entry, emitAttention(entry, query, key, value, parts));
  return linear(path + ".out_proj", size, size, joinHeads(entry, result));
}

Value TowerBuilder::attentionHead(Value x) {
  Scope scope(entry, "head");
  Value attended = probeAttention("head.attention", x);
  Value normed = emitLayerNorm(entry, "head.layernorm", tower.epsilon, attended);
  Value result = entry.ops().add(attended, mlp("head.mlp", normed));
  return entry.ops().reshape(result, {request.batch, tower.hidden});
}

Value TowerBuilder::pooled(Value x) {
  if (tower.pooler == VisionTower::Pooler::attentionHead)
    return attentionHead(x);
  Value first = entry.ops().sliceDim(x, 1, 0, 1);
  return emitLayerNorm(entry, "post_layernorm", tower.epsilon,
                       entry.ops().reshape(first, {request.batch, tower.hidden}));
}

void TowerBuilder::forward() {
  Value pixels =
      entry.input("pixel_values", entry.floats({request.batch, tower.channels, tower.imageSize, tower.imageSize}));
  Value x = embeddings(pixels);
  if (!tower.preNorm.empty())
    x = emitLayerNorm(entry, tower.preNorm, tower.epsilon, x);
  for (int64_t i = 0; i < tower.layers; ++i) {
    std::string path = "encoder.layers." + std::to_string(i);
    Scope scope(entry, path, i);
    x = layer(path, x);
  }
  if (tower.normLastHiddenState)
    x = emitLayerNorm(entry, "post_layernorm", tower.epsilon, x);
  bool sequenceFirst = request.layout == BoundaryLayout::sequenceFirst;
  entry.output("last_hidden_state", sequenceFirst ? swapBatchAndSequence(entry, x) : x);
  if (tower.pooler != VisionTower::Pooler::none)
    entry.output("pooler_output", pooled(x));
  entry.finish();
}

namespace {

class VisionModel : public Model {
public:
  explicit VisionModel(VisionTower tower) : tower(std::move(tower)) {}

  void check(const Request &request, Problems &problems) const override {
    if (request.task == Task::generate)
      problems.add("a vision tower does not generate; use --task=forward");
    if (request.inputs == InputKind::inputsEmbeds)
      problems.add("a vision tower reads pixel_values; --inputs=inputs_embeds is for language models");
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
  void buildForward(ProgramBuilder &program, const Request &request) const override {
    TowerBuilder(tower, request, program).forward();
  }
  int64_t defaultSequence() const override { return tower.tokens(); }
  int64_t sequence(int64_t) const override { return tower.tokens(); }
  bool isLanguageModel() const override { return false; }
  ArrayRef<StringRef> checkpointPrefixes() const override { return tower.checkpointPrefixes; }

private:
  VisionTower tower;
};

} // namespace

std::unique_ptr<Model> hfc::frontend::makeVisionModel(VisionTower tower) {
  return std::make_unique<VisionModel>(std::move(tower));
}
