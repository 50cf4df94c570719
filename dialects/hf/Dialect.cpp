//===- Dialect.cpp - registration of the hf dialect
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/Hf.h"
#include "dialects/hf/ShardingRules.h"

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

/// `<"tensor"`, then any of the lists, each after a comma, then `>`.
Attribute PieceAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  std::string tensor;
  SmallVector<int64_t> offsets, sizes, permutation;
  const std::pair<StringRef, SmallVector<int64_t> *> lists[] = {
      {"offsets", &offsets}, {"sizes", &sizes}, {"permutation", &permutation}};
  auto parseNumber = [&](SmallVector<int64_t> &list) { return parser.parseInteger(list.emplace_back()); };
  if (parser.parseLess() || parser.parseString(&tensor))
    return {};
  while (succeeded(parser.parseOptionalComma())) {
    StringRef keyword;
    if (parser.parseKeyword(&keyword) || parser.parseEqual())
      return {};
    auto found = llvm::find_if(lists, [&](const auto &list) { return list.first == keyword && list.second->empty(); });
    if (found == std::end(lists)) {
      parser.emitError(loc, "expected offsets, sizes or permutation, each once, got '") << keyword << "'";
      return {};
    }
    if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] { return parseNumber(*found->second); }))
      return {};
  }
  if (parser.parseGreater())
    return {};
  return parser.getChecked<PieceAttr>(loc, parser.getContext(), tensor, offsets, sizes, permutation);
}

void PieceAttr::print(AsmPrinter &printer) const {
  printer << '<';
  printer.printString(getTensor());
  auto printList = [&](StringRef keyword, ArrayRef<int64_t> list) {
    if (!list.empty())
      printer << ", " << keyword << " = [" << list << ']';
  };
  printList("offsets", getOffsets());
  printList("sizes", getSizes());
  printList("permutation", getPermutation());
  printer << '>';
}

void HfDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/hf/Attrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/hf/Ops.cpp.inc"
      >();
  attachShardingRules(getContext());
  attachLocalizers(getContext());
  attachSizeRelations(getContext());
}

Operation *HfDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location loc) {
  if (auto elements = dyn_cast<ElementsAttr>(value); elements && elements.getType() == type)
    return ConstantOp::create(builder, loc, elements);
  return nullptr;
}
