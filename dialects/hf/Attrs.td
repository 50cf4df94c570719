//===- Attrs.td - enums and attributes of the hf dialect ---*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_HF_ATTRS
#define HFC_DIALECTS_HF_ATTRS

include "dialects/hf/Dialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

class Hf_Enum<string name, string what, list<I32EnumAttrCase> cases> : I32EnumAttr<name, what, cases> {
  let cppNamespace = "::hfc::hf";
  let genSpecializedAttr = 0;
}

class Hf_EnumAttr<EnumAttrInfo info, string mnemonic> : EnumAttr<Hf_Dialect, info, mnemonic> {
  let assemblyFormat = "$value";
}

def Hf_Compare : Hf_Enum<"Compare", "comparison predicate", [
  I32EnumAttrCase<"eq", 0>, I32EnumAttrCase<"ne", 1>, I32EnumAttrCase<"lt", 2>,
  I32EnumAttrCase<"le", 3>, I32EnumAttrCase<"gt", 4>, I32EnumAttrCase<"ge", 5>]>;
def Hf_CompareAttr : Hf_EnumAttr<Hf_Compare, "compare">;

def Hf_Reduction : Hf_Enum<"Reduction", "reduction kind", [
  I32EnumAttrCase<"sum", 0>, I32EnumAttrCase<"max", 1>, I32EnumAttrCase<"min", 2>]>;
def Hf_ReductionAttr : Hf_EnumAttr<Hf_Reduction, "reduction">;

// The names are those of transformers' ACT2FN, so that `hidden_act` is the attribute's value.
def Hf_Activation : Hf_Enum<"Activation", "activation function, by its ACT2FN name", [
  I32EnumAttrCase<"gelu", 0>, I32EnumAttrCase<"gelu_new", 1>,
  I32EnumAttrCase<"gelu_pytorch_tanh", 2>, I32EnumAttrCase<"gelu_fast", 3>,
  I32EnumAttrCase<"gelu_10", 4>, I32EnumAttrCase<"gelu_python", 5>,
  I32EnumAttrCase<"gelu_accurate", 6>, I32EnumAttrCase<"quick_gelu", 7>,
  I32EnumAttrCase<"silu", 8>, I32EnumAttrCase<"swish", 9>, I32EnumAttrCase<"relu", 10>,
  I32EnumAttrCase<"relu2", 11>, I32EnumAttrCase<"relu6", 12>,
  I32EnumAttrCase<"leaky_relu", 13>, I32EnumAttrCase<"sigmoid", 14>,
  I32EnumAttrCase<"tanh", 15>, I32EnumAttrCase<"mish", 16>, I32EnumAttrCase<"laplace", 17>,
  I32EnumAttrCase<"linear", 18>]>;
def Hf_ActivationAttr : Hf_EnumAttr<Hf_Activation, "activation">;

def Hf_HeadLayout : Hf_Enum<"HeadLayout", "order of an attention operand's dimensions", [
  I32EnumAttrCase<"bshd", 0, "bshd">, I32EnumAttrCase<"bhsd", 1, "bhsd">,
  I32EnumAttrCase<"sbhd", 2, "sbhd">]> {
  let description = [{
    `bshd`: batch, sequence, head, head dimension, as linear layers produce it; `bhsd`: heads outside
    the sequence, as transformers' eager attention has it; `sbhd`: sequence-first, as Megatron has it.
  }];
}
def Hf_HeadLayoutAttr : Hf_EnumAttr<Hf_HeadLayout, "head_layout">;

class Hf_Attr<string name, string attrMnemonic> : AttrDef<Hf_Dialect, name> {
  let mnemonic = attrMnemonic;
}

def Hf_PieceAttr : Hf_Attr<"Piece", "piece"> {
  let summary = "A logical parameter's slice of one tensor in a checkpoint";
  let description = [{
    `tensor` is the checkpoint's spelling. `offsets` and `sizes` slice it (empty: all of it); then
    `permutation` permutes its dimensions (empty: none). The pieces of a parameter, reshaped to the
    parameter's rank if theirs is lower, are concatenated along dimension 0.

    Constraints:
    - (C1) `tensor` is not empty.
    - (C2) `offsets` and `sizes` have the same length; offsets are at least 0, sizes at least 1.
    - (C3) `permutation`, if any, is one, of as many dimensions as there are `sizes`, if any.

    ```mlir
    #hf.piece<"transformer.h.0.attn.c_attn.weight", offsets = [0, 64], sizes = [64, 64], permutation = [1, 0]>
    ```
  }];
  let parameters = (ins
    StringRefParameter<"checkpoint tensor">:$tensor,
    OptionalArrayRefParameter<"int64_t">:$offsets,
    OptionalArrayRefParameter<"int64_t">:$sizes,
    OptionalArrayRefParameter<"int64_t">:$permutation);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Hf_PlaceAttr : Hf_Attr<"Place", "place"> {
  let summary = "A place in a bucket";
  let description = [{
    Element `offset` of the `hf.bucket` of that name is the first of the tensor that lies there, row-major.

    Constraints:
    - (C1) `offset` is at least 0.

    ```mlir
    #hf.place<@grads.0, 4096>
    ```
  }];
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$bucket, "int64_t":$offset);
  let assemblyFormat = "`<` $bucket `,` $offset `>`";
  let genVerifyDecl = 1;
}

#endif // HFC_DIALECTS_HF_ATTRS
