//===- Passes.h - reading and checking of shardings
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TRANSFORMS_SHARDINGS_PASSES_H
#define HFC_TRANSFORMS_SHARDINGS_PASSES_H

#include "hfc/Support/LLVM.h"
#include "mlir/Pass/Pass.h"

namespace hfc {

#define GEN_PASS_DECL
#include "hfc/Transforms/Shardings/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "hfc/Transforms/Shardings/Passes.h.inc"

} // namespace hfc

#endif // HFC_TRANSFORMS_SHARDINGS_PASSES_H
