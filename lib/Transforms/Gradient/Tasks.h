//===- Tasks.h - what differentiation makes of a program
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_TRANSFORMS_GRADIENT_TASKS_H
#define HFC_LIB_TRANSFORMS_GRADIENT_TASKS_H

#include "lib/Transforms/Gradient/Backward.h"

namespace hfc::gradient {

/// What `hf.program` asks for.
struct Request {
  int64_t microBatches = 1;
  Type gradientType;
  Recompute recompute = Recompute::none;
};

/// The arguments of a function that have to do with gradients.
struct WantedArguments {
  /// Arguments of parameters that are not frozen, by the parameter; several may take the same one.
  llvm::MapVector<hf::ParameterOp, SmallVector<BlockArgument>> trained;
  /// Arguments of frozen ones.
  SmallVector<BlockArgument> frozen;
  /// Inputs with `hf.differentiate`.
  SmallVector<BlockArgument> inputs;
};
WantedArguments findWanted(func::FuncOp function, const SymbolTable &symbols);

/// Appends arguments or results of the given types and attributes; the terminator is the caller's business.
SmallVector<BlockArgument> appendArguments(func::FuncOp function, TypeRange types, ArrayRef<DictionaryAttr> attributes);
void appendResults(func::FuncOp function, TypeRange types, ArrayRef<DictionaryAttr> attributes);
/// `{name = value}`.
DictionaryAttr entryAttribute(MLIRContext *context, StringRef name, Attribute value);

/// The type of gradients of `argument`.
RankedTensorType gradientTypeOf(Value argument, const Request &request);

/// Differentiates the entry that has an objective.
LogicalResult differentiateObjective(func::FuncOp function, const Request &request);
/// Makes the entry `backward` of `forward`, and residual states.
LogicalResult makeModule(func::FuncOp forward, const Request &request);

} // namespace hfc::gradient

#endif // HFC_LIB_TRANSFORMS_GRADIENT_TASKS_H
