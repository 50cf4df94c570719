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
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = operands[operands[0].words()[i] ? 1 : 2].words()[i];
}

std::optional<Tensor> interpreter::evaluateElementwise(const Domain &domain, Operation *op, ArrayRef<Tensor> operands) {
  if (operands.empty() || op->getNumResults() != 1)
    return std::nullopt;
  Element element = operands[0].getElement();
  auto make = [&](auto compute) {
    Tensor result = emptyOf(op->getResult(0).getType());
    compute(result.mutableWords());
    return result;
  };
  using Out = MutableArrayRef<Word>;
  if (std::optional<Unary> function = unaryOf(op))
    return make([&](Out out) { domain.unary(*function, element, operands[0].words(), out); });
  if (std::optional<Binary> function = binaryOf(op))
    return make([&](Out out) { domain.binary(*function, element, operands[0].words(), operands[1].words(), out); });
  if (auto compare = dyn_cast<hf::CompareOp>(op))
    return make([&](Out out) {
      bool orUnordered = compare.getPredicate() == hf::Compare::ne;
      domain.compare(predicateOf(compare.getPredicate()), orUnordered, element, operands[0].words(),
                     operands[1].words(), out);
    });
  if (isa<hf::SelectOp>(op))
    return make([&](Out out) { select(operands, out); });
  if (isa<hf::ConvertOp>(op)) {
    Element to = *elementOf(getElementTypeOrSelf(op->getResult(0).getType()));
    return make([&](Out out) { domain.convert(element, to, operands[0].words(), out); });
  }
  return std::nullopt;
}
