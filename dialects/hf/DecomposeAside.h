//===- DecomposeAside.h - a composite's decomposition in a block of its own
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_HF_DECOMPOSEASIDE_H
#define HFC_DIALECTS_HF_DECOMPOSEASIDE_H

#include "dialects/hf/Hf.h"

#include <memory>

namespace hfc::hf {

/// Ops that compute what a composite does from a block's arguments, one for each operand, also where the op takes a
/// value twice. The program's values get no users by it.
struct Aside {
  std::unique_ptr<Block> block;
  SmallVector<Value> results;
};

Aside decomposeAside(CompositeOpInterface op);

/// The op alone in a block, over arguments as above.
std::unique_ptr<Block> isolate(Operation *op);

} // namespace hfc::hf

#endif // HFC_DIALECTS_HF_DECOMPOSEASIDE_H
