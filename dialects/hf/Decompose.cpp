//===- Decompose.cpp - decompositions of hf composites
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/TensorBuilder.h"

using namespace hfc;
using namespace hfc::hf;

SmallVector<Value> LinearOp::decompose(OpBuilder &builder) { return {}; }
SmallVector<Value> EmbeddingOp::decompose(OpBuilder &builder) { return {}; }
SmallVector<Value> RmsNormOp::decompose(OpBuilder &builder) { return {}; }
SmallVector<Value> LayerNormOp::decompose(OpBuilder &builder) { return {}; }
SmallVector<Value> SoftmaxOp::decompose(OpBuilder &builder) { return {}; }
SmallVector<Value> ActivationOp::decompose(OpBuilder &builder) { return {}; }
SmallVector<Value> SoftcapOp::decompose(OpBuilder &builder) { return {}; }
SmallVector<Value> RotaryTableOp::decompose(OpBuilder &builder) { return {}; }
SmallVector<Value> RotaryOp::decompose(OpBuilder &builder) { return {}; }
SmallVector<Value> PatchEmbeddingOp::decompose(OpBuilder &builder) { return {}; }
SmallVector<Value> RouteOp::decompose(OpBuilder &builder) { return {}; }
SmallVector<Value> ExpertsOp::decompose(OpBuilder &builder) { return {}; }
