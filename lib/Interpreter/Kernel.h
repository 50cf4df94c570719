//===- Kernel.h - kernels, prepared for execution
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_INTERPRETER_KERNEL_H
#define HFC_LIB_INTERPRETER_KERNEL_H

#include "Memory.h"

#include "dialects/kernel/Kernel.h"

#include <deque>

namespace hfc::interpreter {

/// A value inside a kernel: a number or a vector of them, or a buffer.
struct Register {
  SmallVector<Word, 8> words;
  Buffer *buffer = nullptr;
};

/// Shared memory that a block has asked for.
struct Scratch {
  Arena arena;
  Buffer buffer;
};

struct KernelState {
  const Domain &domain;
  std::vector<Register> registers;
  /// The number of the block that runs.
  int64_t block = 0;
  /// Shared memory of the block.
  std::deque<Scratch> scratch;
  /// Why the last handler returned false.
  std::string error;

  int64_t integer(unsigned slot) const { return static_cast<int64_t>(registers[slot].words[0]); }
};

struct Instruction;

/// A block of a kernel's code: its arguments' registers, its ops, and the registers its terminator takes.
struct Sequence {
  std::vector<unsigned> arguments, yielded;
  std::vector<Instruction> body;
};

/// One op, resolved: what runs it, on which registers. What else a handler needs is decided when it is prepared.
struct Instruction {
  using Handler = bool (*)(KernelState &, const Instruction &);
  Handler run = nullptr;
  Operation *op = nullptr;
  SmallVector<unsigned, 4> operands;
  SmallVector<unsigned, 1> results;
  /// The operands' and the result's element types, and how many elements the result has.
  Element element = Element::Index, resultElement = Element::Index;
  int64_t count = 1;
  /// Which function, for handlers of several.
  unsigned code = 0;
  bool flag = false;
  /// Constant numbers: a constant's value, static positions.
  SmallVector<Word, 4> words;
  std::vector<Sequence> regions;
};

/// Prepares an instruction of a dialect: sets `run` and what it needs, or returns false if it does not know the op.
bool prepareArith(const Domain &domain, Instruction &instruction);
bool prepareMath(Instruction &instruction);
bool prepareMemory(Instruction &instruction);
bool prepareVector(Instruction &instruction);
bool prepareControl(Instruction &instruction);

/// Runs a block of code.
bool runSequence(KernelState &state, const Sequence &sequence);

class Kernel {
public:
  static llvm::Expected<std::unique_ptr<Kernel>> prepare(kernel::FuncOp op, const Domain &domain);
  /// Runs all blocks of the grid.
  llvm::Error run(MutableArrayRef<Buffer> arguments) const;

private:
  explicit Kernel(kernel::FuncOp op, const Domain &domain) : op(op), domain(domain) {}

  kernel::FuncOp op;
  const Domain &domain;
  Sequence body;
  size_t registers = 0;
};

} // namespace hfc::interpreter

#endif // HFC_LIB_INTERPRETER_KERNEL_H
