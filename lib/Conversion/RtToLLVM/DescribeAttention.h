//===- DescribeAttention.h - an attention, as the runtime is told of it -*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_CONVERSION_RTTOLLVM_DESCRIBEATTENTION_H
#define HFC_CONVERSION_RTTOLLVM_DESCRIBEATTENTION_H

#include "dialects/rt/Rt.h"

namespace hfc {

/// The words of the hfc_attention of a launch that a library may do, which is 64-bit numbers throughout.
FailureOr<DenseElementsAttr> describeAttention(rt::LaunchOp op);

} // namespace hfc

#endif // HFC_CONVERSION_RTTOLLVM_DESCRIBEATTENTION_H
