//===- Words.h - what is wrong, in words
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_VERIFY_CHECKPARTITION_WORDS_H
#define HFC_LIB_VERIFY_CHECKPARTITION_WORDS_H

#include "Values.h"

namespace hfc::verify {

/// An op's name and where it stands in the model: "'hf.linear' at model.layers.0.self_attn.o_proj".
std::string describe(Operation *op);

/// "{dp, tp}".
std::string describeAxes(ArrayRef<dist::AxisRefAttr> axes);

/// How one tensor differs from another of its shape: a factor, an order, or a first place.
std::string describeDifference(const interpreter::Domain &domain, const Tensor &expected, const Tensor &found);

/// What is wrong with a collective as it stands, seen from where its operands and results are said to live; empty if
/// that is nothing.
std::string describeCollective(Operation *op, dist::MeshAttr mesh);

/// The operand that is partial though the op needs it complete; null if there is none.
Value findIncomplete(Operation *op, dist::MeshAttr mesh);

} // namespace hfc::verify

#endif // HFC_LIB_VERIFY_CHECKPARTITION_WORDS_H
