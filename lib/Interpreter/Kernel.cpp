//===- Kernel.cpp - prepares and runs kernels
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernel.h"
#include "Machine.h"

using namespace hfc;
using namespace hfc::interpreter;

//===----------------------------------------------------------------------===//
// Preparation
//===----------------------------------------------------------------------===//

namespace {

/// Turns ops into instructions and values into registers' numbers.
class Preparation {
public:
  explicit Preparation(const Domain &domain) : domain(domain) {}

  llvm::Expected<Sequence> prepare(Block &block) {
    Sequence sequence;
    for (Value argument : block.getArguments())
      sequence.arguments.push_back(slotOf(argument));
    for (Operation &op : block) {
      if (op.hasTrait<OpTrait::IsTerminator>()) {
        for (Value operand : op.getOperands())
          sequence.yielded.push_back(slotOf(operand));
        continue;
      }
      llvm::Expected<Instruction> instruction = prepare(&op);
      if (!instruction)
        return instruction.takeError();
      sequence.body.push_back(std::move(*instruction));
    }
    return sequence;
  }

  size_t count() const { return slots.size(); }

private:
  llvm::Expected<Instruction> prepare(Operation *op) {
    Instruction instruction;
    instruction.op = op;
    for (Value operand : op->getOperands())
      instruction.operands.push_back(slotOf(operand));
    for (Value result : op->getResults())
      instruction.results.push_back(slotOf(result));
    setTypes(op, instruction);
    bool known = prepareArith(domain, instruction) || prepareMath(instruction) || prepareMemory(instruction) ||
                 prepareVector(instruction) || prepareControl(instruction);
    if (!known)
      return at(op, makeError("the interpreter does not know this op in a kernel"));
    for (Region &region : op->getRegions()) {
      if (region.empty()) {
        instruction.regions.emplace_back();
        continue;
      }
      if (!region.hasOneBlock())
        return at(op, makeError("has a region of more than one block"));
      llvm::Expected<Sequence> sequence = prepare(region.front());
      if (!sequence)
        return sequence.takeError();
      instruction.regions.push_back(std::move(*sequence));
    }
    return instruction;
  }

  static void setTypes(Operation *op, Instruction &instruction) {
    if (op->getNumOperands())
      instruction.element = elementOf(getElementTypeOrSelf(op->getOperand(0).getType())).value_or(Element::Index);
    if (!op->getNumResults())
      return;
    Type type = op->getResult(0).getType();
    instruction.resultElement = elementOf(getElementTypeOrSelf(type)).value_or(Element::Index);
    if (auto vector = dyn_cast<VectorType>(type))
      instruction.count = vector.getNumElements();
  }

  unsigned slotOf(Value value) { return slots.try_emplace(value, slots.size()).first->second; }

  const Domain &domain;
  llvm::DenseMap<Value, unsigned> slots;
};

} // namespace

llvm::Expected<std::unique_ptr<Kernel>> Kernel::prepare(kernel::FuncOp op, const Domain &domain) {
  if (!op.getBody().hasOneBlock())
    return makeError("kernel @" + op.getSymName() + " has more than one block");
  std::unique_ptr<Kernel> kernel(new Kernel(op, domain));
  Preparation preparation(domain);
  llvm::Expected<Sequence> body = preparation.prepare(op.getBody().front());
  if (!body)
    return body.takeError();
  kernel->body = std::move(*body);
  kernel->registers = preparation.count();
  return kernel;
}

//===----------------------------------------------------------------------===//
// Execution
//===----------------------------------------------------------------------===//

bool interpreter::runSequence(KernelState &state, const Sequence &sequence) {
  for (const Instruction &instruction : sequence.body)
    if (LLVM_UNLIKELY(!instruction.run(state, instruction))) {
      // The innermost op that fails names itself; those around it pass the message on.
      if (instruction.regions.empty())
        state.error = describe(instruction.op) + " " + state.error;
      return false;
    }
  return true;
}

llvm::Error Kernel::run(MutableArrayRef<Buffer> arguments) const {
  kernel::FuncOp kernel = op; // accessors of ops are not const
  KernelState state{domain, {}, 0, {}, {}};
  state.registers.resize(registers);
  for (auto [slot, buffer] : llvm::zip(body.arguments, arguments))
    state.registers[slot].buffer = &buffer;
  for (state.block = 0; state.block < static_cast<int64_t>(kernel.getGrid()); ++state.block) {
    state.scratch.clear();
    if (!runSequence(state, body))
      return makeError("block " + Twine(state.block) + " of kernel @" + kernel.getSymName() + ": " + state.error);
  }
  return llvm::Error::success();
}
