//===- ProgramSymbols.h - what the entries of a program share ------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_CONVERSION_RTTOLLVM_PROGRAMSYMBOLS_H
#define HFC_CONVERSION_RTTOLLVM_PROGRAMSYMBOLS_H

#include "Groups.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/DenseMap.h"

namespace hfc {

/// What the entries of a program share: its tables, constants, and declarations of the functions that it calls.
class ProgramSymbols {
public:
  explicit ProgramSymbols(ModuleOp module);

  /// The place of a parameter or state in the program's table, or none.
  std::optional<int64_t> parameterIndex(StringAttr name) const { return find(parameters, name); }
  std::optional<int64_t> stateIndex(StringAttr name) const { return find(states, name); }

  /// A constant in the host's memory with these values, one for all that are equal.
  LLVM::GlobalOp constant(Location loc, DenseElementsAttr value);

  /// The constant that describes a collective to the CPU's runtime.
  FailureOr<LLVM::GlobalOp> collective(rt::CollectiveOp op);

  const GroupTable &groups() const { return groupTable; }

  /// The declaration of a function that the program calls; no `result`: void.
  LLVM::LLVMFuncOp externalFunction(StringRef name, ArrayRef<Type> arguments, Type result = Type());

  SymbolTable &table() { return symbols; }
  ModuleOp getModule() { return module; }

private:
  using Indices = llvm::DenseMap<StringAttr, int64_t>;
  static std::optional<int64_t> find(const Indices &indices, StringAttr name);

  ModuleOp module;
  SymbolTable symbols;
  Indices parameters, states;
  llvm::DenseMap<Attribute, LLVM::GlobalOp> constants;
  GroupTable groupTable;
};

} // namespace hfc

#endif // HFC_CONVERSION_RTTOLLVM_PROGRAMSYMBOLS_H
