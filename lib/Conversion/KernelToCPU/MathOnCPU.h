//===- MathOnCPU.h - functions of `math` for the CPU ------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_CONVERSION_KERNELTOCPU_MATHONCPU_H
#define HFC_CONVERSION_KERNELTOCPU_MATHONCPU_H

#include "hfc/Support/LLVM.h"

namespace hfc {

/// Rewrites the functions in `module` that x86 has no instructions for: polynomials of vectors, calls of libm,
/// integer arithmetic for bfloat16.
LogicalResult expandMathForCPU(ModuleOp module);

} // namespace hfc

#endif // HFC_CONVERSION_KERNELTOCPU_MATHONCPU_H
