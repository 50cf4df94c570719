//===- Machine.h - executes functions of hf ops on all ranks in lock step
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_INTERPRETER_MACHINE_H
#define HFC_LIB_INTERPRETER_MACHINE_H

#include "BlockPlan.h"
#include "CollectiveLog.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

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

  /// A block that is no function's, on one rank.
  llvm::Expected<Results> runBlock(Block &block, ValueRange results, ArrayRef<Tensor> arguments);

  /// Told of every op that ranks execute, those of decompositions included; none if empty.
  void setObserver(Interpreter::Observer newObserver) { observer = std::move(newObserver); }

private:
  using Frame = BlockPlan::Frame;
  using Frames = std::vector<Frame>;
  using Step = BlockPlan::Step;

  llvm::Error run(const BlockPlan &plan, Frames &frames);
  llvm::Error execute(const Step &step, Frames &frames);
  void findEquals(const Step &step, const Frames &frames);
  llvm::Error executePrimitive(const Step &step, Frames &frames);
  llvm::Error executeCollective(const Step &step, Frames &frames);
  llvm::Error executeComposite(const Step &step, Frames &frames);
  llvm::Error executeCall(const Step &step, Frames &frames);
  void executeAxisIndex(const Step &step, Frames &frames);
  void report(const Step &step, const Frames &frames, uint64_t oracleCalls);
  const BlockPlan &planOf(Block &block, ValueRange live);

  /// Functions that are being called, one from another.
  int depth = 0;
  SymbolTable symbols;
  const Domain &domain;
  dist::MeshAttr mesh;
  CollectiveLog log;
  Decompositions decompositions;
  // Calls add entries while references to others are in use: a node-based map.
  std::unordered_map<Block *, BlockPlan> plans;
  Interpreter::Observer observer;
  /// For each rank, the first that gives an op the same operands, in memory that they share.
  SmallVector<size_t> first;
  /// Composites around what is being executed.
  int nesting = 0;
};

} // namespace hfc::interpreter

#endif // HFC_LIB_INTERPRETER_MACHINE_H
