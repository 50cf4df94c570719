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
    An op whose meaning is its decomposition into simpler hf ops (in the end: primitives). Derivatives
    and sharding rules attach beside it, in the same way, when their passes exist.
  }];
  let methods = [InterfaceMethod<
    "Builds the decomposition at the builder's insertion point and returns the values that equal this "
    "op's results, in order. Does not erase the op.",
    "::llvm::SmallVector<::mlir::Value>", "decompose", (ins "::mlir::OpBuilder &":$builder)>];
}

#endif // HFC_DIALECTS_HF_INTERFACES
