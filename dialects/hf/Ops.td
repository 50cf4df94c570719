//===- Ops.td - every op of the hf dialect -----------------*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_HF_OPS
#define HFC_DIALECTS_HF_OPS

include "dialects/hf/Program.td"
include "dialects/hf/Primitives.td"
include "dialects/hf/Composites.td"
include "dialects/hf/Training.td"

#endif // HFC_DIALECTS_HF_OPS
