//===- DecomposeAside.cpp - a composite's decomposition in a block of its own
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/DecomposeAside.h"

using namespace hfc;
using namespace hfc::hf;

std::unique_ptr<Block> hf::isolate(Operation *op) {
  auto block = std::make_unique<Block>();
  for (Value operand : op->getOperands())
    block->addArgument(operand.getType(), op->getLoc());
  Operation *copy = op->clone();
  copy->setOperands(block->getArguments());
  block->push_back(copy);
  return block;
}

Aside hf::decomposeAside(CompositeOpInterface op) {
  Aside aside{isolate(op), {}};
  Operation *copy = &aside.block->front();
  OpBuilder builder(op->getContext());
  builder.setInsertionPointToEnd(aside.block.get());
  aside.results = cast<CompositeOpInterface>(copy).decompose(builder);
  copy->erase();
  return aside;
}
