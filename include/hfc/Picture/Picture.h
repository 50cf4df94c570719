//===- Picture.h - one layer before and after partitioning, drawn
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two columns of boxes, drawn from the IR alone: on the left the operations of one layer of the global program, on the
// right those that every rank runs. What is the same operation stands at the same height, so what partitioning put in
// stands by itself. Sizes have the colours of the axes that cut them.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_PICTURE_PICTURE_H
#define HFC_PICTURE_PICTURE_H

#include "hfc/Support/LLVM.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

#include <string>

namespace hfc::picture {

/// Which operations are drawn: those of `hf.block` and `hf.phase` in one entry.
struct LayerChoice {
  /// Empty: the first entry that has any.
  std::string entry;
  int64_t block = 0;
  std::string phase = "forward";
};

/// Draws a layer of the program before reshards are inserted (`global`) and of what ranks run (`local`) as one SVG that
/// needs nothing else. Fails where there is no such layer; the message says which there are.
llvm::Expected<std::string> drawLayer(ModuleOp global, ModuleOp local, const LayerChoice &choice);

} // namespace hfc::picture

#endif // HFC_PICTURE_PICTURE_H
