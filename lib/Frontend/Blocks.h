//===- Blocks.h - modules that several kinds of models share
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_FRONTEND_BLOCKS_H
#define HFC_LIB_FRONTEND_BLOCKS_H

#include "Dropout.h"

namespace hfc::frontend {

/// A linear layer: its logical parameters, and where a checkpoint has them.
struct Linear {
  /// The logical name ("….q_proj"), and the HF module that computes it ("….qkv_proj", the same if empty).
  std::string name, module;
  int64_t in = 0, out = 0;
  bool bias = false;
  /// The first row of a packed tensor that is this layer's, and how many rows that tensor has (0: not packed).
  int64_t offset = 0, packed = 0;
  /// The checkpoint's weight is [in, out] (Conv1D).
  bool transposed = false;
  /// What stands between module and tensor ("….in_proj_weight" has '.in_proj_').
  StringRef separator = ".";
  Initializer weightStart = {}, biasStart = {};
};

Value emitLinear(EntryBuilder &entry, const Linear &linear, Value x);

/// torch.nn.LayerNorm `name`.
Value emitLayerNorm(EntryBuilder &entry, const Twine &name, double epsilon, Value x);
Value emitRmsNorm(EntryBuilder &entry, const Twine &name, double epsilon, bool unitOffset, Value x);

/// [B, S, H] to [B, S, heads, D], and to [B, heads, S, D].
Value splitHeads(EntryBuilder &entry, Value x, int64_t heads);
Value headsOutside(EntryBuilder &entry, Value x);
/// [B, S, heads, D] to [B, S, H].
Value joinHeads(EntryBuilder &entry, Value x);

/// The parts of an hf.attention; what is null or empty is not there.
struct AttentionParts {
  Value keyMask, segments, past, count;
  double scale = 1.0;
  bool causal = false;
  std::optional<int64_t> window;
  std::optional<double> softcap;
  hf::HeadLayout layout = hf::HeadLayout::bhsd;
  /// Draws what is dropped of the softmax's weights; not null where `dropout` is above 0.
  DropoutBuilder *random = nullptr;
  double dropout = 0;
};
Value emitAttention(EntryBuilder &entry, Value query, Value key, Value value, const AttentionParts &parts);

/// Swaps batch and sequence of an activation at the boundary, [B, S, H] and [S, B, H].
Value swapBatchAndSequence(EntryBuilder &entry, Value x);

} // namespace hfc::frontend

#endif // HFC_LIB_FRONTEND_BLOCKS_H
