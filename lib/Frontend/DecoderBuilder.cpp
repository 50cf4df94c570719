//===- DecoderBuilder.cpp - writes the layers of a causal language model
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DecoderBuilder.h"

#include "Blocks.h"
#include "Training.h"

using namespace hfc;
using namespace hfc::frontend;

using Scope = EntryBuilder::Scope;

void hfc::frontend::addSequenceInputs(EntryBuilder &entry, const Decoder &decoder, Sequence &sequence) {
  RankedTensorType perToken = entry.integers({sequence.batch, sequence.tokens});
  sequence.keyMask = entry.input("attention_mask", perToken, {"ones"});
  InputRules positionRules{"arange", 0};
  if (!decoder.names.positions.empty())
    positionRules.max = decoder.maxPositions - 1;
  sequence.positions = entry.input("position_ids", perToken, positionRules);
  sequence.segments = entry.input("segment_ids", perToken, {"segments"});
}

//===----------------------------------------------------------------------===//
// Embeddings
//===----------------------------------------------------------------------===//

Value DecoderBuilder::embedTokens(Value ids) {
  Scope scope(entry, under(base(), names.tokens));
  Initializer start = normal();
  start.zeroRow = decoder.paddingIndex;
  Value table = entry.parameter({under(base(), names.tokens) + ".weight", {decoder.vocabulary, decoder.hidden}, start});
  Value x = entry.ops().embedding(table, ids);
  if (decoder.paddingIndex)
    x.getDefiningOp()->setDiscardableAttr("hf.padding_index", entry.builder().getI64IntegerAttr(*decoder.paddingIndex));
  // The scale is a tensor of the program's type in transformers: it is rounded to it by way of float32.
  if (decoder.embeddingScale)
    x = entry.ops().mul(x, static_cast<float>(*decoder.embeddingScale));
  return x;
}

Value DecoderBuilder::embed(Value x) {
  if (!names.positions.empty()) {
    Scope scope(entry, under(base(), names.positions));
    Value table =
        entry.parameter({under(base(), names.positions) + ".weight", {decoder.maxPositions, decoder.hidden}, normal()});
    x = entry.ops().add(x, entry.ops().embedding(table, sequence.positions));
  }
  if (decoder.rope) {
    Scope scope(entry, under(base(), "rotary_emb"));
    tables = emitRotaryTables(entry, *decoder.rope, sequence.positions, sequence.total);
  }
  if (dropout && decoder.dropout.embedding > 0) {
    Scope scope(entry, base());
    x = dropout->apply(x, decoder.dropout.embedding);
  }
  return x;
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

/// Query (0), key (1) or value (2), as [B, S, heads, D].
Value DecoderBuilder::projection(const std::string &path, unsigned which, Value x) {
  static constexpr StringLiteral separateNames[] = {"q_proj", "k_proj", "v_proj"}, conv1dNames[] = {"q", "k", "v"};
  int64_t heads = which ? decoder.keyHeads : decoder.heads;
  int64_t rows[] = {decoder.heads * decoder.headDim, decoder.keyHeads * decoder.headDim,
                    decoder.keyHeads * decoder.headDim};
  Linear linear;
  linear.in = decoder.hidden;
  linear.out = rows[which];
  linear.bias = decoder.queryKeyValueBias;
  linear.weightStart = normal();
  if (decoder.packing == Packing::separate) {
    linear.name = under(path, separateNames[which]);
  } else {
    linear.module = under(path, names.queryKeyValue);
    bool conv1d = linear.transposed = decoder.packing == Packing::conv1d;
    linear.name = conv1d ? under(linear.module, conv1dNames[which]) : under(path, separateNames[which]);
    linear.packed = rows[0] + rows[1] + rows[2];
    linear.offset = which == 0 ? 0 : which == 1 ? rows[0] : rows[0] + rows[1];
  }
  Scope scope(entry, path);
  Value split = splitHeads(entry, emitLinear(entry, linear, x), heads);
  if (decoder.headNorms && which < 2)
    split = emitRmsNorm(entry, under(path, which ? "k_norm" : "q_norm"), decoder.norm.epsilon, false, split);
  return split;
}

Value DecoderBuilder::cacheUpdate(StringRef name, int64_t index, Value rows) {
  SmallVector<int64_t> shape(hf::shapeOf(rows));
  shape[1] = sequence.capacity;
  std::string symbol = ("cache." + Twine(index) + "." + name).str();
  RankedTensorType type = entry.floats(shape);
  Value cache = entry.state(symbol, type);
  Value next =
      hf::CacheUpdateOp::create(entry.builder(), entry.getLoc(), type, cache, rows, sequence.past, sequence.count);
  nextStates.emplace_back(symbol, next);
  return next;
}

Value DecoderBuilder::attention(const std::string &path, const DecoderLayer &features, int64_t index, Value x) {
  Value query = projection(path, 0, x), key = projection(path, 1, x), value = projection(path, 2, x);
  Scope scope(entry, path);

  // A forward pass is written as transformers has it, heads outside the sequence; a cache keeps rows together.
  AttentionParts parts;
  parts.layout = sequence.cached() ? hf::HeadLayout::bshd : hf::HeadLayout::bhsd;
  if (!sequence.cached()) {
    query = headsOutside(entry, query);
    key = headsOutside(entry, key);
    value = headsOutside(entry, value);
  }
  if (decoder.rope) {
    auto rotate = [&](Value heads) -> Value {
      return hf::RotaryOp::create(entry.builder(), entry.getLoc(), heads.getType(), heads, tables.cosine, tables.sine,
                                  /*interleaved=*/false, parts.layout);
    };
    query = rotate(query);
    key = rotate(key);
  }
  if (sequence.cached()) {
    Value keys = cacheUpdate("key", index, key), values = cacheUpdate("value", index, value);
    // A first chunk attends to nothing but itself: places without a token stand behind all that have one.
    if (!sequence.first) {
      key = keys;
      value = values;
      parts.past = sequence.past;
      parts.count = sequence.count;
    }
  }
  parts.causal = true;
  parts.scale = features.scale;
  parts.window = features.window;
  parts.softcap = decoder.attentionSoftcap;
  parts.keyMask = sequence.keyMask;
  parts.segments = sequence.segments;
  parts.random = dropout;
  parts.dropout = decoder.dropout.attention;
  Value result = emitAttention(entry, query, key, value, parts);
  if (!sequence.cached())
    result = headsOutside(entry, result);

  Linear out{under(path, names.attentionOut), "", decoder.heads * decoder.headDim, decoder.hidden};
  out.bias = decoder.attentionOutBias;
  out.weightStart = intoResidual();
  out.transposed = decoder.packing == Packing::conv1d;
  return emitLinear(entry, out, joinHeads(entry, result));
}

//===----------------------------------------------------------------------===//
// Feed-forward
//===----------------------------------------------------------------------===//

Value DecoderBuilder::denseMlp(const std::string &path, Value x) {
  Scope scope(entry, path);
  bool conv1d = decoder.packing == Packing::conv1d;
  Linear up{under(path, names.up), "", decoder.hidden, decoder.inner, decoder.mlpBias, 0, 0, conv1d};
  up.weightStart = normal();
  Linear gate = up;
  gate.name = under(path, "gate_proj");
  if (decoder.packing == Packing::rows) {
    gate.module = up.module = under(path, names.gateUp);
    gate.packed = up.packed = 2 * decoder.inner;
    up.offset = decoder.inner;
  }
  Value inner;
  if (decoder.gated) {
    Value gated = entry.ops().activation(decoder.activation, emitLinear(entry, gate, x));
    inner = entry.ops().mul(gated, emitLinear(entry, up, x));
  } else {
    inner = entry.ops().activation(decoder.activation, emitLinear(entry, up, x));
  }
  Linear down{under(path, names.down), "", decoder.inner, decoder.hidden, decoder.mlpBias, 0, 0, conv1d};
  down.weightStart = intoResidual();
  return emitLinear(entry, down, inner);
}

/// The weights of one projection of every expert, stacked in front. A checkpoint has a tensor for each; the class
/// stacks them too, gate and up in one tensor.
Value DecoderBuilder::expertWeights(const std::string &path, StringRef name, int64_t out, int64_t in) {
  int64_t count = decoder.experts->count;
  Parameter parameter{under(path, name), {count, out, in}, normal()};
  if (name != "down_proj") {
    int64_t offset = name == "gate_proj" ? 0 : out;
    parameter.stateDict.push_back(hf::PieceAttr::get(entry.builder().getContext(), under(path, "gate_up_proj"),
                                                     {0, offset, 0}, {count, out, in}, {}));
  } else {
    parameter.stateDict.push_back(hf::PieceAttr::get(entry.builder().getContext(), under(path, name), {}, {}, {}));
  }
  for (int64_t i = 0; i < count; ++i) {
    std::string tensor = (path + "." + Twine(i) + "." + name + ".weight").str();
    parameter.pieces.push_back(hf::PieceAttr::get(entry.builder().getContext(), tensor, {}, {}, {}));
  }
  return entry.parameter(parameter);
}

Value DecoderBuilder::experts(const std::string &path, Value x) {
  Scope scope(entry, path);
  const Experts &experts = *decoder.experts;
  SmallVector<int64_t> shape(hf::shapeOf(x));
  Value tokens = entry.ops().reshape(x, {shape[0] * shape[1], shape[2]});
  Linear router{under(path, "gate"), "", decoder.hidden, experts.count};
  router.weightStart = normal();
  Value logits = emitLinear(entry, router, tokens);
  Value route;
  {
    Scope gate(entry, under(path, "gate"));
    route = hf::RouteOp::create(entry.builder(), entry.getLoc(), logits.getType(), logits, experts.perToken,
                                experts.normalize);
  }
  Scope inner(entry, under(path, "experts"));
  std::string stack = under(path, "experts");
  Value gate = expertWeights(stack, "gate_proj", experts.inner, decoder.hidden);
  Value up = expertWeights(stack, "up_proj", experts.inner, decoder.hidden);
  Value down = expertWeights(stack, "down_proj", decoder.hidden, experts.inner);
  Value mixed = hf::ExpertsOp::create(entry.builder(), entry.getLoc(), tokens.getType(), decoder.activation, tokens,
                                      route, gate, up, down);
  return entry.ops().reshape(mixed, shape);
}

Value DecoderBuilder::mlp(const std::string &path, bool sparse, Value x) {
  return sparse ? experts(path, x) : denseMlp(path, x);
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

Value DecoderBuilder::norm(const std::string &path, Value x) {
  if (decoder.norm.kind == Norm::layer)
    return emitLayerNorm(entry, path, decoder.norm.epsilon, x);
  return emitRmsNorm(entry, path, decoder.norm.epsilon, decoder.norm.kind == Norm::rmsUnitOffset, x);
}

Value DecoderBuilder::addToResidual(Value residual, Value branch) {
  if (dropout && decoder.dropout.residual > 0)
    branch = dropout->apply(branch, decoder.dropout.residual);
  return entry.ops().add(residual, branch);
}

Value DecoderBuilder::layer(int64_t index, Value x) {
  const DecoderLayer &features = decoder.layers[index];
  std::string path = layerPath(index);
  Scope scope(entry, path, decoder.firstBlock + index);
  Value attended = attention(under(path, names.attention), features, index, norm(under(path, names.inputNorm), x));
  if (!names.postAttentionNorm.empty())
    attended = norm(under(path, names.postAttentionNorm), attended);
  x = addToResidual(x, attended);
  Value fed = mlp(under(path, names.mlp), features.sparse, norm(under(path, names.mlpNorm), x));
  if (!names.postMlpNorm.empty())
    fed = norm(under(path, names.postMlpNorm), fed);
  return addToResidual(x, fed);
}

Value DecoderBuilder::layers(Value embeddings) {
  Value x = embed(embeddings);
  for (int64_t i = 0, e = decoder.layers.size(); i < e; ++i)
    x = layer(i, x);
  return x;
}

void DecoderBuilder::returnStates() {
  for (auto &[symbol, value] : nextStates)
    entry.nextState(symbol, value);
}

Value DecoderBuilder::head(Value x) {
  x = norm(under(base(), names.finalNorm), x);
  std::string path = names.head.str();
  Scope scope(entry, path);
  std::string weight = (decoder.tiedEmbeddings ? under(base(), names.tokens) : path) + ".weight";
  Initializer start = normal();
  if (decoder.tiedEmbeddings)
    start.zeroRow = decoder.paddingIndex;
  Value logits = entry.ops().linear(x, entry.parameter({weight, {decoder.vocabulary, decoder.hidden}, start}));
  if (decoder.logitSoftcap)
    logits = hf::SoftcapOp::create(entry.builder(), entry.getLoc(), logits.getType(), logits,
                                   llvm::APFloat(*decoder.logitSoftcap));
  return logits;
}

void frontend::finishForward(const Decoder &decoder, const Request &request, EntryBuilder &entry,
                             const Sequence &sequence, Value embeddings) {
  DecoderBuilder builder(decoder, entry, sequence);
  Value logits = builder.head(builder.layers(embeddings));
  bool sequenceFirst = request.layout == BoundaryLayout::sequenceFirst;
  entry.output("logits", sequenceFirst ? swapBatchAndSequence(entry, logits) : logits);
  entry.finish();
}

void frontend::finishMicroStep(const Decoder &decoder, EntryBuilder &entry, const Sequence &sequence, Value embeddings,
                               DropoutBuilder *dropout) {
  DecoderBuilder builder(decoder, entry, sequence, dropout);
  emitTokenLoss(entry, decoder.vocabulary, builder.head(builder.layers(embeddings)));
  if (dropout)
    dropout->returnStates();
  entry.finish();
}
