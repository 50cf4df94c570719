//===- Dialect.cpp - the dist dialect
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/dist/RuleCache.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace hfc;
using namespace hfc::dist;

/// `{"dp", "tp":(1)2}`.
static ParseResult parseAxes(OpAsmParser &parser, AxisListAttr &axes) {
  FailureOr<AxisListAttr> parsed = parseAxisList(parser);
  if (failed(parsed))
    return failure();
  axes = *parsed;
  return success();
}
static void printAxes(OpAsmPrinter &printer, Operation *, AxisListAttr axes) { printAxisList(printer, axes); }

#include "dialects/dist/Dialect.cpp.inc"
#include "dialects/dist/Enums.cpp.inc"
#include "dialects/dist/Interfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/dist/Attrs.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/dist/Ops.cpp.inc"

void DistDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/dist/Attrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/dist/Ops.cpp.inc"
      >();
  addInterfaces<RuleCache>();
}
