//===- Dialect.cpp - registration of the hf dialect
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/Hf.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace hfc;
using namespace hfc::hf;

#include "dialects/hf/Dialect.cpp.inc"
#include "dialects/hf/Enums.cpp.inc"
#include "dialects/hf/Interfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/hf/Attrs.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/hf/Ops.cpp.inc"

void HfDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/hf/Attrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/hf/Ops.cpp.inc"
      >();
}

Operation *HfDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location loc) {
  if (auto elements = dyn_cast<ElementsAttr>(value); elements && elements.getType() == type)
    return ConstantOp::create(builder, loc, elements);
  return nullptr;
}
