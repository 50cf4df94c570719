//===- Program.td - parameters and states of an hf program -*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_HF_PROGRAM
#define HFC_DIALECTS_HF_PROGRAM

include "dialects/hf/OpBase.td"

def Hf_ParameterOp : Hf_Op<"parameter", [Symbol]> {
  let summary = "declares a logical parameter of the model";
  let description = [{
    A row of the program's parameter table. The symbol is the parameter's `state_dict()` name where one
    exists, and otherwise that name with the unfused part appended (`….qkv_proj.weight` gives
    `….q_proj.weight`). `pieces` say where its values stand in a checkpoint. An entry takes the parameter
    as an argument marked `{hf.parameter = @name}`.

    `hf.frozen`, `hf.initializer`, `hf.state_dict` and the like are discardable attributes read by later passes
    (`docs/distribution.md`).

    Constraints:
    - (C1) the type is a static-shaped tensor of floats.
    - (C2) there is at least one piece, and every piece is a `#hf.piece`.

    Example:

    ```mlir
    hf.parameter @model.norm.weight : tensor<64xf32> from [#hf.piece<"model.norm.weight">]
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$type, ArrayAttr:$pieces);
  let assemblyFormat = "$sym_name `:` $type `from` $pieces attr-dict";
  let hasVerifier = 1;
}

def Hf_StateOp : Hf_Op<"state", [Symbol]> {
  let summary = "declares a persistent buffer that entries read and replace";
  let description = [{
    A row of the program's state table (KV cache, step, random counter). An entry takes the state as an
    argument marked `{hf.state = @name}` and returns its next value as a result marked
    `{hf.state = @name}`: the two alias, and a program in which they cannot share the buffer is rejected.
    States start as zeros, or as the parameter that the discardable attribute `hf.initial` names. `hf.of` and `hf.role` say which parameter a
    state belongs to, and as what: `"gradient"`, `"moment1"`, `"moment2"`, `"master"`.

    Constraints:
    - (C1) the type is a static-shaped tensor.

    Example:

    ```mlir
    hf.state @cache.0.key : tensor<2x128x2x16xf32>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$type);
  let assemblyFormat = "$sym_name `:` $type attr-dict";
  let hasVerifier = 1;
}

def Hf_BucketOp : Hf_Op<"bucket", [Symbol]> {
  let summary = "declares a buffer in which several parameters or states lie";
  let description = [{
    Parameters and states with the discardable attribute `hf.bucket = #hf.place<@name, offset>` lie in it, one behind the other from multiples of 16
    elements on, so that one collective works on all of them where they are. What is between them is zero, and nothing writes it.

    Constraints:
    - (C1) the type is a static-shaped tensor of floats of rank 1.

    Example:

    ```mlir
    hf.bucket @grads.0 : tensor<4160xf32>
    hf.state @grad.norm : tensor<64xf32> {hf.bucket = #hf.place<@grads.0, 4096>}
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$type);
  let assemblyFormat = "$sym_name `:` $type attr-dict";
  let hasVerifier = 1;
}

#endif // HFC_DIALECTS_HF_PROGRAM
