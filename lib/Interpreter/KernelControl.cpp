//===- KernelControl.cpp - control flow and lanes in kernels
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernel.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace hfc;
using namespace hfc::interpreter;

/// Copies registers all at once: a loop may yield its arguments in another order.
static void assign(KernelState &state, ArrayRef<unsigned> to, ArrayRef<unsigned> from) {
  if (to.size() == 1) {
    state.registers[to[0]] = Register(state.registers[from[0]]);
    return;
  }
  SmallVector<Register, 4> values;
  for (unsigned slot : from)
    values.push_back(state.registers[slot]);
  for (auto [slot, value] : llvm::zip(to, values))
    state.registers[slot] = std::move(value);
}

static void setInteger(KernelState &state, unsigned slot, int64_t value) {
  state.registers[slot].words.assign(1, static_cast<Word>(value));
}

/// Runs a loop whose body's arguments are the induction variable and the carried values.
static bool runLoop(KernelState &state, const Instruction &op, int64_t lower, int64_t upper, int64_t step,
                    ArrayRef<unsigned> inits) {
  const Sequence &body = op.regions[0];
  ArrayRef<unsigned> carried = ArrayRef<unsigned>(body.arguments).drop_front();
  if (step <= 0) {
    state.error = "has a step of " + std::to_string(step);
    return false;
  }
  assign(state, carried, inits);
  for (int64_t i = lower; i < upper; i += step) {
    setInteger(state, body.arguments[0], i);
    if (!runSequence(state, body))
      return false;
    assign(state, carried, body.yielded);
  }
  assign(state, op.results, carried);
  return true;
}

static bool runFor(KernelState &state, const Instruction &op) {
  return runLoop(state, op, state.integer(op.operands[0]), state.integer(op.operands[1]), state.integer(op.operands[2]),
                 ArrayRef<unsigned>(op.operands).drop_front(3));
}

/// On one lane, in order. `words[0]` is the vector's length, and the step.
static bool runDistribute(KernelState &state, const Instruction &op) {
  return runLoop(state, op, state.integer(op.operands[0]), state.integer(op.operands[1]),
                 static_cast<int64_t>(op.words[0]), ArrayRef<unsigned>(op.operands).drop_front(2));
}

static bool runIf(KernelState &state, const Instruction &op) {
  const Sequence &taken = op.regions[state.integer(op.operands[0]) ? 0 : 1];
  if (!runSequence(state, taken))
    return false;
  assign(state, op.results, taken.yielded);
  return true;
}

static bool runWhile(KernelState &state, const Instruction &op) {
  const Sequence &before = op.regions[0], &after = op.regions[1];
  assign(state, before.arguments, op.operands);
  while (true) {
    if (!runSequence(state, before))
      return false;
    ArrayRef<unsigned> forwarded = ArrayRef<unsigned>(before.yielded).drop_front();
    if (!state.integer(before.yielded[0])) {
      assign(state, op.results, forwarded);
      return true;
    }
    assign(state, after.arguments, forwarded);
    if (!runSequence(state, after))
      return false;
    assign(state, before.arguments, after.yielded);
  }
}

static bool runBlockId(KernelState &state, const Instruction &op) {
  setInteger(state, op.results[0], state.block);
  return true;
}

static bool runReduce(KernelState &state, const Instruction &op) {
  Word word = state.domain.reduce(static_cast<Combine>(op.code), op.element, state.registers[op.operands[0]].words);
  state.registers[op.results[0]].words.assign(1, word);
  return true;
}

static bool runNothing(KernelState &, const Instruction &) { return true; }

static Combine combineOf(kernel::Combine kind) {
  switch (kind) {
  case kernel::Combine::add:
    return Combine::Sum;
  case kernel::Combine::max:
    return Combine::Max;
  case kernel::Combine::min:
    return Combine::Min;
  }
  llvm_unreachable("a way to combine");
}

bool interpreter::prepareControl(Instruction &instruction) {
  auto set = [&](Instruction::Handler run) {
    instruction.run = run;
    return true;
  };
  return llvm::TypeSwitch<Operation *, bool>(instruction.op)
      .Case([&](scf::ForOp) { return set(runFor); })
      .Case([&](scf::IfOp) { return set(runIf); })
      .Case([&](scf::WhileOp) { return set(runWhile); })
      .Case([&](kernel::BlockIdOp) { return set(runBlockId); })
      .Case([&](kernel::BarrierOp) { return set(runNothing); })
      .Case([&](kernel::AwaitOp) { return set(runNothing); })
      .Case([&](kernel::DistributeOp op) {
        instruction.words.push_back(op.getVector());
        return set(runDistribute);
      })
      .Case([&](kernel::ReduceOp op) {
        instruction.code = static_cast<unsigned>(combineOf(op.getKind()));
        return set(runReduce);
      })
      .Default(false);
}
