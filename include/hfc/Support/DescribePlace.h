//===- DescribePlace.h - where something is, for people
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_SUPPORT_DESCRIBEPLACE_H
#define HFC_SUPPORT_DESCRIBEPLACE_H

#include "hfc/Support/LLVM.h"

#include "llvm/ADT/SetVector.h"

#include <string>

namespace hfc {

/// What a message begins with: "FILE:LINE:COLUMN: ", or "PATH: " with HF's path of the module; empty where nothing is
/// known.
std::string describePlace(Location location);

/// HF's paths of all modules that an op serves, in order: a fused kernel's are several, a bucket's hundreds.
llvm::SetVector<StringRef> collectModulePaths(Location location);

} // namespace hfc

#endif // HFC_SUPPORT_DESCRIBEPLACE_H
