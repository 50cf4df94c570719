//===- Metadata.h - a program's metadata -------------------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_CONVERSION_RTTOLLVM_METADATA_H
#define HFC_CONVERSION_RTTOLLVM_METADATA_H

#include "Groups.h"
#include "TargetCalls.h"

#include <string>

namespace hfc {

/// The metadata of the program in `module` ("Program file" in docs/architecture.md), from `hf.program`, the tables,
/// the `rt.entry`s and the target. Says why not where there is none.
FailureOr<std::string> programMetadata(ModuleOp module, const GroupTable &groups, TargetCalls &target);

} // namespace hfc

#endif // HFC_CONVERSION_RTTOLLVM_METADATA_H
