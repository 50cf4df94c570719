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

std::optional<unsigned> Bodies::getUpdatedArgument(func::FuncOp body, unsigned result) {
  auto kind = body ? body->getAttrOfType<StringAttr>("kernel.kind") : StringAttr();
  if (!kind || body.isDeclaration())
    return std::nullopt;
  if (kind.getValue() == "cache_update" || kind.getValue() == "scatter_add") {
    bool isOne = body.getNumArguments() && body.getResultTypes() == body.getArgumentTypes().take_front();
    return isOne ? std::optional<unsigned>(0) : std::nullopt;
  }
  if (kind.getValue() != "loop")
    return std::nullopt;
  Value value = body.getBody().front().getTerminator()->getOperand(result);
  auto update = value.getDefiningOp<hf::CacheUpdateOp>();
  auto cache = update ? dyn_cast<BlockArgument>(update.getCache()) : BlockArgument();
  return cache ? std::optional<unsigned>(cache.getArgNumber()) : std::nullopt;
}

Value Bodies::getUpdated(OpResult result) {
  Operation *op = result.getOwner();
  if (auto add = dyn_cast<hf::AddOp>(op)) {
    hf::LinearWgradOp product = getAddedProduct(add);
    if (!product)
      return {};
    return add.getLhs() == product.getResult() ? add.getRhs() : add.getLhs();
  }
  auto call = dyn_cast<func::CallOp>(op);
  std::optional<unsigned> argument =
      call ? getUpdatedArgument(lookup(call), result.getResultNumber()) : std::optional<unsigned>();
  return argument ? call.getOperand(*argument) : Value();
}

std::optional<unsigned> Bodies::getAlias(func::FuncOp body, unsigned result) {
  if (auto argument = body.getResultAttrOfType<IntegerAttr>(result, aliasName))
    return argument.getInt();
  return std::nullopt;
}

void Bodies::setAlias(func::FuncOp body, unsigned result, unsigned argument) {
  body.setResultAttr(result, aliasName, IntegerAttr::get(IntegerType::get(body.getContext(), 64), argument));
}
