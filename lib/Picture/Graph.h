//===- Graph.h - a layer's operations and what flows between them
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_PICTURE_GRAPH_H
#define HFC_LIB_PICTURE_GRAPH_H

#include "hfc/Picture/Picture.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/SetVector.h"

namespace hfc::picture {

/// An operation, or a place where a value comes into the layer or leaves it.
struct Node {
  enum class Kind { Input, Op, Collective, Output };
  Kind kind = Kind::Op;
  Operation *op = nullptr;
  /// What it makes, or what comes or goes.
  Value value;
  /// The program's parameters that it reads.
  SmallVector<BlockArgument, 2> parameters;
  /// Of an input or output: where from, where to.
  std::string label;
  /// Numbers of the nodes whose values it reads, all of them smaller than its own.
  llvm::SetVector<unsigned> operands;
};

/// Inputs first, then operations as they stand in the program, then outputs.
struct Graph {
  func::FuncOp entry;
  std::vector<Node> nodes;
};

/// The functions of a module that have operations of the layer, in order.
SmallVector<func::FuncOp> entriesWith(ModuleOp module, const LayerChoice &choice);

/// What is no work (views, the ends of collectives) is left out: what it gives counts as its operand.
Graph extractLayer(func::FuncOp entry, const LayerChoice &choice);

/// The phase of an operation: "forward" where it says nothing.
StringRef phaseOf(Operation *op);
/// The number of its layer, if it has one.
std::optional<int64_t> blockOf(Operation *op);
/// The name of the program's parameter that an argument is; empty if it is none.
StringRef parameterName(BlockArgument argument);

} // namespace hfc::picture

#endif // HFC_LIB_PICTURE_GRAPH_H
