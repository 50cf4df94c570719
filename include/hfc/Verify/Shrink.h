//===- Shrink.h - the same program with smaller sizes
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_VERIFY_SHRINK_H
#define HFC_VERIFY_SHRINK_H

#include "hfc/Support/LLVM.h"

#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace hfc::verify {

/// A size, or the size of an axis, that was given another value.
struct SizeChange {
  std::string name;
  int64_t from = 0, to = 0;
};

/// A global program and the local one that was made of it, with smaller sizes.
struct Shrunk {
  OwningOpRef<ModuleOp> global, local;
  SmallVector<SizeChange> sizes, axes;
};

/// Substitutes sizes in both modules alike: each op, attribute and collective stays, in its order. Every divisibility
/// and remainder that decided something is kept; what cannot be shrunk consistently keeps its size. The modules given
/// do not change.
FailureOr<Shrunk> shrink(ModuleOp global, ModuleOp local);

} // namespace hfc::verify

#endif // HFC_VERIFY_SHRINK_H
