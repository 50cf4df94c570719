//===- Reduction.h - how hf.reduce combines elements --------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_CONVERSION_EMITKERNELS_REDUCTION_H
#define HFC_LIB_CONVERSION_EMITKERNELS_REDUCTION_H

#include "dialects/hf/Hf.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace hfc {

/// What does not change a reduction of `element`s, in their compute type.
Value neutralElement(ImplicitLocOpBuilder &b, hf::Reduction kind, Type element);
/// Two partial results, scalars or vectors, as one. Sums may be taken in another order.
Value combine(ImplicitLocOpBuilder &b, hf::Reduction kind, Value lhs, Value rhs);

/// The kernel dialect's name for it.
kernel::Combine combineOf(hf::Reduction kind);

} // namespace hfc

#endif // HFC_LIB_CONVERSION_EMITKERNELS_REDUCTION_H
