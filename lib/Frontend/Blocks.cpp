//===- Blocks.cpp - modules that several kinds of models share
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Blocks.h"

#include "dialects/hf/Verify.h"

using namespace hfc;
using namespace hfc::frontend;

using Scope = EntryBuilder::Scope;

static Parameter weightOf(EntryBuilder &entry, const Linear &linear, StringRef module) {
  Parameter parameter{linear.name + ".weight", {linear.out, linear.in}, linear.weightStart};
  std::string tensor = (module + linear.separator + "weight").str();
  SmallVector<int64_t> offsets, sizes, permutation;
  if (linear.packed) {
    offsets = {linear.offset, 0};
    sizes = {linear.out, linear.in};
  }
  if (linear.transposed) {
    std::reverse(offsets.begin(), offsets.end());
    std::reverse(sizes.begin(), sizes.end());
    permutation = {1, 0};
  }
  parameter.pieces = {hf::PieceAttr::get(entry.builder().getContext(), tensor, offsets, sizes, permutation)};
  return parameter;
}

static Parameter biasOf(EntryBuilder &entry, const Linear &linear, StringRef module) {
  Parameter parameter{linear.name + ".bias", {linear.out}, linear.biasStart};
  std::string tensor = (module + linear.separator + "bias").str();
  SmallVector<int64_t> offsets, sizes;
  if (linear.packed) {
    offsets = {linear.offset};
    sizes = {linear.out};
  }
  parameter.pieces = {hf::PieceAttr::get(entry.builder().getContext(), tensor, offsets, sizes, {})};
  return parameter;
}

Value hfc::frontend::emitLinear(EntryBuilder &entry, const Linear &linear, Value x) {
  StringRef module = linear.module.empty() ? linear.name : linear.module;
  Scope scope(entry, module);
  Value weight = entry.parameter(weightOf(entry, linear, module));
  Value bias = linear.bias ? entry.parameter(biasOf(entry, linear, module)) : Value();
  return entry.ops().linear(x, weight, bias);
}

Value hfc::frontend::emitLayerNorm(EntryBuilder &entry, const Twine &name, double epsilon, Value x) {
  Scope scope(entry, name);
  int64_t size = hf::shapeOf(x).back();
  Value weight = entry.parameter({(name + ".weight").str(), {size}, {Initializer::ones}});
  Value bias = entry.parameter({(name + ".bias").str(), {size}, {Initializer::zeros}});
  return hf::LayerNormOp::create(entry.builder(), entry.getLoc(), x.getType(), x, weight, bias, llvm::APFloat(epsilon));
}

Value hfc::frontend::emitRmsNorm(EntryBuilder &entry, const Twine &name, double epsilon, bool unitOffset, Value x) {
  Scope scope(entry, name);
  Initializer start{unitOffset ? Initializer::zeros : Initializer::ones};
  Value weight = entry.parameter({(name + ".weight").str(), {hf::shapeOf(x).back()}, start});
  return hf::RmsNormOp::create(entry.builder(), entry.getLoc(), x.getType(), x, weight, llvm::APFloat(epsilon),
                               unitOffset);
}

Value hfc::frontend::splitHeads(EntryBuilder &entry, Value x, int64_t heads) {
  ArrayRef<int64_t> shape = hf::shapeOf(x);
  return entry.ops().reshape(x, {shape[0], shape[1], heads, shape[2] / heads});
}

Value hfc::frontend::headsOutside(EntryBuilder &entry, Value x) { return entry.ops().transpose(x, {0, 2, 1, 3}); }

Value hfc::frontend::joinHeads(EntryBuilder &entry, Value x) {
  ArrayRef<int64_t> shape = hf::shapeOf(x);
  return entry.ops().reshape(x, {shape[0], shape[1], shape[2] * shape[3]});
}

Value hfc::frontend::emitAttention(EntryBuilder &entry, Value query, Value key, Value value,
                                   const AttentionParts &parts) {
  OpBuilder &builder = entry.builder();
  SmallVector<int64_t> shape(hf::shapeOf(query));
  shape.back() = hf::shapeOf(value).back();
  std::pair<Value, Value> dropout;
  hf::HeadDims dims(parts.layout);
  if (parts.random && parts.dropout > 0)
    dropout = parts.random->attention(shape[dims.batch], shape[dims.heads], shape[dims.sequence]);
  return hf::AttentionOp::create(builder, entry.getLoc(), RankedTensorType::get(shape, hf::elementOf(query)), query,
                                 key, value, parts.keyMask, parts.segments, parts.segments, parts.past, parts.count,
                                 /*bias=*/Value(), dropout.first, dropout.second, builder.getF64FloatAttr(parts.scale),
                                 parts.causal ? builder.getUnitAttr() : UnitAttr(),
                                 parts.window ? builder.getI64IntegerAttr(*parts.window) : IntegerAttr(),
                                 parts.softcap ? builder.getF64FloatAttr(*parts.softcap) : FloatAttr(),
                                 dropout.first ? builder.getF64FloatAttr(parts.dropout) : FloatAttr(),
                                 hf::HeadLayoutAttr::get(builder.getContext(), parts.layout));
}

Value hfc::frontend::swapBatchAndSequence(EntryBuilder &entry, Value x) { return entry.ops().transpose(x, {1, 0, 2}); }
