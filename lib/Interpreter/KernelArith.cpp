//===- KernelArith.cpp - arith and math ops in kernels
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace hfc;
using namespace hfc::interpreter;

//===----------------------------------------------------------------------===//
// Handlers
//===----------------------------------------------------------------------===//

static ArrayRef<Word> operand(KernelState &state, const Instruction &op, unsigned number) {
  return state.registers[op.operands[number]].words;
}

/// The result's register, sized. Not an operand's: SSA.
static MutableArrayRef<Word> result(KernelState &state, const Instruction &op) {
  SmallVectorImpl<Word> &words = state.registers[op.results[0]].words;
  words.resize_for_overwrite(op.count);
  return words;
}

static bool runConstant(KernelState &state, const Instruction &op) {
  llvm::copy(op.words, result(state, op).begin());
  return true;
}

static bool runUnary(KernelState &state, const Instruction &op) {
  auto out = result(state, op);
  state.domain.unary(static_cast<Unary>(op.code), op.element, operand(state, op, 0), out);
  return true;
}

static bool runBinary(KernelState &state, const Instruction &op) {
  auto out = result(state, op);
  state.domain.binary(static_cast<Binary>(op.code), op.element, operand(state, op, 0), operand(state, op, 1), out);
  return true;
}

static bool runCompare(KernelState &state, const Instruction &op) {
  auto out = result(state, op);
  state.domain.compare(static_cast<Predicate>(op.code), op.flag, op.element, operand(state, op, 0),
                       operand(state, op, 1), out);
  return true;
}

static bool runConvert(KernelState &state, const Instruction &op) {
  auto out = result(state, op);
  state.domain.convert(op.element, op.resultElement, operand(state, op, 0), out);
  return true;
}

/// A narrow integer read as unsigned, then converted. Truth values read as unsigned anyway.
static bool runConvertUnsigned(KernelState &state, const Instruction &op) {
  auto out = result(state, op);
  Word mask = bitWidth(op.element) == 64 ? ~Word(0) : (Word(1) << bitWidth(op.element)) - 1;
  llvm::transform(operand(state, op, 0), out.begin(), [&](Word word) { return word & mask; });
  state.domain.convert(Element::I64, op.resultElement, out, out);
  return true;
}

/// A truth value sign-extends to -1.
static bool runExtendSigned(KernelState &state, const Instruction &op) {
  auto out = result(state, op);
  bool truth = op.element == Element::I1;
  llvm::transform(operand(state, op, 0), out.begin(), [&](Word word) { return truth ? Word(0) - word : word; });
  return true;
}

static bool runSelect(KernelState &state, const Instruction &op) {
  auto out = result(state, op);
  ArrayRef<Word> condition = operand(state, op, 0);
  for (int64_t i = 0; i < op.count; ++i)
    out[i] = operand(state, op, condition[condition.size() == 1 ? 0 : i] ? 1 : 2)[i];
  return true;
}

static bool runFma(KernelState &state, const Instruction &op) {
  auto out = result(state, op);
  state.domain.fma(op.element, operand(state, op, 0), operand(state, op, 1), operand(state, op, 2), out);
  return true;
}

/// Reinterprets bits through memory.
static bool runBitcast(KernelState &state, const Instruction &op) {
  auto out = result(state, op);
  for (auto [from, to] : llvm::zip(operand(state, op, 0), out)) {
    char bytes[8] = {};
    encode(state.domain, op.element, from, bytes);
    to = decode(state.domain, op.resultElement, bytes);
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Which op is which function
//===----------------------------------------------------------------------===//

static bool set(Instruction &op, Instruction::Handler run, unsigned code = 0, bool flag = false) {
  op.run = run;
  op.code = code;
  op.flag = flag;
  return true;
}

static bool set(Instruction &op, Binary code) { return set(op, runBinary, static_cast<unsigned>(code)); }
static bool set(Instruction &op, Unary code) { return set(op, runUnary, static_cast<unsigned>(code)); }

static bool setCompare(Instruction &op, Predicate predicate, bool orUnordered = false) {
  return set(op, runCompare, static_cast<unsigned>(predicate), orUnordered);
}

static bool setCompare(Instruction &op, arith::CmpIPredicate predicate) {
  using P = arith::CmpIPredicate;
  switch (predicate) {
  case P::eq:
    return setCompare(op, Predicate::EQ);
  case P::ne:
    return setCompare(op, Predicate::NE);
  case P::slt:
    return setCompare(op, Predicate::LT);
  case P::sle:
    return setCompare(op, Predicate::LE);
  case P::sgt:
    return setCompare(op, Predicate::GT);
  case P::sge:
    return setCompare(op, Predicate::GE);
  case P::ult:
    return setCompare(op, Predicate::ULT);
  case P::ule:
    return setCompare(op, Predicate::ULE);
  case P::ugt:
    return setCompare(op, Predicate::UGT);
  case P::uge:
    return setCompare(op, Predicate::UGE);
  }
  return false;
}

static bool setCompare(Instruction &op, arith::CmpFPredicate predicate) {
  using P = arith::CmpFPredicate;
  switch (predicate) {
  case P::OEQ:
  case P::UEQ:
    return setCompare(op, Predicate::EQ, predicate == P::UEQ);
  case P::ONE:
  case P::UNE:
    return setCompare(op, Predicate::NE, predicate == P::UNE);
  case P::OLT:
  case P::ULT:
    return setCompare(op, Predicate::LT, predicate == P::ULT);
  case P::OLE:
  case P::ULE:
    return setCompare(op, Predicate::LE, predicate == P::ULE);
  case P::OGT:
  case P::UGT:
    return setCompare(op, Predicate::GT, predicate == P::UGT);
  case P::OGE:
  case P::UGE:
    return setCompare(op, Predicate::GE, predicate == P::UGE);
  case P::ORD:
    return setCompare(op, Predicate::Ordered);
  case P::UNO:
    return setCompare(op, Predicate::Unordered);
  case P::AlwaysTrue:
    return setCompare(op, Predicate::Ordered, true);
  case P::AlwaysFalse:
    return false;
  }
  return false;
}

static bool setConstant(const Domain &domain, Instruction &op, Attribute value) {
  auto type = op.op->getResult(0).getType();
  ElementsAttr elements = dyn_cast<ElementsAttr>(value);
  if (!elements)
    elements = DenseElementsAttr::get(RankedTensorType::get({1}, type), value);
  llvm::Expected<Tensor> tensor = constantOf(domain, elements);
  if (!tensor)
    return llvm::consumeError(tensor.takeError()), false;
  op.words.assign(tensor->words().begin(), tensor->words().end());
  return set(op, runConstant);
}

static std::optional<Binary> arithBinary(Operation *op) {
  return llvm::TypeSwitch<Operation *, std::optional<Binary>>(op)
      .Case<arith::AddFOp, arith::AddIOp>([](auto) { return Binary::Add; })
      .Case<arith::SubFOp, arith::SubIOp>([](auto) { return Binary::Sub; })
      .Case<arith::MulFOp, arith::MulIOp>([](auto) { return Binary::Mul; })
      .Case<arith::DivFOp, arith::DivSIOp>([](auto) { return Binary::Div; })
      .Case<arith::RemFOp, arith::RemSIOp>([](auto) { return Binary::Rem; })
      .Case<arith::MaximumFOp, arith::MaxSIOp>([](auto) { return Binary::Max; })
      .Case<arith::MinimumFOp, arith::MinSIOp>([](auto) { return Binary::Min; })
      .Case([](arith::MaxNumFOp) { return Binary::MaxNum; })
      .Case([](arith::MinNumFOp) { return Binary::MinNum; })
      .Case([](arith::AndIOp) { return Binary::And; })
      .Case([](arith::OrIOp) { return Binary::Or; })
      .Case([](arith::XOrIOp) { return Binary::Xor; })
      .Case([](arith::ShLIOp) { return Binary::Shl; })
      .Case([](arith::ShRSIOp) { return Binary::ShrS; })
      .Case([](arith::ShRUIOp) { return Binary::ShrU; })
      .Case([](arith::DivUIOp) { return Binary::DivU; })
      .Case([](arith::RemUIOp) { return Binary::RemU; })
      .Case([](arith::MaxUIOp) { return Binary::MaxU; })
      .Case([](arith::MinUIOp) { return Binary::MinU; })
      .Case([](arith::CeilDivSIOp) { return Binary::CeilDiv; })
      .Case([](arith::FloorDivSIOp) { return Binary::FloorDiv; })
      .Default([](Operation *) { return std::nullopt; });
}

bool interpreter::prepareArith(const Domain &domain, Instruction &instruction) {
  Operation *op = instruction.op;
  if (std::optional<Binary> function = arithBinary(op))
    return set(instruction, *function);
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](arith::ConstantOp op) { return setConstant(domain, instruction, op.getValue()); })
      .Case([&](arith::NegFOp) { return set(instruction, Unary::Neg); })
      .Case<arith::CmpIOp, arith::CmpFOp>([&](auto op) { return setCompare(instruction, op.getPredicate()); })
      .Case([&](arith::SelectOp) { return set(instruction, runSelect); })
      .Case<arith::ExtFOp, arith::TruncFOp, arith::SIToFPOp, arith::FPToSIOp, arith::TruncIOp>(
          [&](auto) { return set(instruction, runConvert); })
      .Case<arith::ExtUIOp, arith::UIToFPOp, arith::IndexCastUIOp>(
          [&](auto) { return set(instruction, runConvertUnsigned); })
      .Case([&](arith::ExtSIOp) { return set(instruction, runExtendSigned); })
      .Case([&](arith::IndexCastOp) {
        bool narrows = bitWidth(instruction.resultElement) < bitWidth(instruction.element);
        return set(instruction, narrows ? runConvert : runExtendSigned);
      })
      .Case([&](arith::BitcastOp) { return set(instruction, runBitcast); })
      .Default(false);
}

bool interpreter::prepareMath(Instruction &instruction) {
  auto unary = [&](Unary function) { return set(instruction, function); };
  return llvm::TypeSwitch<Operation *, bool>(instruction.op)
      .Case<math::AbsFOp, math::AbsIOp>([&](auto) { return unary(Unary::Abs); })
      .Case([&](math::ExpOp) { return unary(Unary::Exp); })
      .Case([&](math::Exp2Op) { return unary(Unary::Exp2); })
      .Case([&](math::ExpM1Op) { return unary(Unary::Expm1); })
      .Case([&](math::LogOp) { return unary(Unary::Log); })
      .Case([&](math::Log2Op) { return unary(Unary::Log2); })
      .Case([&](math::Log1pOp) { return unary(Unary::Log1p); })
      .Case([&](math::SqrtOp) { return unary(Unary::Sqrt); })
      .Case([&](math::RsqrtOp) { return unary(Unary::Rsqrt); })
      .Case([&](math::TanhOp) { return unary(Unary::Tanh); })
      .Case([&](math::ErfOp) { return unary(Unary::Erf); })
      .Case([&](math::SinOp) { return unary(Unary::Sin); })
      .Case([&](math::CosOp) { return unary(Unary::Cos); })
      .Case([&](math::FloorOp) { return unary(Unary::Floor); })
      .Case([&](math::CeilOp) { return unary(Unary::Ceil); })
      .Case([&](math::RoundOp) { return unary(Unary::Round); })
      .Case([&](math::RoundEvenOp) { return unary(Unary::RoundEven); })
      .Case([&](math::TruncOp) { return unary(Unary::Trunc); })
      .Case([&](math::PowFOp) { return set(instruction, Binary::Pow); })
      .Case([&](math::FmaOp) { return set(instruction, runFma); })
      .Default(false);
}
