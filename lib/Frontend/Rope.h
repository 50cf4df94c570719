//===- Rope.h - rotary position embeddings as transformers computes them
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_FRONTEND_ROPE_H
#define HFC_LIB_FRONTEND_ROPE_H

#include "ConfigReader.h"

namespace hfc::frontend {

/// A rotary embedding: the frequencies in float32, as transformers' `ROPE_INIT_FUNCTIONS` give them.
struct Rope {
  /// Number of elements of a head that are rotated.
  int64_t dim = 0;
  SmallVector<float> frequencies;
  /// Multiplies cosines and sines (yarn, longrope).
  double scaling = 1.0;

  /// Types whose frequencies follow the length of the longest sequence at hand.
  enum class Switch { none, dynamic, longrope } kind = Switch::none;
  /// Lengths above it use the other frequencies.
  int64_t threshold = 0;
  /// longrope: the frequencies of long sequences.
  SmallVector<float> longFrequencies;
  /// dynamic: the base of a sequence of length n is `base * (factor * n / threshold - (factor - 1)) ^ exponent`.
  double base = 0, factor = 0;
};

/// What a family says about its rotary embedding.
struct RopeFamily {
  int64_t headDim;
  int64_t maxPositions;
  double defaultTheta = 10000.0;
  /// `original_max_position_embeddings` where the class always has one (Phi-3).
  std::optional<int64_t> originalMaxPositions = std::nullopt;
  /// The class rotates a part of each head if `partial_rotary_factor` says so.
  bool partial = false;
  /// The only types the class takes; empty: all. Phi-3 reads "su" and "yarn" as longrope.
  bool onlyLongrope = false;
};

/// Reads `rope_parameters`, or `rope_scaling`, `rope_theta` and `partial_rotary_factor` as transformers 4 spells them.
Rope readRope(ConfigReader &config, const RopeFamily &family);

} // namespace hfc::frontend

#endif // HFC_LIB_FRONTEND_ROPE_H
