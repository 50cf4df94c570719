//===- AttentionParts.h - attention of one query over parts of the keys
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A softmax over all keys is made of softmaxes over parts of them, each weighed by the sum of its exponentials: what
// one query asks of a long cache can be the work of many blocks (Dao, Haziza, Massa, Sizov: "Flash-Decoding for
// long-context inference", 2023). Both steps are written with hf ops here, once for who makes such kernels' bodies and
// for who recognizes them.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_HF_ATTENTIONPARTS_H
#define HFC_DIALECTS_HF_ATTENTIONPARTS_H

#include "dialects/hf/TensorBuilder.h"

namespace hfc::hf {

/// What there is to know of a causal attention of one query over caches, heads inside the sequence (bshd), beside its
/// operands: query, key, value, past and count, in this order.
struct AttentionOfOne {
  FloatAttr scale, softcap;
  int64_t parts;
};

/// Each part's result `[batch, parts, heads, columns]`, and the logarithm of its sum of exponentials
/// `[batch, parts, heads]`, a large negative number where no key of the part is visible. Both are float32.
SmallVector<Value> buildAttentionParts(OpBuilder &builder, Location loc, const AttentionOfOne &attention,
                                       ValueRange operands);

/// The result, of type `type`, of what `buildAttentionParts` gives.
Value joinAttentionParts(OpBuilder &builder, Location loc, ValueRange parts, RankedTensorType type);

} // namespace hfc::hf

#endif // HFC_DIALECTS_HF_ATTENTIONPARTS_H
