//===- Freeze.h - parameters that are not trained
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_FRONTEND_FREEZE_H
#define HFC_LIB_FRONTEND_FREEZE_H

#include "ConfigReader.h"

namespace hfc::frontend {

/// Marks as `hf.frozen` the parameters whose names in `state_dict()` match one of the globs. A parameter that is part
/// of a tensor there has that tensor's name. Reports patterns that are malformed or match nothing.
void freezeParameters(ModuleOp module, ArrayRef<std::string> patterns, Problems &problems);

} // namespace hfc::frontend

#endif // HFC_LIB_FRONTEND_FREEZE_H
