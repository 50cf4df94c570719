//===- Causes.h - why a value has to move, in a few words
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_PARTITION_CAUSES_H
#define HFC_LIB_PARTITION_CAUSES_H

#include "hfc/Support/LLVM.h"

namespace hfc::partition {

/// What a person reads in the ledger, and the op that the communication serves: its location, block and phase are the
/// collective's.
struct Cause {
  std::string words;
  Operation *serves;
};

/// Discardable attribute of the reductions that a cross-entropy over a cut vocabulary was taken apart into.
inline constexpr StringLiteral crossEntropyName = "hf.cross_entropy_part";

/// Why a partial value is completed: by what made it partial.
Cause causeOfPartial(Value value);
/// Why `user` needs its operand joined or cut otherwise.
Cause causeOfMove(Value value, Operation *user);

} // namespace hfc::partition

#endif // HFC_LIB_PARTITION_CAUSES_H
