//===- CollectiveLog.cpp - counts the collectives that ranks execute
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CollectiveLog.h"

using namespace hfc;
using namespace hfc::interpreter;

static int64_t bytesOf(TypeRange types) {
  int64_t bytes = 0;
  for (Type type : types)
    if (auto shaped = dyn_cast<ShapedType>(type))
      if (std::optional<Element> element = elementOf(shaped.getElementType()))
        bytes += shaped.getNumElements() * byteSize(*element);
  return bytes;
}

int64_t interpreter::messageBytes(TypeRange ins, TypeRange outs) { return std::max(bytesOf(ins), bytesOf(outs)); }

void CollectiveLog::add(Operation *op, CollectiveCount what, int64_t rank) {
  if (rank != 0)
    return;
  auto [found, isNew] = numbers.try_emplace({entry, op}, rows.size());
  if (isNew) {
    what.entry = entry;
    rows.push_back(std::move(what));
  }
  ++rows[found->second].count;
}
