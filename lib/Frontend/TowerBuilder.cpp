//===- TowerBuilder.cpp - writes the layers of a vision transformer
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TowerBuilder.h"

#include "Blocks.h"

using namespace hfc;
using namespace hfc::frontend;

using Scope = EntryBuilder::Scope;

Value TowerBuilder::linear(const std::string &name, int64_t in, int64_t out, Initializer start, Value x,
                           Initializer bias) {
  Linear linear{name, "", in, out, /*bias=*/true};
  linear.weightStart = start;
  linear.biasStart = bias;
  return emitLinear(entry, linear, x);
}

Value TowerBuilder::embeddings(Value pixels) {
  hf::TensorBuilder &ops = entry.ops();
  int64_t batch = hf::shapeOf(pixels)[0], hidden = tower.hidden, patches = tower.tokens() - (tower.classToken ? 1 : 0);
  Scope scope(entry, prefix + "embeddings");
  Value x;
  {
    Scope patch(entry, prefix + "embeddings.patch_embedding");
    Value weight = entry.parameter({prefix + "embeddings.patch_embedding.weight",
                                    {hidden, tower.channels, tower.patchSize, tower.patchSize},
                                    starts.patches});
    Value bias =
        tower.patchBias ? entry.parameter({prefix + "embeddings.patch_embedding.bias", {hidden}, {}}) : Value();
    x = hf::PatchEmbeddingOp::create(entry.builder(), entry.getLoc(), entry.floats({batch, patches, hidden}), pixels,
                                     weight, bias);
  }
  if (tower.classToken) {
    Value token = entry.parameter({prefix + "embeddings.class_embedding", {hidden}, starts.classToken});
    x = ops.concat({ops.broadcast(token, {batch, 1, hidden}, {2}), x}, 1);
  }
  Scope position(entry, prefix + "embeddings.position_embedding");
  Value table =
      entry.parameter({prefix + "embeddings.position_embedding.weight", {tower.tokens(), hidden}, starts.positions});
  return ops.add(x, ops.broadcast(table, hf::shapeOf(x), {1, 2}));
}

Value TowerBuilder::selfAttention(const std::string &path, Value x) {
  int64_t size = tower.hidden;
  auto heads = [&](StringRef name) {
    Value projected = linear(path + "." + name.str(), size, size, starts.attentionIn, x);
    return headsOutside(entry, splitHeads(entry, projected, tower.heads));
  };
  Scope scope(entry, path);
  AttentionParts parts;
  parts.scale = scale();
  parts.random = dropout;
  parts.dropout = tower.attentionDropout;
  Value query = heads("q_proj"), key = heads("k_proj"), value = heads("v_proj");
  Value result = headsOutside(entry, emitAttention(entry, query, key, value, parts));
  return linear(path + ".out_proj", size, size, starts.attentionOut, joinHeads(entry, result));
}

Value TowerBuilder::mlp(const std::string &path, Value x) {
  Value inner = linear(path + ".fc1", tower.hidden, tower.inner, starts.mlpIn, x, starts.mlpBias);
  {
    Scope scope(entry, path);
    inner = entry.ops().activation(tower.activation, inner);
  }
  return linear(path + ".fc2", tower.inner, tower.hidden, starts.mlpOut, inner, starts.mlpBias);
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
  Value probe = entry.parameter({prefix + "head.probe", {1, 1, size}, starts.probe});
  Scope scope(entry, path);
  auto heads = [&](StringRef name, int64_t index, Value input) {
    Linear projection{path + "." + name.str(), path, size, size, /*bias=*/true, index * size, 3 * size};
    projection.separator = ".in_proj_";
    projection.weightStart = starts.probeIn;
    return headsOutside(entry, splitHeads(entry, emitLinear(entry, projection, input), tower.heads));
  };
  AttentionParts parts;
  parts.scale = scale();
  Value query = heads("q_proj", 0, probe), key = heads("k_proj", 1, x), value = heads("v_proj", 2, x);
  query = entry.ops().broadcast(query, {hf::shapeOf(x)[0], tower.heads, 1, headDim}, {0, 1, 2, 3});
  Value result = headsOutside(entry, emitAttention(entry, query, key, value, parts));
  return linear(path + ".out_proj", size, size, starts.probeOut, joinHeads(entry, result));
}

Value TowerBuilder::attentionHead(Value x) {
  Scope scope(entry, prefix + "head");
  Value attended = probeAttention(prefix + "head.attention", x);
  Value normed = emitLayerNorm(entry, prefix + "head.layernorm", tower.epsilon, attended);
  Value result = entry.ops().add(attended, mlp(prefix + "head.mlp", normed));
  return entry.ops().reshape(result, {hf::shapeOf(x)[0], tower.hidden});
}

Value TowerBuilder::pooled(Value x) {
  if (tower.pooler == VisionTower::Pooler::attentionHead)
    return attentionHead(x);
  Value first = entry.ops().sliceDim(x, 1, 0, 1);
  return emitLayerNorm(entry, prefix + "post_layernorm", tower.epsilon,
                       entry.ops().reshape(first, {hf::shapeOf(x)[0], tower.hidden}));
}

SmallVector<Value> TowerBuilder::hiddenStates(Value pixels, int64_t layers) {
  Value x = embeddings(pixels);
  if (!tower.preNorm.empty())
    x = emitLayerNorm(entry, prefix + tower.preNorm, tower.epsilon, x);
  SmallVector<Value> states = {x};
  for (int64_t i = 0; i < layers; ++i) {
    std::string path = prefix + "encoder.layers." + std::to_string(i);
    Scope scope(entry, path, i);
    states.push_back(x = layer(path, x));
  }
  return states;
}

Value TowerBuilder::lastHiddenState(Value pixels) {
  Value x = hiddenStates(pixels, tower.layers).back();
  return tower.normLastHiddenState ? emitLayerNorm(entry, prefix + "post_layernorm", tower.epsilon, x) : x;
}
