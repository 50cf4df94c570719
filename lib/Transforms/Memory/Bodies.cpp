//===- Bodies.cpp - what the kernel bodies of entries allow
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EntryPlan.h"

using namespace hfc;
using namespace hfc::memory;

static constexpr llvm::StringLiteral aliasName = "kernel.alias";

hf::LinearWgradOp memory::getAddedProduct(hf::AddOp add) {
  for (Value operand : add->getOperands())
    if (auto product = operand.getDefiningOp<hf::LinearWgradOp>(); product && product->hasOneUse())
      return product;
  return {};
}

Value Bodies::getUpdated(Operation *op) {
  if (auto add = dyn_cast_or_null<hf::AddOp>(op)) {
    hf::LinearWgradOp product = getAddedProduct(add);
    if (!product)
      return {};
    return add.getLhs() == product.getResult() ? add.getRhs() : add.getLhs();
  }
  auto call = dyn_cast_or_null<func::CallOp>(op);
  func::FuncOp body = call ? lookup(call) : func::FuncOp();
  auto kind = body ? body->getAttrOfType<StringAttr>("kernel.kind") : StringAttr();
  bool updates = kind && (kind.getValue() == "cache_update" || kind.getValue() == "scatter_add");
  if (!updates || body.getNumArguments() == 0 || body.getResultTypes() != body.getArgumentTypes().take_front())
    return {};
  return call.getOperand(0);
}

std::optional<unsigned> Bodies::getAlias(func::FuncOp body, unsigned result) {
  if (auto argument = body.getResultAttrOfType<IntegerAttr>(result, aliasName))
    return argument.getInt();
  return std::nullopt;
}

void Bodies::setAlias(func::FuncOp body, unsigned result, unsigned argument) {
  body.setResultAttr(result, aliasName, IntegerAttr::get(IntegerType::get(body.getContext(), 64), argument));
}
