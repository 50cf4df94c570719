//===- AttentionParts.h - kernels of attention over parts of the keys
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_CONVERSION_EMITKERNELS_ATTENTIONPARTS_H
#define HFC_LIB_CONVERSION_EMITKERNELS_ATTENTIONPARTS_H

#include "Emitters.h"

namespace hfc {

/// One query's attention to parts of the keys (EmitAttentionOfOne.cpp), and what they make together. The bodies are
/// what `dialects/hf/AttentionParts.h` builds.
LogicalResult emitAttentionPartsKernel(func::FuncOp body, const EmitOptions &options);
LogicalResult emitAttentionJoinKernel(func::FuncOp body, const EmitOptions &options);

/// Whether the body is, but for locations, what `build` makes of its arguments: op by op, so that nothing else is taken
/// for the problem that an emitter solves as a whole.
bool isBodyOf(func::FuncOp body, function_ref<SmallVector<Value>(OpBuilder &, ValueRange)> build);

} // namespace hfc

#endif // HFC_LIB_CONVERSION_EMITKERNELS_ATTENTIONPARTS_H
