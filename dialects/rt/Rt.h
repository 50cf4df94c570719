//===- Rt.h - the rt dialect's classes
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_RT_RT_H
#define HFC_DIALECTS_RT_RT_H

#include "dialects/dist/Dist.h"
#include "dialects/hf/Hf.h"
#include "hfc/Support/LLVM.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/rt/Dialect.h.inc"
#include "dialects/rt/Enums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/rt/Attrs.h.inc"

#define GET_OP_CLASSES
#include "dialects/rt/Ops.h.inc"

#endif // HFC_DIALECTS_RT_RT_H
