//===- Dropout.cpp - dropout in training
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Dropout.h"

using namespace hfc;
using namespace hfc::frontend;

// Odd numbers without a pattern: a key is a sum of multiples of them, so that steps, micro-batches and places that are
// near each other do not share one. What makes bits of a key is the generator.
static constexpr uint32_t seedFactor = 0x9e3779b1, stepFactor = 0x85ebca77, microFactor = 0xc2b2ae3d,
                          placeFactor = 0x27d4eb2f;

DropoutBuilder::DropoutBuilder(EntryBuilder &entry) : entry(entry) {
  EntryBuilder::Scope scope(entry, "dropout");
  RankedTensorType scalar = entry.integers({});
  Value seed = entry.input("seed", scalar, {"zeros"});
  Value step = entry.state("step", scalar);
  micro = entry.state("micro", scalar);
  hf::TensorBuilder &ops = entry.ops();
  key = ops.add(ops.add(scaled(seed, seedFactor), scaled(step, stepFactor)), scaled(micro, microFactor));
}

Value DropoutBuilder::scaled(Value number, uint32_t factor) {
  return entry.ops().mul(number, static_cast<double>(static_cast<int32_t>(factor)));
}

Value DropoutBuilder::nextKey() {
  Value place = entry.ops().splatLike(key, static_cast<double>(static_cast<int32_t>(placeFactor * ++places)));
  return entry.ops().add(key, place);
}

Value DropoutBuilder::apply(Value x, double probability) { return entry.ops().dropout(x, nextKey(), probability); }

/// The factors are sizes, and say so: what makes sizes small must make these small too. The attention's own shape is no
/// help there, since its layout may change.
std::pair<Value, Value> DropoutBuilder::attention(int64_t batch, int64_t heads, int64_t queries) {
  hf::TensorBuilder &ops = entry.ops();
  RankedTensorType space = entry.integers({batch, heads});
  Value head = ops.add(ops.mul(ops.iota(space, 0), ops.size(space, {batch, heads}, 1)), ops.iota(space, 1));
  return {nextKey(), ops.mul(head, ops.size(space, {batch, queries}, 1))};
}

void DropoutBuilder::returnStates() { entry.nextState("micro", entry.ops().add(micro, 1.0)); }
