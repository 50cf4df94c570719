//===- OpBase.td - types and base classes of hf ops --------*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_HF_OPBASE
#define HFC_DIALECTS_HF_OPBASE

include "dialects/hf/Attrs.td"
include "dialects/hf/Interfaces.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Hf_FloatTensor : StaticShapeTensorOf<[F32, F64, BF16, F16]>;
def Hf_IntTensor : StaticShapeTensorOf<[I32, I64]>;
def Hf_BoolTensor : StaticShapeTensorOf<[I1]>;
def Hf_NumberTensor : StaticShapeTensorOf<[F32, F64, BF16, F16, I32, I64]>;
def Hf_Tensor : StaticShapeTensorOf<[F32, F64, BF16, F16, I32, I64, I1]>;

// The shape of a step's number and of a learning rate.
def Hf_F32Scalar : 0DTensorOf<[F32]>, BuildableType<"::mlir::RankedTensorType::get({}, $_builder.getF32Type())">;
def Hf_I32Scalar : 0DTensorOf<[I32]>, BuildableType<"::mlir::RankedTensorType::get({}, $_builder.getI32Type())">;

def Hf_Differentiable : DeclareOpInterfaceMethods<Hf_DifferentiableOpInterface>;

class Hf_Op<string mnemonic, list<Trait> traits = []> : Op<Hf_Dialect, mnemonic, traits>;

class Hf_Composite<string mnemonic, list<Trait> traits = []>
    : Hf_Op<mnemonic, !listconcat([Pure, DeclareOpInterfaceMethods<Hf_CompositeOpInterface>], traits)> {
  let hasVerifier = 1;
}

#endif // HFC_DIALECTS_HF_OPBASE
