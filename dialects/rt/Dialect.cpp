//===- Dialect.cpp - registration of the rt dialect
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/dist/Sharding.h"
#include "dialects/rt/Rt.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace hfc;
using namespace hfc::rt;

/// `{"dp", "tp":(1)2}`.
static ParseResult parseAxes(OpAsmParser &parser, dist::AxisListAttr &axes) {
  FailureOr<dist::AxisListAttr> parsed = dist::parseAxisList(parser);
  if (failed(parsed))
    return failure();
  axes = *parsed;
  return success();
}
static void printAxes(OpAsmPrinter &printer, Operation *, dist::AxisListAttr axes) {
  dist::printAxisList(printer, axes);
}

#include "dialects/rt/Dialect.cpp.inc"
#include "dialects/rt/Enums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/rt/Attrs.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/rt/Ops.cpp.inc"

void RtDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/rt/Attrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/rt/Ops.cpp.inc"
      >();
}
