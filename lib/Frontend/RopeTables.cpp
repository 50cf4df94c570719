//===- RopeTables.cpp - writes the rotary tables of an entry
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RopeTables.h"

using namespace hfc;
using namespace hfc::frontend;
using hf::TensorBuilder;

static Value constant(TensorBuilder &ops, ArrayRef<float> values) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())}, ops.get().getF32Type());
  return ops.constant(DenseElementsAttr::get(type, values));
}

/// The length of the longest sequence, [1] of i32.
static Value longestSequence(TensorBuilder &ops, Value positions) {
  Value last = ops.reduce(hf::Reduction::max, positions, {0, 1});
  return ops.add(ops.reshape(last, {1}), 1.0);
}

/// `1 / (base' ** (2 i / dim))` with the base that the length asks for, in float32 throughout.
static Value dynamicFrequencies(TensorBuilder &ops, const Rope &rope, Value total) {
  Type f32 = ops.get().getF32Type();
  int64_t count = static_cast<int64_t>(rope.frequencies.size());
  Value length = ops.convert(total, f32);
  Value ratio = ops.div(ops.mul(length, rope.factor), ops.splatLike(length, static_cast<double>(rope.threshold)));
  Value stretch = ops.add(ratio, 1.0 - rope.factor);
  double power = static_cast<double>(rope.dim) / static_cast<double>(rope.dim - 2);
  Value base = ops.mul(ops.binary<hf::PowOp>(stretch, ops.splatLike(stretch, power)), rope.base);
  SmallVector<float> exponents;
  for (int64_t i = 0; i < rope.dim; i += 2)
    exponents.push_back(static_cast<float>(i) / static_cast<float>(rope.dim));
  Value powers = ops.binary<hf::PowOp>(ops.broadcast(base, {count}, {0}), constant(ops, exponents));
  return ops.div(ops.splatLike(powers, 1.0), powers);
}

static Value frequenciesAt(TensorBuilder &ops, const Rope &rope, Value total) {
  Value usual = constant(ops, rope.frequencies);
  if (rope.kind == Rope::Switch::none)
    return usual;
  Value threshold = ops.splatLike(total, static_cast<double>(rope.threshold));
  Value isLong = ops.compare(hf::Compare::gt, total, threshold);
  Value other =
      rope.kind == Rope::Switch::longrope ? constant(ops, rope.longFrequencies) : dynamicFrequencies(ops, rope, total);
  return ops.select(ops.broadcast(isLong, hf::shapeOf(usual), {0}), other, usual);
}

RotaryTables hfc::frontend::emitRotaryTables(EntryBuilder &entry, const Rope &rope, Value positions, Value total) {
  TensorBuilder &ops = entry.ops();
  if (rope.kind != Rope::Switch::none && !total)
    total = longestSequence(ops, positions);
  Value frequencies = frequenciesAt(ops, rope, total);
  SmallVector<int64_t> shape(hf::shapeOf(positions));
  shape.push_back(rope.dim);
  Type type = RankedTensorType::get(shape, entry.builder().getF32Type());
  auto table = hf::RotaryTableOp::create(entry.builder(), entry.getLoc(), type, type, positions, frequencies,
                                         llvm::APFloat(rope.scaling));
  return {ops.convert(table.getCosine(), entry.getDtype()), ops.convert(table.getSine(), entry.getDtype())};
}
