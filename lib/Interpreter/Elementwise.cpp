//===- Elementwise.cpp - elementwise primitives
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Primitives.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace hfc;
using namespace hfc::interpreter;

static std::optional<Unary> unaryOf(Operation *op) {
  return llvm::TypeSwitch<Operation *, std::optional<Unary>>(op)
      .Case([](hf::NegOp) { return Unary::Neg; })
      .Case([](hf::AbsOp) { return Unary::Abs; })
      .Case([](hf::ExpOp) { return Unary::Exp; })
      .Case([](hf::LogOp) { return Unary::Log; })
      .Case([](hf::SqrtOp) { return Unary::Sqrt; })
      .Case([](hf::RsqrtOp) { return Unary::Rsqrt; })
      .Case([](hf::TanhOp) { return Unary::Tanh; })
      .Case([](hf::ErfOp) { return Unary::Erf; })
      .Case([](hf::SinOp) { return Unary::Sin; })
      .Case([](hf::CosOp) { return Unary::Cos; })
      .Case([](hf::FloorOp) { return Unary::Floor; })
      .Default([](Operation *) { return std::nullopt; });
}

static std::optional<Binary> binaryOf(Operation *op) {
  return llvm::TypeSwitch<Operation *, std::optional<Binary>>(op)
      .Case([](hf::AddOp) { return Binary::Add; })
      .Case([](hf::SubOp) { return Binary::Sub; })
      .Case([](hf::MulOp) { return Binary::Mul; })
      .Case([](hf::DivOp) { return Binary::Div; })
      .Case([](hf::PowOp) { return Binary::Pow; })
      .Case([](hf::MaxOp) { return Binary::Max; })
      .Case([](hf::MinOp) { return Binary::Min; })
      .Case([](hf::AndOp) { return Binary::And; })
      .Case([](hf::OrOp) { return Binary::Or; })
      .Default([](Operation *) { return std::nullopt; });
}

static Predicate predicateOf(hf::Compare compare) {
  switch (compare) {
  case hf::Compare::eq:
    return Predicate::EQ;
  case hf::Compare::ne:
    return Predicate::NE;
  case hf::Compare::lt:
    return Predicate::LT;
  case hf::Compare::le:
    return Predicate::LE;
  case hf::Compare::gt:
    return Predicate::GT;
  case hf::Compare::ge:
    return Predicate::GE;
  }
  llvm_unreachable("a comparison");
}

static void select(ArrayRef<Tensor> operands, MutableArrayRef<Word> out) {
  ArrayRef<Word> condition = operands[0].words(), yes = operands[1].words(), no = operands[2].words();
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = condition[i] ? yes[i] : no[i];
}

std::optional<Elementwise> interpreter::elementwiseOf(Operation *op) {
  using Kind = Elementwise::Kind;
  if (op->getNumOperands() == 0 || op->getNumResults() != 1)
    return std::nullopt;
  std::optional<Element> result = elementOf(getElementTypeOrSelf(op->getResult(0).getType()));
  if (!result)
    return std::nullopt;
  Elementwise elementwise{*result};
  if (std::optional<Unary> function = unaryOf(op)) {
    elementwise.kind = Kind::Unary;
    elementwise.unary = *function;
  } else if (std::optional<Binary> function = binaryOf(op)) {
    elementwise.kind = Kind::Binary;
    elementwise.binary = *function;
  } else if (auto compare = dyn_cast<hf::CompareOp>(op)) {
    elementwise.kind = Kind::Compare;
    elementwise.predicate = predicateOf(compare.getPredicate());
  } else if (isa<hf::SelectOp>(op)) {
    elementwise.kind = Kind::Select;
  } else if (isa<hf::ConvertOp>(op)) {
    elementwise.kind = Kind::Convert;
  } else {
    return std::nullopt;
  }
  return elementwise;
}

Tensor interpreter::evaluate(const Domain &domain, const Elementwise &op, ArrayRef<Tensor> operands) {
  using Kind = Elementwise::Kind;
  Element element = operands[0].getElement();
  Tensor result(op.result, operands[0].getShape());
  MutableArrayRef<Word> out = result.mutableWords();
  switch (op.kind) {
  case Kind::Unary:
    domain.unary(op.unary, element, operands[0].words(), out);
    break;
  case Kind::Binary:
    domain.binary(op.binary, element, operands[0].words(), operands[1].words(), out);
    break;
  case Kind::Compare:
    domain.compare(op.predicate, /*orUnordered=*/op.predicate == Predicate::NE, element, operands[0].words(),
                   operands[1].words(), out);
    break;
  case Kind::Select:
    select(operands, out);
    break;
  case Kind::Convert:
    domain.convert(element, op.result, operands[0].words(), out);
    break;
  }
  return result;
}
