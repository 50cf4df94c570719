//===- WorkTable.h - what a program's metadata says of its work ----*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_CONVERSION_RTTOLLVM_WORKTABLE_H
#define HFC_CONVERSION_RTTOLLVM_WORKTABLE_H

#include "dialects/rt/Rt.h"

#include "mlir/IR/BuiltinOps.h"

namespace llvm::json {
class OStream;
} // namespace llvm::json

namespace hfc {

/// Writes the object "work": every call of entries in its order, with what it serves and costs (`rt.cost`, noted by
/// hfc-note-costs). Layers repeat each other, so what works have in common stands in tables.
void writeWorkTable(ModuleOp module, llvm::json::OStream &stream);

} // namespace hfc

#endif // HFC_CONVERSION_RTTOLLVM_WORKTABLE_H
