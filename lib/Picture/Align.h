//===- Align.h - the same operations of two graphs in the same rows
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_PICTURE_ALIGN_H
#define HFC_LIB_PICTURE_ALIGN_H

#include "Graph.h"

namespace hfc::picture {

/// The row of each node of the two graphs. Operands stand in rows above; nodes that are the same stand in one.
struct Rows {
  SmallVector<unsigned> global, local;
  unsigned count = 0;
};

Rows alignRows(const Graph &global, const Graph &local);

} // namespace hfc::picture

#endif // HFC_LIB_PICTURE_ALIGN_H
