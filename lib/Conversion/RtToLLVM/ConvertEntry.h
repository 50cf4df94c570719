//===- ConvertEntry.h - an entry as a function of the LLVM dialect -*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_CONVERSION_RTTOLLVM_CONVERTENTRY_H
#define HFC_CONVERSION_RTTOLLVM_CONVERTENTRY_H

#include "ProgramSymbols.h"
#include "TargetCalls.h"

namespace hfc {

/// Replaces `entry` by a function; `calls` counts calls that it makes.
LogicalResult convertEntry(rt::EntryOp entry, ProgramSymbols &program, TargetCalls &target, unsigned &calls);

} // namespace hfc

#endif // HFC_CONVERSION_RTTOLLVM_CONVERTENTRY_H
