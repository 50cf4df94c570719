//===- Dialect.td - the dist dialect -*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_DIST_DIALECT
#define HFC_DIALECTS_DIST_DIALECT

include "mlir/IR/OpBase.td"

def Dist_Dialect : Dialect {
  let name = "dist";
  let cppNamespace = "::hfc::dist";
  let summary = "Where tensors live on a mesh of ranks, and the collectives that move them";
  let description = [{
    The one source of truth for distribution. A program is written once, for every rank; rank numbers never appear.

    - The module attribute `dist.mesh` names the axes.
    - The discardable attribute `dist.sharding` (of a function's argument or result, an `hf.parameter`, an `hf.state`) and
      `dist.shardings` (of an op, one for each result) say where a value lives.
    - Before materializing, types are global and shardings are intentions; `dist.reshard` changes them. The module attribute
      `dist.materialized` says that types are local: then every sharding has its `global` shape, and what it says of a
      value is what is true on the ranks. Its verifier checks each op's sharding against its operands': a partial value that
      reaches an op which is not linear in it is an error that names the missing reduction.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
}

#endif // HFC_DIALECTS_DIST_DIALECT
