//===- AttentionArguments.h - the order of an attention's arguments
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_ATTENTIONARGUMENTS_H
#define HFC_LIB_RUNTIME_CUDA_ATTENTIONARGUMENTS_H

#include "hfc/Runtime/hfc_runtime.h"

namespace hfc::cuda {

/// How many of hfc_cuda_attention's arguments are masks.
inline size_t countMasks(const hfc_attention &attention) {
  return (attention.key_mask ? 1 : 0) + (attention.segments ? 2 : 0);
}

/// The place of the first of them.
inline size_t firstMask(const hfc_attention &attention) { return attention.kind == HFC_ATTENTION_BACKWARD ? 6 : 3; }

/// The place of the first result.
inline size_t firstResult(const hfc_attention &attention) { return firstMask(attention) + countMasks(attention); }

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_ATTENTIONARGUMENTS_H
