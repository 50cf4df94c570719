//===- DecomposeAttention.cpp - decomposition of hf.attention
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/TensorBuilder.h"

using namespace hfc;
using namespace hfc::hf;

SmallVector<Value> AttentionOp::decompose(OpBuilder &builder) { return {}; }
