//===- Shuffle.h - a random order that needs no memory
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_RUNTIME_TRAIN_SHUFFLE_H
#define HFC_RUNTIME_TRAIN_SHUFFLE_H

#include <cstdint>

namespace hfc::train {

/// A permutation of [0, count) that a seed and an epoch choose. Any element is computed alone, so a run that resumes in
/// the middle of an epoch needs its place only, whatever the mesh was.
class Shuffle {
public:
  /// `count` is at least 1.
  Shuffle(uint64_t seed, uint64_t epoch, uint64_t count);

  uint64_t operator[](uint64_t index) const;

private:
  uint64_t permuteBits(uint64_t value) const;

  uint64_t key, count;
  /// Half the bits of the smallest even width that holds count - 1.
  int halfBits = 1;
};

} // namespace hfc::train

#endif // HFC_RUNTIME_TRAIN_SHUFFLE_H
