//===- RopeTables.h - writes the rotary tables of an entry
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_FRONTEND_ROPETABLES_H
#define HFC_LIB_FRONTEND_ROPETABLES_H

#include "ProgramBuilder.h"
#include "Rope.h"

namespace hfc::frontend {

struct RotaryTables {
  Value cosine, sine;
};

/// Cosines and sines of `positions` [B, S] in the program's type. `total` [1] is the length of the longest sequence,
/// for types that depend on it; null: one more than the largest position, as in transformers.
RotaryTables emitRotaryTables(EntryBuilder &entry, const Rope &rope, Value positions, Value total);

} // namespace hfc::frontend

#endif // HFC_LIB_FRONTEND_ROPETABLES_H
