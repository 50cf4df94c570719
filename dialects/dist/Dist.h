//===- Dist.h - the dist dialect
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_DIST_DIST_H
#define HFC_DIALECTS_DIST_DIST_H

#include "hfc/Support/LLVM.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/dist/Dialect.h.inc"
#include "dialects/dist/Enums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/dist/Attrs.h.inc"

#include "dialects/dist/SizeRelations.h"

#include "dialects/dist/Interfaces.h.inc"

#define GET_OP_CLASSES
#include "dialects/dist/Ops.h.inc"

#endif // HFC_DIALECTS_DIST_DIST_H
