//===- Combine.h - the arithmetic of reductions over ranks
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_HOST_COMM_COMBINE_H
#define HFC_LIB_RUNTIME_HOST_COMM_COMBINE_H

#include "View.h"

#include "hfc/Runtime/hfc_runtime.h"

namespace hfc::host {

/// How values of the ranks combine.
struct Combination {
  hfc_reduction reduction = HFC_SUM;
  /// float32, bfloat16 (summed in float32 and rounded once) or int32.
  hfc_dtype dtype = HFC_FLOAT32;
};

/// target[i] = sources[0][i] + sources[1][i] + …, in this order always, so that the result does not depend on who
/// computes it, or when. Advances all by `bytes`. `target` may be one of the sources.
void combine(Combination how, Cursor &target, std::vector<Cursor> &sources, int64_t bytes);

} // namespace hfc::host

#endif // HFC_LIB_RUNTIME_HOST_COMM_COMBINE_H
