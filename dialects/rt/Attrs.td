//===- Attrs.td - the rt dialect and its enums -----------------------*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_RT_ATTRS
#define HFC_DIALECTS_RT_ATTRS

include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def Rt_Dialect : Dialect {
  let name = "rt";
  let cppNamespace = "::hfc::rt";
  let summary = "The device program: buffers at planned offsets, launches, library calls, streams";
  let description = [{
    What a rank does, as one straight list: an `rt.entry` names its buffers (offsets in the one arena, parameters,
    states, constants) and then issues work to streams. Work on one stream runs in order; work on different
    streams is ordered only by events. Where values live on the mesh is gone by now, but for the axes of collectives; the callee of a launch
    is a function of hf primitives until kernels are emitted, and a `kernel.func` after.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::hfc::dist::DistDialect"];
  let useDefaultAttributePrinterParser = 1;
}

def Rt_CollectiveKind : I32EnumAttr<"CollectiveKind", "what ranks do together; see the dist dialect", [
  I32EnumAttrCase<"all_reduce", 0>, I32EnumAttrCase<"agree", 1>, I32EnumAttrCase<"all_gather", 2>,
  I32EnumAttrCase<"reduce_scatter", 3>, I32EnumAttrCase<"all_to_all", 4>, I32EnumAttrCase<"broadcast", 5>,
  I32EnumAttrCase<"send_receive", 6>, I32EnumAttrCase<"reduce_scatter_bucket", 7>,
  I32EnumAttrCase<"all_gather_bucket", 8>]> {
  let cppNamespace = "::hfc::rt";
  let genSpecializedAttr = 0;
}
def Rt_CollectiveKindAttr : EnumAttr<Rt_Dialect, Rt_CollectiveKind, "collective_kind"> {
  let assemblyFormat = "$value";
}

def Rt_AttentionKind : I32EnumAttr<"AttentionKind", "which of hf.attention and its companions", [
  I32EnumAttrCase<"forward", 0>, I32EnumAttrCase<"with_statistics", 1>, I32EnumAttrCase<"backward", 2>]> {
  let cppNamespace = "::hfc::rt";
  let genSpecializedAttr = 0;
}

#endif // HFC_DIALECTS_RT_ATTRS
