//===- Shuffle.cpp - a random order that needs no memory
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Runtime/Train/Shuffle.h"

#include "hfc/Runtime/IO/Random.h"

namespace hfc::train {

Shuffle::Shuffle(uint64_t seed, uint64_t epoch, uint64_t count)
    : key(io::mixBits(io::randomKey(seed, "shuffle") ^ io::mixBits(epoch))), count(count) {
  while (halfBits < 32 && (uint64_t(1) << (2 * halfBits)) < count)
    ++halfBits;
}

/// A Feistel network: each round is a bijection of the halves whatever its function is.
uint64_t Shuffle::permuteBits(uint64_t value) const {
  uint64_t mask = (uint64_t(1) << halfBits) - 1;
  uint64_t left = value >> halfBits, right = value & mask;
  constexpr int rounds = 6;
  for (int round = 0; round < rounds; ++round) {
    uint64_t mixed = left ^ (io::randomBits(key + round, right) & mask);
    left = right;
    right = mixed;
  }
  return left << halfBits | right;
}

/// The network permutes a power of four; walking its cycle until the value is small enough permutes [0, count).
uint64_t Shuffle::operator[](uint64_t index) const {
  do
    index = permuteBits(index);
  while (index >= count);
  return index;
}

} // namespace hfc::train
