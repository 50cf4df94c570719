//===- Interfaces.td - op interfaces of the hf dialect -----*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_HF_INTERFACES
#define HFC_DIALECTS_HF_INTERFACES

include "mlir/IR/OpBase.td"

def Hf_CompositeOpInterface : OpInterface<"CompositeOpInterface"> {
  let cppNamespace = "::hfc::hf";
  let description = [{
    An op whose meaning is its decomposition into simpler hf ops (in the end: primitives). Its derivative and its
    sharding rule follow from it, unless an interface of its own says better.
  }];
  let methods = [InterfaceMethod<
    "Builds the decomposition at the builder's insertion point and returns the values that equal this "
    "op's results, in order. Does not erase the op.",
    "::llvm::SmallVector<::mlir::Value>", "decompose", (ins "::mlir::OpBuilder &":$builder)>];
}

def Hf_DifferentiableOpInterface : OpInterface<"DifferentiableOpInterface"> {
  let cppNamespace = "::hfc::hf";
  let description = [{
    An op that knows its own derivative, in reverse mode. A composite without this interface is differentiated through its
    decomposition, recomputed from its operands; ask `hf::differentiate(op, …)` (`dialects/hf/Differentiate.h`), which does either.
  }];
  let methods = [InterfaceMethod<[{
    Given the cotangents of the results (null where none came), builds the cotangents of those operands that are `wanted` at the builder's
    insertion point, which op and operands dominate. Returns one value for each operand: null where none is wanted or the derivative is
    zero; its type is the operand's. Returns nothing at all if it has no rule for what is wanted: the decomposition has one.
    }],
    "::llvm::SmallVector<::mlir::Value>", "differentiate",
    (ins "::mlir::OpBuilder &":$builder, "::llvm::ArrayRef<::mlir::Value>":$cotangents,
         "::llvm::ArrayRef<bool>":$wanted)>];
}

#endif // HFC_DIALECTS_HF_INTERFACES
