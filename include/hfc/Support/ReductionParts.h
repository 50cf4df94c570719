//===- ReductionParts.h - how large reductions are divided ---------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_SUPPORT_REDUCTIONPARTS_H
#define HFC_SUPPORT_REDUCTIONPARTS_H

#include <cstdint>

namespace hfc {

/// Into how many equal parts `hfc-fuse` divides a reduction of so many elements to one number, if it can: enough for
/// all of a device, and so many that each adds few enough for float32. 1: what one block can do.
constexpr int64_t partsOfReduction(int64_t elements) {
  constexpr int64_t smallest = 1 << 16, fewestParts = 256, mostParts = 1024, largestPart = 1 << 17;
  if (elements < smallest)
    return 1;
  int64_t parts = fewestParts;
  while (parts < mostParts && elements > parts * largestPart)
    parts *= 2;
  return parts;
}

} // namespace hfc

#endif // HFC_SUPPORT_REDUCTIONPARTS_H
