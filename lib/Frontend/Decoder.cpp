//===- Decoder.cpp - writes a causal language model
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decoder.h"

#include "Blocks.h"
#include "RopeTables.h"

#include <cmath>

using namespace hfc;
using namespace hfc::frontend;

using Scope = EntryBuilder::Scope;

namespace {

/// The state of one entry while it is written. `past` is there in entries that read a chunk into a cache.
struct Sequence {
  int64_t batch = 0, tokens = 0, capacity = 0;
  Value positions, keyMask, segments, past, count, total;
  bool cached() const { return past != nullptr; }
};

/// Writes one entry of a decoder.
class DecoderBuilder {
public:
  DecoderBuilder(const Decoder &decoder, const Request &request, ProgramBuilder &program, StringRef name)
      : decoder(decoder), names(decoder.names), request(request), entry(program, name) {
    sequence.batch = request.batch;
    sequence.capacity = request.sequence;
  }

  void forward();
  void chunk(int64_t tokens);

private:
  // Inputs.
  Value tokenInput();
  Value embed(Value ids);
  Value embedTokens(Value ids);

  // Layers.
  Value layer(int64_t index, Value x);
  Value attention(const std::string &path, const DecoderLayer &features, int64_t index, Value x);
  Value projection(const std::string &path, unsigned which, Value x);
  Value cacheUpdate(StringRef name, int64_t index, Value rows);
  Value mlp(const std::string &path, bool sparse, Value x);
  Value denseMlp(const std::string &path, Value x);
  Value experts(const std::string &path, Value x);
  Value expertWeights(const std::string &path, StringRef name, int64_t out, int64_t in);
  Value norm(const std::string &path, Value x);
  Value head(Value x);

  std::string layerPath(int64_t index) const { return (base() + "." + names.layers + "." + Twine(index)).str(); }
  std::string base() const { return names.base.str(); }
  std::string under(const std::string &path, StringRef name) const { return path + "." + name.str(); }

  const Decoder &decoder;
  const DecoderNames &names;
  const Request &request;
  EntryBuilder entry;
  Sequence sequence;
  RotaryTables tables;
  SmallVector<std::pair<std::string, Value>> nextStates;
};

} // namespace

//===----------------------------------------------------------------------===//
// Inputs and embeddings
//===----------------------------------------------------------------------===//

Value DecoderBuilder::tokenInput() {
  return entry.input("input_ids", entry.integers({sequence.batch, sequence.tokens}), {"", 0, decoder.vocabulary - 1});
}

Value DecoderBuilder::embedTokens(Value ids) {
  Scope scope(entry, under(base(), names.tokens));
  Value table = entry.parameter({under(base(), names.tokens) + ".weight", {decoder.vocabulary, decoder.hidden}, {}});
  Value x = entry.ops().embedding(table, ids);
  // The scale is a tensor of the program's type in transformers: it is rounded to it by way of float32.
  if (decoder.embeddingScale)
    x = entry.ops().mul(x, static_cast<float>(*decoder.embeddingScale));
  return x;
}

Value DecoderBuilder::embed(Value x) {
  if (!names.positions.empty()) {
    Scope scope(entry, under(base(), names.positions));
    Value table =
        entry.parameter({under(base(), names.positions) + ".weight", {decoder.maxPositions, decoder.hidden}, {}});
    x = entry.ops().add(x, entry.ops().embedding(table, sequence.positions));
  }
  if (decoder.rope) {
    Scope scope(entry, under(base(), "rotary_emb"));
    tables = emitRotaryTables(entry, *decoder.rope, sequence.positions, sequence.total);
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
    key = cacheUpdate("key", index, key);
    value = cacheUpdate("value", index, value);
  }
  parts.causal = true;
  parts.scale = features.scale;
  parts.window = features.window;
  parts.softcap = decoder.attentionSoftcap;
  parts.keyMask = sequence.keyMask;
  parts.segments = sequence.segments;
  parts.past = sequence.past;
  parts.count = sequence.count;
  Value result = emitAttention(entry, query, key, value, parts);
  if (!sequence.cached())
    result = headsOutside(entry, result);

  Linear out{under(path, names.attentionOut), "", decoder.heads * decoder.headDim, decoder.hidden};
  out.bias = decoder.attentionOutBias;
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
  return emitLinear(entry, down, inner);
}

/// The weights of one projection of every expert, stacked in front.
Value DecoderBuilder::expertWeights(const std::string &path, StringRef name, int64_t out, int64_t in) {
  int64_t count = decoder.experts->count;
  Parameter parameter{under(path, name), {count, out, in}, {}};
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
  Value logits = emitLinear(entry, {under(path, "gate"), "", decoder.hidden, experts.count}, tokens);
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
// Layers and entries
//===----------------------------------------------------------------------===//

Value DecoderBuilder::norm(const std::string &path, Value x) {
  if (decoder.norm.kind == Norm::layer)
    return emitLayerNorm(entry, path, decoder.norm.epsilon, x);
  return emitRmsNorm(entry, path, decoder.norm.epsilon, decoder.norm.kind == Norm::rmsUnitOffset, x);
}

Value DecoderBuilder::layer(int64_t index, Value x) {
  const DecoderLayer &features = decoder.layers[index];
  std::string path = layerPath(index);
  Scope scope(entry, path, index);
  Value attended = attention(under(path, names.attention), features, index, norm(under(path, names.inputNorm), x));
  if (!names.postAttentionNorm.empty())
    attended = norm(under(path, names.postAttentionNorm), attended);
  x = entry.ops().add(x, attended);
  Value fed = mlp(under(path, names.mlp), features.sparse, norm(under(path, names.mlpNorm), x));
  if (!names.postMlpNorm.empty())
    fed = norm(under(path, names.postMlpNorm), fed);
  return entry.ops().add(x, fed);
}

/// Final norm, language model head, and what caps its logits.
Value DecoderBuilder::head(Value x) {
  x = norm(under(base(), names.finalNorm), x);
  std::string path = names.head.str();
  Scope scope(entry, path);
  std::string weight = (decoder.tiedEmbeddings ? under(base(), names.tokens) : path) + ".weight";
  Value logits = entry.ops().linear(x, entry.parameter({weight, {decoder.vocabulary, decoder.hidden}, {}}));
  if (decoder.logitSoftcap)
    logits = hf::SoftcapOp::create(entry.builder(), entry.getLoc(), logits.getType(), logits,
                                   llvm::APFloat(*decoder.logitSoftcap));
  return logits;
}

void DecoderBuilder::forward() {
  sequence.tokens = request.sequence;
  bool sequenceFirst = request.layout == BoundaryLayout::sequenceFirst;
  int64_t batch = sequence.batch, tokens = sequence.tokens;
  Value x;
  if (request.inputs == InputKind::inputIds) {
    x = tokenInput();
  } else {
    SmallVector<int64_t> shape = {batch, tokens, decoder.hidden};
    if (sequenceFirst)
      std::swap(shape[0], shape[1]);
    x = entry.input("inputs_embeds", entry.floats(shape));
  }
  RankedTensorType perToken = entry.integers({batch, tokens});
  sequence.keyMask = entry.input("attention_mask", perToken, {"ones"});
  InputRules positionRules{"arange", 0};
  if (!names.positions.empty())
    positionRules.max = decoder.maxPositions - 1;
  sequence.positions = entry.input("position_ids", perToken, positionRules);
  sequence.segments = entry.input("segment_ids", perToken, {"segments"});

  if (request.inputs == InputKind::inputIds)
    x = embedTokens(x);
  else if (sequenceFirst)
    x = swapBatchAndSequence(entry, x);
  x = embed(x);
  for (int64_t i = 0, e = decoder.layers.size(); i < e; ++i)
    x = layer(i, x);
  Value logits = head(x);
  entry.output("logits", sequenceFirst ? swapBatchAndSequence(entry, logits) : logits);
  entry.finish();
}

void DecoderBuilder::chunk(int64_t tokens) {
  sequence.tokens = tokens;
  hf::TensorBuilder &ops = entry.ops();
  Value ids = tokenInput();
  sequence.past = entry.input("past", entry.integers({sequence.batch}), {"", 0, sequence.capacity});
  sequence.count = entry.input("count", entry.integers({sequence.batch}), {"", 0, tokens});
  if (decoder.rope && decoder.rope->kind != Rope::Switch::none)
    sequence.total = entry.input("total", entry.integers({1}), {"", 0, sequence.capacity});

  RankedTensorType perToken = entry.integers({sequence.batch, tokens});
  sequence.positions = ops.add(ops.broadcast(sequence.past, perToken.getShape(), {0}), ops.iota(perToken, 1));
  // Places of a chunk that hold no token have positions too, which must not lie outside the table.
  if (!names.positions.empty())
    sequence.positions =
        ops.min(sequence.positions, ops.splat(perToken, static_cast<double>(decoder.maxPositions - 1)));

  Value x = embed(embedTokens(ids));
  for (int64_t i = 0, e = decoder.layers.size(); i < e; ++i)
    x = layer(i, x);
  Value last = ops.max(ops.add(sequence.count, -1.0), ops.splatLike(sequence.count, 0.0));
  entry.output("logits", head(ops.take(x, last)));
  for (auto &[symbol, value] : nextStates)
    entry.nextState(symbol, value);
  entry.finish();
}

namespace {

class DecoderModel : public Model {
public:
  explicit DecoderModel(Decoder decoder) : decoder(std::move(decoder)) {}

  void check(const Request &request, Problems &problems) const override;
  void buildForward(ProgramBuilder &program, const Request &request) const override {
    DecoderBuilder(decoder, request, program, "forward").forward();
  }
  void buildChunk(ProgramBuilder &program, const Request &request, StringRef name, int64_t tokens) const override {
    DecoderBuilder(decoder, request, program, name).chunk(tokens);
  }
  int64_t defaultSequence() const override { return std::min<int64_t>(decoder.maxPositions, 128); }
  bool isLanguageModel() const override { return true; }
  int64_t vocabulary() const override { return decoder.vocabulary; }
  TokenDefaults tokenDefaults() const override { return decoder.tokenDefaults; }
  ArrayRef<StringRef> checkpointPrefixes() const override { return decoder.checkpointPrefixes; }

private:
  Decoder decoder;
};

} // namespace

void DecoderModel::check(const Request &request, Problems &problems) const {
  if (!decoder.names.positions.empty() && request.sequence > decoder.maxPositions)
    problems.add("a sequence of " + Twine(request.sequence) + " does not fit: the model has " +
                 Twine(decoder.maxPositions) + " learned positions");
  int64_t widest = std::max({decoder.hidden, decoder.inner, decoder.vocabulary, decoder.heads * decoder.headDim});
  int64_t expertRows = decoder.experts ? decoder.experts->count * decoder.experts->inner : 0;
  int64_t rows = std::max({widest, expertRows, decoder.names.positions.empty() ? 0 : decoder.maxPositions});
  if (rows > Limits::elements / decoder.hidden)
    problems.add("a parameter of " + Twine(rows) + " times " + Twine(decoder.hidden) +
                 " is more elements than one tensor may have");
  if (request.batch * request.sequence > Limits::elements / widest)
    problems.add("batch " + Twine(request.batch) + " times sequence " + Twine(request.sequence) + " times " +
                 Twine(widest) + " is more elements than one tensor may have");
}

std::unique_ptr<Model> hfc::frontend::makeDecoderModel(Decoder decoder) {
  return std::make_unique<DecoderModel>(std::move(decoder));
}
