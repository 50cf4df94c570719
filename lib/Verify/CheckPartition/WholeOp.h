//===- WholeOp.h - what an op of ranks should give
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_VERIFY_CHECKPARTITION_WHOLEOP_H
#define HFC_LIB_VERIFY_CHECKPARTITION_WHOLEOP_H

#include "Values.h"

namespace hfc::verify {

/// What a local op's results, put together, should be, given its operands put together: the op itself on whole tensors,
/// or, of a collective, what it is given. None where that cannot be told.
std::optional<Tensors> evaluateWhole(interpreter::Interpreter &interpreter, Operation *op, ArrayRef<Tensor> operands,
                                     dist::MeshAttr mesh);

} // namespace hfc::verify

#endif // HFC_LIB_VERIFY_CHECKPARTITION_WHOLEOP_H
