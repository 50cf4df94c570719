//===- Dialect.td - the hf dialect -------------------------*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_HF_DIALECT
#define HFC_DIALECTS_HF_DIALECT

include "mlir/IR/OpBase.td"

def Hf_Dialect : Dialect {
  let name = "hf";
  let cppNamespace = "::hfc::hf";
  let summary = "Model operations in transformers' words, on global tensors";
  let description = [{
    The vocabulary in which a Hugging Face model is written: some thirty *primitives* with direct
    semantics, and *composites* (norms, attention, rotary embeddings, …), each of which has one
    decomposition into primitives. The decomposition is the composite's reference semantics, and
    kernel bodies, default derivatives and costs come from it.

    All tensors have static shapes: capacities are known at compile time, and what varies (lengths,
    positions) is data. An op's location is its Hugging Face module path
    (`loc("model.layers.3.mlp.down_proj")`); the discardable attributes `hf.block` (layer number) and
    `hf.phase` (`"forward"` when absent, `"backward"`, `"update"`) survive passes that drop locations.

    The module attribute `hf.program` marks a whole program. Constraints, for each public `func.func` of it:
    - (P1) `hf.program` is a dictionary.
    - (P2) each argument has exactly one of `hf.parameter`, `hf.state`, `hf.input`; each result exactly one of
      `hf.output`, `hf.state`, `hf.parameter`.
    - (P3) `hf.parameter` and `hf.state` name a declaration of that kind and of the same type.
    - (P4) `hf.input` and `hf.output` are names; `hf.default`, if any, is `"ones"`, `"arange"`, `"zeros"`,
      `"segments"` or `"labels"`; `hf.min` is at most `hf.max`.
    - (P5) `hf.objective`, of a function, is the number of one of its results, a float scalar. `hf.differentiate`, of an argument, is a unit
      attribute, and the argument a tensor of floats.
    - (P6) what has `hf.bucket = #hf.place<…>` lies inside that bucket, which has its element type.
    - (P7) `hf.of` and `hf.initial` of a state name a parameter; for `hf.initial` the shapes agree.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let hasOperationAttrVerify = 1;
  let dependentDialects = ["::hfc::dist::DistDialect", "::mlir::func::FuncDialect"];
}

#endif // HFC_DIALECTS_HF_DIALECT
