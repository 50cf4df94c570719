//===- Alignment.h - what alignment an access is known to have
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_CONVERSION_KERNELTOGPU_ALIGNMENT_H
#define HFC_LIB_CONVERSION_KERNELTOGPU_ALIGNMENT_H

#include "hfc/Support/LLVM.h"

namespace hfc {

/// Bytes to which every buffer and shared memory of a kernel is aligned, and the widest access of a thread.
inline constexpr int64_t kBufferAlignment = 16;

/// A number that divides every value the index can take; 0 if the index is always 0.
int64_t knownDivisor(Value index);

/// The alignment in bytes, at most `kBufferAlignment`, of the element at `indices` of a buffer of type `type` that
/// itself is aligned to `kBufferAlignment`.
int64_t knownAlignment(MemRefType type, ValueRange indices);

/// Writes the alignment that is known into every vector access below `root`, so that it becomes one instruction.
void annotateAlignment(Operation *root);

} // namespace hfc

#endif // HFC_LIB_CONVERSION_KERNELTOGPU_ALIGNMENT_H
