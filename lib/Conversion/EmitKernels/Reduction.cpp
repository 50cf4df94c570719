//===- Reduction.cpp - how hf.reduce combines elements
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Reduction.h"

#include "ElementEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/TypeUtilities.h"
#include <limits>

using namespace hfc;

Value hfc::neutralElement(ImplicitLocOpBuilder &b, hf::Reduction kind, Type element) {
  Type type = computeType(element);
  if (kind == hf::Reduction::sum)
    return arith::ConstantOp::create(b, b.getZeroAttr(type));
  bool isMax = kind == hf::Reduction::max;
  if (isa<FloatType>(type)) {
    double infinity = std::numeric_limits<double>::infinity();
    return arith::ConstantOp::create(b, b.getFloatAttr(type, isMax ? -infinity : infinity));
  }
  unsigned bits = type.getIntOrFloatBitWidth();
  APInt value = isMax ? APInt::getSignedMinValue(bits) : APInt::getSignedMaxValue(bits);
  return arith::ConstantOp::create(b, b.getIntegerAttr(type, value));
}

Value hfc::combine(ImplicitLocOpBuilder &b, hf::Reduction kind, Value lhs, Value rhs) {
  constexpr auto fast = arith::FastMathFlags::contract | arith::FastMathFlags::reassoc;
  bool isFloat = isa<FloatType>(getElementTypeOrSelf(lhs.getType()));
  switch (kind) {
  case hf::Reduction::sum:
    return isFloat ? Value(arith::AddFOp::create(b, lhs, rhs, fast)) : Value(arith::AddIOp::create(b, lhs, rhs));
  case hf::Reduction::max:
    return isFloat ? Value(arith::MaximumFOp::create(b, lhs, rhs)) : Value(arith::MaxSIOp::create(b, lhs, rhs));
  case hf::Reduction::min:
    return isFloat ? Value(arith::MinimumFOp::create(b, lhs, rhs)) : Value(arith::MinSIOp::create(b, lhs, rhs));
  }
  llvm_unreachable("all kinds are handled");
}

kernel::Combine hfc::combineOf(hf::Reduction kind) {
  switch (kind) {
  case hf::Reduction::sum:
    return kernel::Combine::add;
  case hf::Reduction::max:
    return kernel::Combine::max;
  case hf::Reduction::min:
    return kernel::Combine::min;
  }
  llvm_unreachable("all kinds are handled");
}
