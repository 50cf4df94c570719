//===- ConvertEntry.h - an entry as a function of the LLVM dialect -*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_CONVERSION_RTTOLLVM_CONVERTENTRY_H
#define HFC_CONVERSION_RTTOLLVM_CONVERTENTRY_H

#include "Groups.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/DenseMap.h"

namespace hfc {

/// What the entries of a program share: its tables, constants, and declarations of the runtime's functions.
class ProgramSymbols {
public:
  explicit ProgramSymbols(ModuleOp module);

  /// The place of a parameter or state in the program's table, or none.
  std::optional<int64_t> parameterIndex(StringAttr name) const { return find(parameters, name); }
  std::optional<int64_t> stateIndex(StringAttr name) const { return find(states, name); }

  /// A constant of the program with these values, one for all that are equal.
  LLVM::GlobalOp constant(Location loc, DenseElementsAttr value);

  /// The constant that describes a collective to the runtime.
  FailureOr<LLVM::GlobalOp> collective(rt::CollectiveOp op);

  const GroupTable &groups() const { return groupTable; }

  /// The declaration of a function of the runtime without result.
  LLVM::LLVMFuncOp runtimeFunction(StringRef name, ArrayRef<Type> arguments);

  SymbolTable &table() { return symbols; }

private:
  using Indices = llvm::DenseMap<StringAttr, int64_t>;
  static std::optional<int64_t> find(const Indices &indices, StringAttr name);

  ModuleOp module;
  SymbolTable symbols;
  Indices parameters, states;
  llvm::DenseMap<Attribute, LLVM::GlobalOp> constants;
  GroupTable groupTable;
};

/// Replaces `entry` by a function; `calls` counts calls of the runtime.
LogicalResult convertEntry(rt::EntryOp entry, ProgramSymbols &program, unsigned &calls);

} // namespace hfc

#endif // HFC_CONVERSION_RTTOLLVM_CONVERTENTRY_H
