//===- Machine.h - executes functions of hf ops on all ranks in lock step
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_INTERPRETER_MACHINE_H
#define HFC_LIB_INTERPRETER_MACHINE_H

#include "CollectiveLog.h"
#include "Primitives.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <unordered_map>

namespace hfc::interpreter {

/// "'hf.take' at model.norm", for messages.
std::string describe(Operation *op);

/// Puts the op in front of a message.
llvm::Error at(Operation *op, llvm::Error error);

/// Executes functions of hf ops. All ranks stand at the same op at any time, so that an op that involves several of
/// them (a collective) sees all their operands together.
class Machine {
public:
  Machine(ModuleOp module, const Domain &domain);
  ~Machine();

  const Domain &getDomain() const { return domain; }
  SymbolTable &getSymbols() { return symbols; }
  const SymbolTable &getSymbols() const { return symbols; }
  /// Null if the module has none.
  dist::MeshAttr getMesh() const { return mesh; }
  /// What ranks have done together.
  CollectiveLog &getLog() { return log; }

  /// The arguments and the results of each rank.
  using RankValues = std::vector<Results>;
  llvm::Expected<RankValues> call(func::FuncOp function, RankValues arguments);
  /// On one rank.
  llvm::Expected<Results> call(func::FuncOp function, ArrayRef<Tensor> arguments);

private:
  using Frame = llvm::DenseMap<Value, Tensor>;

  /// A composite's meaning: `results` over the arguments of `block`, which are its operands.
  struct Decomposition {
    std::unique_ptr<Block> block;
    SmallVector<Value> results;
  };
  /// For each op of a block, the values that nothing needs after it.
  using Lifetimes = std::vector<SmallVector<Value, 2>>;

  llvm::Error runBlock(Block &block, ValueRange live, std::vector<Frame> &frames);
  llvm::Expected<RankValues> execute(Operation *op, RankValues operands);
  llvm::Expected<RankValues> executeCollective(dist::CollectiveOpInterface op, RankValues operands);
  llvm::Expected<RankValues> executeComposite(hf::CompositeOpInterface op, RankValues operands);
  llvm::Expected<const Decomposition *> decompose(hf::CompositeOpInterface op);
  const Lifetimes &lifetimesOf(Block &block, ValueRange live);

  /// Functions that are being called, one from another.
  int depth = 0;
  SymbolTable symbols;
  const Domain &domain;
  dist::MeshAttr mesh;
  CollectiveLog log;
  // Nested ops add entries while references to others are in use: node-based maps.
  std::unordered_map<Operation *, Decomposition> decompositions;
  std::unordered_map<Block *, Lifetimes> lifetimes;
};

} // namespace hfc::interpreter

#endif // HFC_LIB_INTERPRETER_MACHINE_H
