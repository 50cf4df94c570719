//===- Verdict.cpp - what was checked, in one line
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Verify/CheckPartition.h"

#include "llvm/Support/FormatVariadic.h"

using namespace hfc;
using namespace hfc::verify;

std::string Verdict::summary() const {
  std::string as = mesh == checkedMesh ? "" : " as " + checkedMesh;
  if (!unchecked.empty())
    return "not verified on " + mesh + ": " + unchecked;
  if (fault)
    return llvm::formatv("wrong on {0}{1}: {2} {3}{4}", mesh, as, fault->where,
                         fault->rank < 0 ? "" : llvm::formatv("(seen on rank {0}) ", fault->rank).str(), fault->what);
  return llvm::formatv("verified: {0} operations on {1}{2}: {3} exactly (prime field), {4} by oracles, {5} in float64; "
                       "{6:F2} s",
                       counts.checked(), mesh, as, counts.exact, counts.oracles, counts.float64, seconds);
}
