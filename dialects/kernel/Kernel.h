//===- Kernel.h - the kernel dialect's classes
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_KERNEL_KERNEL_H
#define HFC_DIALECTS_KERNEL_KERNEL_H

#include "hfc/Support/LLVM.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/kernel/Dialect.h.inc"
#include "dialects/kernel/Enums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/kernel/Attrs.h.inc"
#define GET_OP_CLASSES
#include "dialects/kernel/Ops.h.inc"

namespace hfc::kernel {

/// On an argument of a kernel or of its body: nothing in the program writes the buffer.
inline constexpr llvm::StringLiteral kConstantAttrName = "kernel.constant";
/// Whether a buffer is such an argument of the function around it.
bool isConstantArgument(mlir::Value buffer);

} // namespace hfc::kernel

#endif // HFC_DIALECTS_KERNEL_KERNEL_H
