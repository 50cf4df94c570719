//===- Schedule.h - executes rt.entries: an arena, buffers, streams
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_INTERPRETER_SCHEDULE_H
#define HFC_LIB_INTERPRETER_SCHEDULE_H

#include "Kernel.h"
#include "Machine.h"
#include "hfc/Interpreter/Interpreter.h"

#include "dialects/rt/Rt.h"

#include <deque>
#include <random>

namespace mlir::gpu {
class GPUFuncOp;
} // namespace mlir::gpu

namespace hfc::interpreter {

/// The kernels of a module, prepared when they are first launched.
class KernelCache {
public:
  explicit KernelCache(const Domain &domain) : domain(domain) {}
  llvm::Expected<const Kernel *> get(kernel::FuncOp op);

private:
  const Domain &domain;
  std::map<Operation *, std::unique_ptr<Kernel>> kernels;
};

/// What a rank keeps from one run to the next.
struct RankStore {
  const TensorMap &parameters;
  TensorMap &states;
};

/// One run of an rt.entry on one rank. It can stop between any two pieces of work, so that ranks can take turns.
class Schedule {
public:
  /// Makes the buffers and stores the inputs.
  static llvm::Expected<std::unique_ptr<Schedule>> start(rt::EntryOp entry, Machine &machine, KernelCache &kernels,
                                                         const TensorMap &inputs, RankStore store,
                                                         const Options &options);
  bool done() const { return remaining == 0; }
  /// Executes one op.
  llvm::Error step();
  llvm::Expected<TensorMap> outputs();

private:
  Schedule(rt::EntryOp entry, Machine &machine, KernelCache &kernels, const Options &options);

  llvm::Error makeBuffer(Operation *op, const TensorMap &inputs, RankStore store);
  llvm::Error makeArenaBuffer(Operation *op, Buffer buffer, int64_t offset);
  Buffer &bufferOf(Value value);
  /// The op that names a buffer, behind views.
  static Value rootOf(Value value);

  /// Picks the next op among the streams' heads; null if all of them wait.
  Operation *pick();
  bool isReady(Operation *op) const;
  llvm::Error execute(Operation *op);
  llvm::Error launch(rt::LaunchOp op);
  llvm::Error callFunction(rt::LaunchOp op, func::FuncOp callee);
  llvm::Error callKernel(rt::LaunchOp op, kernel::FuncOp callee);
  /// A kernel mapped to a GPU, thread by thread.
  llvm::Error callMappedKernel(rt::LaunchOp op, gpu::GPUFuncOp callee);
  llvm::Error multiply(rt::GemmOp op);
  llvm::Error copy(rt::CopyOp op);
  /// Poisons the arena buffers whose last use was this op.
  void retire(Operation *op);

  rt::EntryOp entry;
  Machine &machine;
  KernelCache &kernels;
  bool randomOrder;
  std::mt19937_64 random;
  Arena arena;
  /// By the value that names it. A node-based map: buffers are referred to.
  std::map<void *, Buffer> buffers;
  std::map<void *, int> usesLeft;
  /// The work that is left, by stream, with its place in the program.
  std::map<int64_t, std::deque<std::pair<size_t, Operation *>>> streams;
  size_t remaining = 0;
  llvm::DenseSet<int64_t> happened;
};

} // namespace hfc::interpreter

#endif // HFC_LIB_INTERPRETER_SCHEDULE_H
