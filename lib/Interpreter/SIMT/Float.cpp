//===- Float.cpp - floating-point arithmetic in all threads
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each result is computed in double and rounded to its type: for sums, products, quotients and roots of float32 that is
// what the hardware gives; other functions are a little more exact than its own.
//
//===----------------------------------------------------------------------===//

#include "Machine.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/bit.h"
#include <cmath>

using namespace hfc;
using namespace hfc::simt;

static Type resultElement(Operation *op) { return getElementTypeOrSelf(op->getResult(0).getType()); }

static void roundAll(std::vector<double> &values, Type type) {
  if (type.isF32()) {
    for (double &value : values)
      value = static_cast<float>(value);
    return;
  }
  for (double &value : values)
    value = roundTo(type, value);
}

template <typename OpT, typename Fn>
static void addUnary(HandlerTable &table, Fn function) {
  addHandler<OpT>(table, [function](Machine &machine, OpT op, const Mask &) {
    const std::vector<double> &a = machine.operand(op, 0).floats;
    std::vector<double> &to = machine.result(op).floats;
    for (size_t i = 0; i < to.size(); ++i)
      to[i] = function(a[i]);
    roundAll(to, resultElement(op));
    return success();
  });
}

template <typename OpT, typename Fn>
static void addBinary(HandlerTable &table, Fn function) {
  addHandler<OpT>(table, [function](Machine &machine, OpT op, const Mask &) {
    const std::vector<double> &a = machine.operand(op, 0).floats, &b = machine.operand(op, 1).floats;
    std::vector<double> &to = machine.result(op).floats;
    for (size_t i = 0; i < to.size(); ++i)
      to[i] = function(a[i], b[i]);
    roundAll(to, resultElement(op));
    return success();
  });
}

/// NaN if one is; +0 above -0.
static double maximum(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return std::nan("");
  return a == b ? (std::signbit(a) ? b : a) : std::max(a, b);
}

static double minimum(double a, double b) { return -maximum(-a, -b); }

static void addArith(HandlerTable &table) {
  addUnary<arith::NegFOp>(table, [](double a) { return -a; });
  addBinary<arith::AddFOp>(table, [](double a, double b) { return a + b; });
  addBinary<arith::SubFOp>(table, [](double a, double b) { return a - b; });
  addBinary<arith::MulFOp>(table, [](double a, double b) { return a * b; });
  addBinary<arith::DivFOp>(table, [](double a, double b) { return a / b; });
  addBinary<arith::RemFOp>(table, [](double a, double b) { return std::fmod(a, b); });
  addBinary<arith::MaximumFOp>(table, maximum);
  addBinary<arith::MinimumFOp>(table, minimum);
  addBinary<arith::MaxNumFOp>(table, [](double a, double b) { return std::fmax(a, b); });
  addBinary<arith::MinNumFOp>(table, [](double a, double b) { return std::fmin(a, b); });
  addUnary<arith::ExtFOp>(table, [](double a) { return a; });
  addUnary<arith::TruncFOp>(table, [](double a) { return a; });
}

static void addMath(HandlerTable &table) {
  addUnary<math::AbsFOp>(table, [](double a) { return std::fabs(a); });
  addUnary<math::CeilOp>(table, [](double a) { return std::ceil(a); });
  addUnary<math::CosOp>(table, [](double a) { return std::cos(a); });
  addUnary<math::ErfOp>(table, [](double a) { return std::erf(a); });
  addUnary<math::ExpOp>(table, [](double a) { return std::exp(a); });
  addUnary<math::Exp2Op>(table, [](double a) { return std::exp2(a); });
  addUnary<math::ExpM1Op>(table, [](double a) { return std::expm1(a); });
  addUnary<math::FloorOp>(table, [](double a) { return std::floor(a); });
  addUnary<math::LogOp>(table, [](double a) { return std::log(a); });
  addUnary<math::Log10Op>(table, [](double a) { return std::log10(a); });
  addUnary<math::Log1pOp>(table, [](double a) { return std::log1p(a); });
  addUnary<math::Log2Op>(table, [](double a) { return std::log2(a); });
  addUnary<math::RoundOp>(table, [](double a) { return std::round(a); });
  addUnary<math::RoundEvenOp>(table, [](double a) { return std::nearbyint(a); });
  addUnary<math::RsqrtOp>(table, [](double a) { return 1.0 / std::sqrt(a); });
  addUnary<math::SinOp>(table, [](double a) { return std::sin(a); });
  addUnary<math::SqrtOp>(table, [](double a) { return std::sqrt(a); });
  addUnary<math::TanhOp>(table, [](double a) { return std::tanh(a); });
  addUnary<math::TruncOp>(table, [](double a) { return std::trunc(a); });
  addBinary<math::CopySignOp>(table, [](double a, double b) { return std::copysign(a, b); });
  addBinary<math::PowFOp>(table, [](double a, double b) { return std::pow(a, b); });
  addHandler<math::FmaOp>(table, [](Machine &machine, math::FmaOp op, const Mask &) {
    const std::vector<double> &a = machine.at(op.getA()).floats, &b = machine.at(op.getB()).floats,
                              &c = machine.at(op.getC()).floats;
    std::vector<double> &to = machine.result(op).floats;
    for (size_t i = 0; i < to.size(); ++i)
      to[i] = std::fma(a[i], b[i], c[i]);
    roundAll(to, resultElement(op));
    return success();
  });
}

static bool compare(arith::CmpFPredicate predicate, double a, double b) {
  using P = arith::CmpFPredicate;
  bool unordered = std::isnan(a) || std::isnan(b);
  switch (predicate) {
  case P::AlwaysFalse:
    return false;
  case P::AlwaysTrue:
    return true;
  case P::ORD:
    return !unordered;
  case P::UNO:
    return unordered;
  case P::OEQ:
    return a == b;
  case P::OGT:
    return a > b;
  case P::OGE:
    return a >= b;
  case P::OLT:
    return a < b;
  case P::OLE:
    return a <= b;
  case P::ONE:
    return !unordered && a != b;
  case P::UEQ:
    return unordered || a == b;
  case P::UGT:
    return unordered || a > b;
  case P::UGE:
    return unordered || a >= b;
  case P::ULT:
    return unordered || a < b;
  case P::ULE:
    return unordered || a <= b;
  case P::UNE:
    return unordered || a != b;
  }
  llvm_unreachable("a predicate that arith does not have");
}

/// As PTX's cvt: toward zero, to the nearest value that the type has; NaN becomes 0.
static int64_t toInteger(double value, unsigned bits, bool isSigned) {
  if (std::isnan(value))
    return 0;
  llvm::APSInt result(bits, /*isUnsigned=*/!isSigned);
  bool isExact = false;
  APFloat(value).convertToInteger(result, APFloat::rmTowardZero, &isExact);
  return result.getSExtValue();
}

template <typename OpT>
static void addToInteger(HandlerTable &table, bool isSigned) {
  addHandler<OpT>(table, [isSigned](Machine &machine, OpT op, const Mask &) {
    unsigned bits = resultElement(op).getIntOrFloatBitWidth();
    const std::vector<double> &from = machine.operand(op, 0).floats;
    std::vector<int64_t> &to = machine.result(op).integers;
    for (size_t i = 0; i < to.size(); ++i)
      to[i] = toInteger(from[i], bits, isSigned);
    return success();
  });
}

template <typename OpT>
static void addFromInteger(HandlerTable &table, bool isSigned) {
  addHandler<OpT>(table, [isSigned](Machine &machine, OpT op, const Mask &) {
    unsigned bits = getElementTypeOrSelf(op.getIn().getType()).getIntOrFloatBitWidth();
    const std::vector<int64_t> &from = machine.operand(op, 0).integers;
    std::vector<double> &to = machine.result(op).floats;
    for (size_t i = 0; i < to.size(); ++i)
      to[i] = isSigned ? static_cast<double>(from[i])
                       : static_cast<double>(static_cast<uint64_t>(from[i]) & llvm::maskTrailingOnes<uint64_t>(bits));
    roundAll(to, resultElement(op));
    return success();
  });
}

void hfc::simt::addFloatHandlers(HandlerTable &table) {
  addArith(table);
  addMath(table);
  addHandler<arith::CmpFOp>(table, [](Machine &machine, arith::CmpFOp op, const Mask &) {
    const std::vector<double> &a = machine.operand(op, 0).floats, &b = machine.operand(op, 1).floats;
    std::vector<int64_t> &to = machine.result(op).integers;
    for (size_t i = 0; i < to.size(); ++i)
      to[i] = compare(op.getPredicate(), a[i], b[i]) ? -1 : 0;
    return success();
  });
  addToInteger<arith::FPToSIOp>(table, true);
  addToInteger<arith::FPToUIOp>(table, false);
  addFromInteger<arith::SIToFPOp>(table, true);
  addFromInteger<arith::UIToFPOp>(table, false);
}
