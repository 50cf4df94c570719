//===- Projections.h - weights that multiply the same values --------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_TRANSFORMS_FUSION_PROJECTIONS_H
#define HFC_LIB_TRANSFORMS_FUSION_PROJECTIONS_H

#include "dialects/hf/Hf.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace hfc::fusion {

/// Weights by which values are multiplied side by side, as query, key and value or gate and up are, in the order in
/// which they lie in memory, one behind the other.
struct Projections {
  SmallVector<FlatSymbolRefAttr, 3> weights;
  /// As many, or none.
  SmallVector<FlatSymbolRefAttr, 3> biases;
  /// The states that hold the weights' gradients; none if they do not lie one behind the other.
  SmallVector<FlatSymbolRefAttr, 3> gradients;
};

/// Whether a product has more rows than kernels for few rows take, a parameter as its weight and one or none as its
/// bias.
bool isProjection(hf::LinearOp product, int64_t fewRows);

/// Whether something that reads `value`, or a reshape of it, wants it contiguous: what is no product, which takes
/// strides, and will be no part of a kernel body.
bool isReadInMemory(Value value);
/// Whether `value`, or what it is a reshape of, is made by what writes memory of its own.
bool isMadeInMemory(Value value);
int64_t elementsOf(Value value);

/// Finds the weights of all entries that multiply the same values in each of them, and places in a bucket those that
/// have no places yet. Weights that lie elsewhere, or between others, stay apart.
SmallVector<Projections> placeProjections(ModuleOp module, int64_t fewRows);

} // namespace hfc::fusion

#endif // HFC_LIB_TRANSFORMS_FUSION_PROJECTIONS_H
