//===- AttentionParts.cpp - whether a body is one of the parts' kernels
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionParts.h"

#include "mlir/IR/OperationSupport.h"

using namespace hfc;

bool hfc::isBodyOf(func::FuncOp body, function_ref<SmallVector<Value>(OpBuilder &, ValueRange)> build) {
  Region built;
  Block &block = built.emplaceBlock();
  for (BlockArgument argument : body.getArguments())
    block.addArgument(argument.getType(), argument.getLoc());
  OpBuilder builder(body.getContext());
  builder.setInsertionPointToEnd(&block);
  func::ReturnOp::create(builder, body.getLoc(), build(builder, block.getArguments()));
  return OperationEquivalence::isRegionEquivalentTo(&body.getBody(), &built, OperationEquivalence::IgnoreLocations);
}
