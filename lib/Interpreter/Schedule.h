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
#include "Meetings.h"
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

/// A rank, and what it keeps from one run to the next. What the entry writes is this rank's alone.
struct RankStore {
  int64_t rank;
  TensorMap &parameters, &states;
};

/// One run of an rt.entry on one rank. It can stop between any two pieces of work, so that ranks can take turns.
class Schedule {
public:
  /// Makes the buffers and stores the inputs.
  static llvm::Expected<std::unique_ptr<Schedule>> start(rt::EntryOp entry, Machine &machine, KernelCache &kernels,
                                                         Meetings &meetings, const TensorMap &inputs, RankStore store,
                                                         const Options &options);
  bool done() const { return remaining == 0; }
  /// Executes one op, or arrives at a collective. False if everything waits, for an event or for other ranks.
  llvm::Expected<bool> step();
  /// For what each stream waits, if step() did nothing.
  std::string waiting() const;
  llvm::Expected<TensorMap> outputs();
  /// Bytes of the arena up to the last that was written, rounded up to its alignment.
  int64_t arenaWritten() const { return arena.written(); }

private:
  Schedule(rt::EntryOp entry, Machine &machine, KernelCache &kernels, Meetings &meetings, int64_t rank,
           const Options &options);

  llvm::Error makeBuffer(Operation *op, const TensorMap &inputs, RankStore store);
  llvm::Error makeArenaBuffer(Operation *op, Buffer buffer, int64_t offset);
  Buffer &bufferOf(Value value);
  /// The op that names a buffer, behind views.
  static Value rootOf(Value value);

  /// The work of a stream that is left, each with its place in the program.
  using Stream = std::deque<std::pair<size_t, Operation *>>;
  /// Picks a stream whose head can do something; null if all of them wait.
  Stream *pick();
  bool isReady(Operation *op) const;
  llvm::Error execute(Operation *op);
  llvm::Error launch(rt::LaunchOp op);
  llvm::Error callFunction(rt::LaunchOp op, func::FuncOp callee);
  llvm::Error callKernel(rt::LaunchOp op, kernel::FuncOp callee);
  /// A kernel mapped to a GPU, thread by thread.
  llvm::Error callMappedKernel(rt::LaunchOp op, gpu::GPUFuncOp callee);
  llvm::Expected<Tensor> readFactor(Value factor);
  llvm::Error multiply(rt::GemmOp op);
  llvm::Error copy(rt::CopyOp op);
  llvm::Expected<Results> read(ValueRange buffers);
  llvm::Error write(ValueRange buffers, ArrayRef<Tensor> values);
  /// Poisons the arena buffers whose last use was this op.
  void retire(Operation *op);

  rt::EntryOp entry;
  Machine &machine;
  KernelCache &kernels;
  Meetings &meetings;
  int64_t rank;
  bool randomOrder;
  std::mt19937_64 random;
  Arena arena;
  /// By the value that names it. A node-based map: buffers are referred to.
  std::map<void *, Buffer> buffers;
  std::map<void *, int> usesLeft;
  std::map<int64_t, Stream> streams;
  size_t remaining = 0;
  llvm::DenseSet<int64_t> happened;
};

} // namespace hfc::interpreter

#endif // HFC_LIB_INTERPRETER_SCHEDULE_H
