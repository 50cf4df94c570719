//===- Machine.h - all threads of a block in lock step
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_INTERPRETER_SIMT_MACHINE_H
#define HFC_LIB_INTERPRETER_SIMT_MACHINE_H

#include "Memory.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"

#include <functional>

namespace hfc::simt {

/// Lanes of a warp.
inline constexpr int64_t kWarpSize = 32;

/// Which threads of the block execute.
struct Mask {
  std::vector<uint8_t> on;
  int64_t count = 0;

  bool operator[](int64_t thread) const { return on[thread]; }
};

/// A value of the kernel in all threads: `width` numbers each, thread after thread. A memref is the same in all.
struct Register {
  bool isFloat = false;
  int64_t width = 1;
  std::vector<double> floats;
  std::vector<int64_t> integers;
  Memory *memory = nullptr;
};

class Machine;
/// Executes an op for the threads of the mask.
using Handler = std::function<LogicalResult(Machine &, Operation *, const Mask &)>;
using HandlerTable = llvm::DenseMap<TypeID, Handler>;

/// Executes blocks of one kernel, one after the other.
class Machine {
public:
  Machine(gpu::GPUFuncOp kernel, int64_t grid, int64_t threads);

  /// Makes `value`, an argument or shared memory of the kernel, stand for `memory`.
  void bind(Value value, Memory *memory) { at(value).memory = memory; }
  LogicalResult runThreadBlock(int64_t number);

  LogicalResult run(Block &block, const Mask &mask);

  /// The register of a value. Registers do not move.
  Register &at(Value value) { return registers[numbers.find(value)->second]; }
  Register &operand(Operation *op, unsigned i) { return at(op->getOperand(i)); }
  Register &result(Operation *op, unsigned i = 0) { return at(op->getResult(i)); }
  /// Where the threads of `mask` have an integer other than zero.
  Mask select(const Mask &mask, Value condition, bool sense);
  /// Copies values of the threads of `mask`.
  void assign(ValueRange to, ValueRange from, const Mask &mask);

  /// Begins a new interval between barriers.
  void passBarrier() { ++interval; }
  Access accessBy(int64_t thread) const {
    return {static_cast<int32_t>(block), static_cast<int32_t>(thread), interval};
  }
  /// An error at `op`: "kernel 'name', block 3, thread 5: ".
  InFlightDiagnostic error(Operation *op, int64_t thread);
  InFlightDiagnostic error(Operation *op);

  gpu::GPUFuncOp kernel;
  const int64_t grid, threads;
  int64_t block = 0;

private:
  void allocate(Value value);

  const HandlerTable &handlers;
  llvm::DenseMap<Value, unsigned> numbers;
  std::vector<Register> registers;
  int64_t interval = 1;
};

/// The handlers of all ops of the GPU-mapped form.
const HandlerTable &handlerTable();
void addControlHandlers(HandlerTable &table);
void addFloatHandlers(HandlerTable &table);
void addIntegerHandlers(HandlerTable &table);
void addMemoryHandlers(HandlerTable &table);
void addThreadHandlers(HandlerTable &table);
void addVectorHandlers(HandlerTable &table);

/// Adds `handler` for an op that has no side effects on anything but its results.
template <typename OpT, typename Fn>
void addHandler(HandlerTable &table, Fn handler) {
  table[TypeID::get<OpT>()] = [handler](Machine &machine, Operation *op, const Mask &mask) -> LogicalResult {
    return handler(machine, cast<OpT>(op), mask);
  };
}

} // namespace hfc::simt

#endif // HFC_LIB_INTERPRETER_SIMT_MACHINE_H
