//===- ProgramSymbols.cpp - what the entries of a program share
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProgramSymbols.h"

using namespace hfc;

ProgramSymbols::ProgramSymbols(ModuleOp module) : module(module), symbols(module), groupTable(module) {
  for (Operation &op : *module.getBody()) {
    StringRef kind = op.getName().getStringRef();
    if (kind == "hf.parameter")
      parameters.try_emplace(SymbolTable::getSymbolName(&op), parameters.size());
    else if (kind == "hf.state")
      states.try_emplace(SymbolTable::getSymbolName(&op), states.size());
  }
}

std::optional<int64_t> ProgramSymbols::find(const Indices &indices, StringAttr name) {
  auto it = indices.find(name);
  return it == indices.end() ? std::nullopt : std::optional<int64_t>(it->second);
}

LLVM::GlobalOp ProgramSymbols::constant(Location loc, DenseElementsAttr value) {
  Type element = value.getElementType();
  DenseElementsAttr flat = value.reshape(RankedTensorType::get(value.getNumElements(), element));
  LLVM::GlobalOp &global = constants[flat];
  if (!global) {
    OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
    constexpr uint64_t alignment = 64;
    global = LLVM::GlobalOp::create(builder, loc, LLVM::LLVMArrayType::get(element, value.getNumElements()),
                                    /*isConstant=*/true, LLVM::Linkage::Internal, "hfc_constant", flat, alignment);
    symbols.insert(global);
  }
  return global;
}

LLVM::LLVMFuncOp ProgramSymbols::externalFunction(StringRef name, ArrayRef<Type> arguments, Type result) {
  if (auto function = symbols.lookup<LLVM::LLVMFuncOp>(name))
    return function;
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  Type returned = result ? result : LLVM::LLVMVoidType::get(builder.getContext());
  auto function =
      LLVM::LLVMFuncOp::create(builder, module.getLoc(), name, LLVM::LLVMFunctionType::get(returned, arguments));
  symbols.insert(function);
  return function;
}
