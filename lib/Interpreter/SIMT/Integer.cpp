//===- Integer.cpp - integers, constants and selection in all threads
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;
using namespace hfc::simt;

static Type elementOf(Value value) { return getElementTypeOrSelf(value.getType()); }
static unsigned bitsOf(Type type) { return type.isIndex() ? 64 : type.getIntOrFloatBitWidth(); }

/// The number that `bits` low bits are without a sign.
static uint64_t withoutSign(int64_t value, unsigned bits) {
  return static_cast<uint64_t>(value) & llvm::maskTrailingOnes<uint64_t>(bits);
}

template <typename OpT, typename Fn>
static void addSigned(HandlerTable &table, Fn function) {
  addHandler<OpT>(table, [function](Machine &machine, OpT op, const Mask &) {
    Type type = elementOf(op.getResult());
    const std::vector<int64_t> &a = machine.operand(op, 0).integers, &b = machine.operand(op, 1).integers;
    std::vector<int64_t> &to = machine.result(op).integers;
    for (size_t i = 0; i < to.size(); ++i)
      // Through unsigned numbers, whose overflow is defined.
      to[i] = wrapTo(type, static_cast<int64_t>(function(a[i], b[i])));
    return success();
  });
}

template <typename OpT, typename Fn>
static void addUnsigned(HandlerTable &table, Fn function) {
  addHandler<OpT>(table, [function](Machine &machine, OpT op, const Mask &) {
    Type type = elementOf(op.getResult());
    unsigned bits = bitsOf(type);
    const std::vector<int64_t> &a = machine.operand(op, 0).integers, &b = machine.operand(op, 1).integers;
    std::vector<int64_t> &to = machine.result(op).integers;
    for (size_t i = 0; i < to.size(); ++i)
      to[i] = wrapTo(type, static_cast<int64_t>(function(withoutSign(a[i], bits), withoutSign(b[i], bits))));
    return success();
  });
}

/// Division: threads that do not take part may hold anything, those that do must not divide by zero.
template <typename OpT, typename Fn>
static void addDivision(HandlerTable &table, bool isSigned, Fn function) {
  addHandler<OpT>(table, [=](Machine &machine, OpT op, const Mask &mask) -> LogicalResult {
    Type type = elementOf(op.getResult());
    unsigned bits = bitsOf(type);
    const Register &a = machine.operand(op, 0), &b = machine.operand(op, 1);
    std::vector<int64_t> &to = machine.result(op).integers;
    for (size_t i = 0; i < to.size(); ++i) {
      int64_t thread = i / a.width;
      if (b.integers[i] == 0 && mask[thread])
        return machine.error(op, thread) << "division by zero";
      if (b.integers[i] == 0)
        continue;
      APInt lhs(64, isSigned ? a.integers[i] : withoutSign(a.integers[i], bits), /*isSigned=*/isSigned);
      APInt rhs(64, isSigned ? b.integers[i] : withoutSign(b.integers[i], bits), /*isSigned=*/isSigned);
      to[i] = wrapTo(type, function(lhs, rhs).getSExtValue());
    }
    return success();
  });
}

static void addArithmetic(HandlerTable &table) {
  addSigned<arith::AddIOp>(table, [](uint64_t a, uint64_t b) { return a + b; });
  addSigned<arith::SubIOp>(table, [](uint64_t a, uint64_t b) { return a - b; });
  addSigned<arith::MulIOp>(table, [](uint64_t a, uint64_t b) { return a * b; });
  addSigned<arith::AndIOp>(table, [](int64_t a, int64_t b) { return a & b; });
  addSigned<arith::OrIOp>(table, [](int64_t a, int64_t b) { return a | b; });
  addSigned<arith::XOrIOp>(table, [](int64_t a, int64_t b) { return a ^ b; });
  addSigned<arith::MaxSIOp>(table, [](int64_t a, int64_t b) { return std::max(a, b); });
  addSigned<arith::MinSIOp>(table, [](int64_t a, int64_t b) { return std::min(a, b); });
  addUnsigned<arith::MaxUIOp>(table, [](uint64_t a, uint64_t b) { return std::max(a, b); });
  addUnsigned<arith::MinUIOp>(table, [](uint64_t a, uint64_t b) { return std::min(a, b); });
  addUnsigned<arith::ShLIOp>(table, [](uint64_t a, uint64_t b) { return b < 64 ? a << b : 0; });
  addUnsigned<arith::ShRUIOp>(table, [](uint64_t a, uint64_t b) { return b < 64 ? a >> b : 0; });
  addSigned<arith::ShRSIOp>(table, [](int64_t a, int64_t b) { return a >> std::min<uint64_t>(b, 63); });
  addDivision<arith::DivSIOp>(table, true, [](const APInt &a, const APInt &b) { return a.sdiv(b); });
  addDivision<arith::RemSIOp>(table, true, [](const APInt &a, const APInt &b) { return a.srem(b); });
  addDivision<arith::DivUIOp>(table, false, [](const APInt &a, const APInt &b) { return a.udiv(b); });
  addDivision<arith::RemUIOp>(table, false, [](const APInt &a, const APInt &b) { return a.urem(b); });
}

template <typename OpT>
static void addCast(HandlerTable &table, bool isSigned) {
  addHandler<OpT>(table, [isSigned](Machine &machine, OpT op, const Mask &) {
    Type type = elementOf(op.getResult());
    unsigned bits = bitsOf(elementOf(op.getIn()));
    const std::vector<int64_t> &from = machine.operand(op, 0).integers;
    std::vector<int64_t> &to = machine.result(op).integers;
    for (size_t i = 0; i < to.size(); ++i)
      to[i] = wrapTo(type, isSigned ? from[i] : static_cast<int64_t>(withoutSign(from[i], bits)));
    return success();
  });
}

/// The same bits as another type, of the same size.
static LogicalResult runBitcast(Machine &machine, arith::BitcastOp op, const Mask &) {
  Type fromType = elementOf(op.getIn()), toType = elementOf(op.getResult());
  const Register &from = machine.operand(op, 0);
  Register &to = machine.result(op);
  char bytes[8] = {};
  for (size_t i = 0, end = machine.threads * to.width; i < end; ++i) {
    if (from.isFloat)
      storeFloat(bytes, fromType, from.floats[i]);
    else
      storeInteger(bytes, fromType, from.integers[i]);
    if (to.isFloat)
      to.floats[i] = loadFloat(bytes, toType);
    else
      to.integers[i] = loadInteger(bytes, toType);
  }
  return success();
}

static bool compare(arith::CmpIPredicate predicate, int64_t a, int64_t b, unsigned bits) {
  using P = arith::CmpIPredicate;
  switch (predicate) {
  case P::eq:
    return a == b;
  case P::ne:
    return a != b;
  case P::slt:
    return a < b;
  case P::sle:
    return a <= b;
  case P::sgt:
    return a > b;
  case P::sge:
    return a >= b;
  case P::ult:
    return withoutSign(a, bits) < withoutSign(b, bits);
  case P::ule:
    return withoutSign(a, bits) <= withoutSign(b, bits);
  case P::ugt:
    return withoutSign(a, bits) > withoutSign(b, bits);
  case P::uge:
    return withoutSign(a, bits) >= withoutSign(b, bits);
  }
  llvm_unreachable("a predicate that arith does not have");
}

static LogicalResult runCompare(Machine &machine, arith::CmpIOp op, const Mask &) {
  unsigned bits = bitsOf(elementOf(op.getLhs()));
  const std::vector<int64_t> &a = machine.operand(op, 0).integers, &b = machine.operand(op, 1).integers;
  std::vector<int64_t> &to = machine.result(op).integers;
  for (size_t i = 0; i < to.size(); ++i)
    to[i] = compare(op.getPredicate(), a[i], b[i], bits) ? -1 : 0;
  return success();
}

static LogicalResult runSelect(Machine &machine, arith::SelectOp op, const Mask &) {
  if (isa<MemRefType>(op.getType()))
    return machine.error(op) << "the SIMT interpreter does not choose between buffers";
  const Register &condition = machine.operand(op, 0), &yes = machine.operand(op, 1), &no = machine.operand(op, 2);
  Register &to = machine.result(op);
  for (size_t i = 0, end = machine.threads * to.width; i < end; ++i) {
    bool chosen = condition.integers[condition.width == to.width ? i : i / to.width] != 0;
    if (to.isFloat)
      to.floats[i] = chosen ? yes.floats[i] : no.floats[i];
    else
      to.integers[i] = chosen ? yes.integers[i] : no.integers[i];
  }
  return success();
}

static double asDouble(const APFloat &value) {
  APFloat wide = value;
  bool losesInfo = false;
  wide.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
  return wide.convertToDouble();
}

static LogicalResult runConstant(Machine &machine, arith::ConstantOp op, const Mask &) {
  Register &to = machine.result(op);
  std::vector<double> floats;
  std::vector<int64_t> integers;
  if (auto elements = dyn_cast<DenseElementsAttr>(op.getValue())) {
    if (to.isFloat)
      for (const APFloat &value : elements.getValues<APFloat>())
        floats.push_back(asDouble(value));
    else
      for (const APInt &value : elements.getValues<APInt>())
        integers.push_back(value.getSExtValue());
  } else if (auto number = dyn_cast<FloatAttr>(op.getValue())) {
    floats.push_back(asDouble(number.getValue()));
  } else if (auto number = dyn_cast<IntegerAttr>(op.getValue())) {
    integers.push_back(number.getValue().getSExtValue());
  } else {
    return machine.error(op) << "the SIMT interpreter does not know this kind of constant";
  }
  for (size_t i = 0, end = machine.threads * to.width; i < end; ++i)
    if (to.isFloat)
      to.floats[i] = floats[i % to.width];
    else
      to.integers[i] = integers[i % to.width];
  return success();
}

void hfc::simt::addIntegerHandlers(HandlerTable &table) {
  addArithmetic(table);
  addCast<arith::ExtSIOp>(table, true);
  addCast<arith::ExtUIOp>(table, false);
  addCast<arith::TruncIOp>(table, true);
  addCast<arith::IndexCastOp>(table, true);
  addCast<arith::IndexCastUIOp>(table, false);
  addHandler<arith::BitcastOp>(table, runBitcast);
  addHandler<arith::CmpIOp>(table, runCompare);
  addHandler<arith::SelectOp>(table, runSelect);
  addHandler<arith::ConstantOp>(table, runConstant);
}
