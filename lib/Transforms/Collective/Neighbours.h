//===- Neighbours.h - weights that multiply the same values --------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_TRANSFORMS_COLLECTIVE_NEIGHBOURS_H
#define HFC_LIB_TRANSFORMS_COLLECTIVE_NEIGHBOURS_H

#include "dialects/hf/Hf.h"

namespace hfc::collective {

/// The names of parameters that are of most use one behind the other: of weights that multiply the same values, or of
/// these products' biases. Then one product can do the work of several (`hfc-merge-products`).
using Neighbours = SmallVector<StringAttr, 3>;

/// All in the module, in the order of the products; no parameter is in two of them.
SmallVector<Neighbours> findNeighbours(ModuleOp module);

} // namespace hfc::collective

#endif // HFC_LIB_TRANSFORMS_COLLECTIVE_NEIGHBOURS_H
