//===- KernelMemory.cpp - memory and vectors in kernels
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernel.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace hfc;
using namespace hfc::interpreter;

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// The row-major number of the element that an access starts at; the indices are the operands from `first` on. Checks
/// that it and the `length - 1` elements that follow along the last dimension lie inside.
static std::optional<int64_t> elementAt(KernelState &state, const Instruction &op, const Buffer &buffer, unsigned first,
                                        int64_t length) {
  int64_t place = 0;
  for (auto [dim, size] : llvm::enumerate(buffer.shape)) {
    int64_t index = state.integer(op.operands[first + dim]);
    int64_t reach = dim + 1 == buffer.shape.size() ? length : 1;
    if (index < 0 || index + reach > size) {
      state.error = "accesses index " + std::to_string(index) + " (and " + std::to_string(reach - 1) +
                    " after it) of dimension " + std::to_string(dim) + " of " + buffer.name + ", whose shape is " +
                    shapeText(buffer.shape);
      return std::nullopt;
    }
    place = place * size + index;
  }
  return place;
}

static bool runLoad(KernelState &state, const Instruction &op) {
  const Buffer &buffer = *state.registers[op.operands[0]].buffer;
  std::optional<int64_t> place = elementAt(state, op, buffer, 1, op.count);
  if (!place)
    return false;
  SmallVectorImpl<Word> &out = state.registers[op.results[0]].words;
  out.resize_for_overwrite(op.count);
  for (int64_t i = 0; i < op.count; ++i)
    if (!buffer.load(*place + i, out[i])) {
      state.error = llvm::toString(buffer.loadError(*place + i));
      return false;
    }
  return true;
}

static bool runStore(KernelState &state, const Instruction &op) {
  Buffer &buffer = *state.registers[op.operands[1]].buffer;
  const SmallVectorImpl<Word> &words = state.registers[op.operands[0]].words;
  std::optional<int64_t> place = elementAt(state, op, buffer, 2, words.size());
  if (!place)
    return false;
  if (!buffer.writable) {
    state.error = "writes " + buffer.name + ", which is read-only";
    return false;
  }
  for (auto [i, word] : llvm::enumerate(words))
    buffer.store(*place + i, word);
  return true;
}

static bool runScratch(KernelState &state, const Instruction &op) {
  auto type = cast<MemRefType>(op.op->getResult(0).getType());
  Scratch &scratch =
      state.scratch.emplace_back(Scratch{Arena(countOf(type.getShape()) * byteSize(op.resultElement)), Buffer()});
  scratch.buffer.name = "scratch memory";
  scratch.buffer.element = op.resultElement;
  scratch.buffer.shape.assign(type.getShape().begin(), type.getShape().end());
  scratch.buffer.arena = &scratch.arena;
  scratch.buffer.owner = scratch.arena.addOwner(scratch.buffer.name);
  state.registers[op.results[0]].buffer = &scratch.buffer;
  return true;
}

bool interpreter::prepareMemory(Instruction &instruction) {
  auto set = [&](Instruction::Handler run) {
    instruction.run = run;
    return true;
  };
  return llvm::TypeSwitch<Operation *, bool>(instruction.op)
      .Case<memref::LoadOp, vector::LoadOp>([&](auto) { return set(runLoad); })
      .Case<memref::StoreOp, vector::StoreOp>([&](auto) { return set(runStore); })
      .Case([&](memref::AllocaOp op) { return op.getType().hasStaticShape() && set(runScratch); })
      .Case([&](kernel::ScratchOp) { return set(runScratch); })
      .Default(false);
}

//===----------------------------------------------------------------------===//
// Vectors
//===----------------------------------------------------------------------===//

static bool runBroadcast(KernelState &state, const Instruction &op) {
  Word word = state.registers[op.operands[0]].words[0];
  state.registers[op.results[0]].words.assign(op.count, word);
  return true;
}

static bool runCopy(KernelState &state, const Instruction &op) {
  Register value = state.registers[op.operands[0]];
  state.registers[op.results[0]] = std::move(value);
  return true;
}

static bool runFromElements(KernelState &state, const Instruction &op) {
  SmallVector<Word, 8> words;
  for (unsigned slot : op.operands)
    words.push_back(state.registers[slot].words[0]);
  state.registers[op.results[0]].words = std::move(words);
  return true;
}

/// The position is `words[0]`, or the last operand where there is none.
static std::optional<int64_t> position(KernelState &state, const Instruction &op, int64_t length) {
  int64_t place = op.words.empty() ? state.integer(op.operands.back()) : static_cast<int64_t>(op.words[0]);
  if (place >= 0 && place < length)
    return place;
  state.error = "takes element " + std::to_string(place) + " of a vector of " + std::to_string(length);
  return std::nullopt;
}

static bool runExtract(KernelState &state, const Instruction &op) {
  const Register &vector = state.registers[op.operands[0]];
  std::optional<int64_t> place = position(state, op, vector.words.size());
  if (!place)
    return false;
  Word word = vector.words[*place];
  state.registers[op.results[0]].words.assign(1, word);
  return true;
}

static bool runInsert(KernelState &state, const Instruction &op) {
  Word word = state.registers[op.operands[0]].words[0];
  Register vector = state.registers[op.operands[1]];
  std::optional<int64_t> place = position(state, op, vector.words.size());
  if (!place)
    return false;
  vector.words[*place] = word;
  state.registers[op.results[0]] = std::move(vector);
  return true;
}

static bool runStep(KernelState &state, const Instruction &op) {
  SmallVectorImpl<Word> &words = state.registers[op.results[0]].words;
  words.resize_for_overwrite(op.count);
  for (int64_t i = 0; i < op.count; ++i)
    words[i] = static_cast<Word>(i);
  return true;
}

/// Of the two operands' elements in a row, those that the mask numbers.
static bool runShuffle(KernelState &state, const Instruction &op) {
  SmallVector<Word, 16> all = llvm::to_vector<16>(state.registers[op.operands[0]].words);
  llvm::append_range(all, state.registers[op.operands[1]].words);
  SmallVector<Word, 8> words;
  for (Word place : op.words)
    words.push_back(static_cast<int64_t>(place) < 0 ? Word(0) : all[place]);
  state.registers[op.results[0]].words = std::move(words);
  return true;
}

/// Combines a vector's elements, and the accumulator where there is one, by the binary function `code`.
static bool runReduction(KernelState &state, const Instruction &op) {
  const Register &vector = state.registers[op.operands[0]];
  Word word = op.operands.size() > 1 ? state.registers[op.operands[1]].words[0] : vector.words[0];
  for (Word next : ArrayRef<Word>(vector.words).drop_front(op.operands.size() > 1 ? 0 : 1))
    state.domain.binary(static_cast<Binary>(op.code), op.element, word, next, word);
  state.registers[op.results[0]].words.assign(1, word);
  return true;
}

static bool runVectorFma(KernelState &state, const Instruction &op) {
  SmallVector<Word, 8> out(op.count);
  state.domain.fma(op.element, state.registers[op.operands[0]].words, state.registers[op.operands[1]].words,
                   state.registers[op.operands[2]].words, out);
  state.registers[op.results[0]].words = std::move(out);
  return true;
}

static std::optional<Binary> functionOf(vector::CombiningKind kind) {
  using Kind = vector::CombiningKind;
  switch (kind) {
  case Kind::ADD:
    return Binary::Add;
  case Kind::MUL:
    return Binary::Mul;
  case Kind::MAXIMUMF:
  case Kind::MAXSI:
    return Binary::Max;
  case Kind::MINIMUMF:
  case Kind::MINSI:
    return Binary::Min;
  case Kind::MAXNUMF:
    return Binary::MaxNum;
  case Kind::MINNUMF:
    return Binary::MinNum;
  case Kind::MAXUI:
    return Binary::MaxU;
  case Kind::MINUI:
    return Binary::MinU;
  case Kind::AND:
    return Binary::And;
  case Kind::OR:
    return Binary::Or;
  case Kind::XOR:
    return Binary::Xor;
  }
  return std::nullopt;
}

/// Notes a static position. Positions in vectors of several dimensions are not known here.
static bool setPosition(Instruction &instruction, ArrayRef<int64_t> positions) {
  if (positions.size() > 1)
    return false;
  if (positions.size() == 1 && !ShapedType::isDynamic(positions[0]))
    instruction.words.push_back(static_cast<Word>(positions[0]));
  return true;
}

bool interpreter::prepareVector(Instruction &instruction) {
  auto set = [&](Instruction::Handler run) {
    instruction.run = run;
    return true;
  };
  return llvm::TypeSwitch<Operation *, bool>(instruction.op)
      .Case([&](vector::BroadcastOp op) {
        auto source = dyn_cast<VectorType>(op.getSourceType());
        if (source && source.getNumElements() != 1)
          return source.getNumElements() == instruction.count && set(runCopy);
        return set(runBroadcast);
      })
      .Case([&](vector::ShapeCastOp) { return set(runCopy); })
      .Case([&](vector::FromElementsOp) { return set(runFromElements); })
      .Case([&](vector::StepOp) { return set(runStep); })
      .Case([&](vector::FMAOp) { return set(runVectorFma); })
      .Case([&](vector::ExtractOp op) {
        return instruction.count == 1 && setPosition(instruction, op.getStaticPosition()) && set(runExtract);
      })
      .Case([&](vector::InsertOp op) { return setPosition(instruction, op.getStaticPosition()) && set(runInsert); })
      .Case([&](vector::ShuffleOp op) {
        for (int64_t place : op.getMask())
          instruction.words.push_back(static_cast<Word>(place));
        return set(runShuffle);
      })
      .Case([&](vector::ReductionOp op) {
        std::optional<Binary> function = functionOf(op.getKind());
        if (!function)
          return false;
        instruction.code = static_cast<unsigned>(*function);
        return set(runReduction);
      })
      .Default(false);
}
