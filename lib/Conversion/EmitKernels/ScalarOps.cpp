//===- ScalarOps.cpp - elementwise hf ops in arith and math
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ElementEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace hfc;

static constexpr auto kContract = arith::FastMathFlags::contract;

Type hfc::computeType(Type type) { return isa<FloatType>(type) ? Type(Float32Type::get(type.getContext())) : type; }

static Type withElement(Type type, Type element) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? Type(vector.clone(element)) : element;
}

Value hfc::toComputeType(ImplicitLocOpBuilder &b, Value value) {
  Type element = getElementTypeOrSelf(value.getType());
  if (!isa<FloatType>(element) || element.isF32())
    return value;
  Type type = withElement(value.getType(), b.getF32Type());
  return element.isF64() ? Value(arith::TruncFOp::create(b, type, value))
                         : Value(arith::ExtFOp::create(b, type, value));
}

Value hfc::fromComputeType(ImplicitLocOpBuilder &b, Value value, Type element) {
  if (!isa<FloatType>(element) || element.isF32())
    return value;
  Type type = withElement(value.getType(), element);
  return element.isF64() ? Value(arith::ExtFOp::create(b, type, value))
                         : Value(arith::TruncFOp::create(b, type, value));
}

static bool isFloat(Value value) { return isa<FloatType>(getElementTypeOrSelf(value.getType())); }

static Value splat(ImplicitLocOpBuilder &b, Type type, int64_t value) {
  Attribute attr = b.getIntegerAttr(getElementTypeOrSelf(type), value);
  if (auto shaped = dyn_cast<ShapedType>(type))
    attr = DenseElementsAttr::get(shaped, attr);
  return arith::ConstantOp::create(b, cast<TypedAttr>(attr));
}

static Value floatZero(ImplicitLocOpBuilder &b, Type type) { return arith::ConstantOp::create(b, b.getZeroAttr(type)); }

template <typename OpTy>
static Value unary(ImplicitLocOpBuilder &b, Value x) {
  return OpTy::create(b, x, kContract);
}

static Value negative(ImplicitLocOpBuilder &b, Value integer) {
  return arith::SubIOp::create(b, splat(b, integer.getType(), 0), integer);
}

template <typename FloatOp, typename IntOp>
static Value binary(ImplicitLocOpBuilder &b, ArrayRef<Value> operands) {
  if (isFloat(operands[0]))
    return FloatOp::create(b, operands[0], operands[1], kContract);
  return IntOp::create(b, operands[0], operands[1]);
}

static Value divide(ImplicitLocOpBuilder &b, Value lhs, Value rhs) {
  if (isFloat(lhs))
    return arith::DivFOp::create(b, lhs, rhs, kContract);
  // By zero gives 0, by -1 negates: both would trap.
  Value zero = splat(b, rhs.getType(), 0), one = splat(b, rhs.getType(), 1);
  Value byZero = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, rhs, zero);
  Value negate = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, rhs, splat(b, rhs.getType(), -1));
  Value special = arith::OrIOp::create(b, byZero, negate);
  Value quotient = arith::DivSIOp::create(b, lhs, arith::SelectOp::create(b, special, one, rhs));
  quotient = arith::SelectOp::create(b, negate, negative(b, lhs), quotient);
  return arith::SelectOp::create(b, byZero, zero, quotient);
}

static Value compare(ImplicitLocOpBuilder &b, hf::Compare predicate, Value lhs, Value rhs) {
  if (isFloat(lhs)) {
    static constexpr arith::CmpFPredicate kFloat[] = {arith::CmpFPredicate::OEQ, arith::CmpFPredicate::UNE,
                                                      arith::CmpFPredicate::OLT, arith::CmpFPredicate::OLE,
                                                      arith::CmpFPredicate::OGT, arith::CmpFPredicate::OGE};
    return arith::CmpFOp::create(b, kFloat[static_cast<unsigned>(predicate)], lhs, rhs);
  }
  static constexpr arith::CmpIPredicate kInt[] = {arith::CmpIPredicate::eq,  arith::CmpIPredicate::ne,
                                                  arith::CmpIPredicate::slt, arith::CmpIPredicate::sle,
                                                  arith::CmpIPredicate::sgt, arith::CmpIPredicate::sge};
  return arith::CmpIOp::create(b, kInt[static_cast<unsigned>(predicate)], lhs, rhs);
}

static Value convert(ImplicitLocOpBuilder &b, Value x, Type element) {
  Type from = getElementTypeOrSelf(x.getType()), to = computeType(element);
  if (from == to)
    return x;
  Type type = withElement(x.getType(), to);
  if (to.isInteger(1))
    return isFloat(x) ? Value(arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, x, floatZero(b, x.getType())))
                      : Value(arith::CmpIOp::create(b, arith::CmpIPredicate::ne, x, splat(b, x.getType(), 0)));
  if (isa<FloatType>(from))
    return arith::FPToSIOp::create(b, type, x);
  if (isa<FloatType>(to))
    return from.isInteger(1) ? Value(arith::UIToFPOp::create(b, type, x)) : Value(arith::SIToFPOp::create(b, type, x));
  if (from.isInteger(1))
    return arith::ExtUIOp::create(b, type, x);
  return from.getIntOrFloatBitWidth() < to.getIntOrFloatBitWidth() ? Value(arith::ExtSIOp::create(b, type, x))
                                                                   : Value(arith::TruncIOp::create(b, type, x));
}

/// Threefry-2x32 with 13 rounds; the first word's upper 24 bits as a number below 1.
Value hfc::emitRandomUniform(ImplicitLocOpBuilder &b, Value row, Value column, Value key) {
  constexpr int64_t rotations[] = {13, 15, 26, 6, 17, 29, 16, 24}, parity = 0x1BD11BDA;
  Type type = row.getType();
  auto constant = [&](int64_t value) { return splat(b, type, value); };
  auto add = [&](Value lhs, Value rhs) -> Value { return arith::AddIOp::create(b, lhs, rhs); };
  Value keys[] = {key, constant(0), arith::XOrIOp::create(b, key, constant(parity))};
  Value x = add(row, keys[0]), y = add(column, keys[1]);
  for (int64_t round = 0; round < 13; ++round) {
    int64_t rotation = rotations[round % 8];
    x = add(x, y);
    Value high = arith::ShLIOp::create(b, y, constant(rotation));
    Value low = arith::ShRUIOp::create(b, y, constant(32 - rotation));
    y = arith::XOrIOp::create(b, arith::OrIOp::create(b, high, low), x);
    if (round % 4 != 3)
      continue;
    int64_t step = round / 4 + 1;
    x = add(x, keys[step % 3]);
    y = add(add(y, keys[(step + 1) % 3]), constant(step));
  }
  Value bits = arith::ShRUIOp::create(b, x, constant(8));
  Type real = withElement(type, b.getF32Type());
  Attribute unit = b.getF32FloatAttr(0x1p-24f);
  if (auto shaped = dyn_cast<ShapedType>(real))
    unit = DenseElementsAttr::get(shaped, unit);
  Value scale = arith::ConstantOp::create(b, cast<TypedAttr>(unit));
  return arith::MulFOp::create(b, arith::SIToFPOp::create(b, real, bits), scale);
}

Value hfc::emitScalarOp(ImplicitLocOpBuilder &b, Operation *op, ArrayRef<Value> in) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](hf::NegOp) { return isFloat(in[0]) ? unary<arith::NegFOp>(b, in[0]) : negative(b, in[0]); })
      .Case([&](hf::AbsOp) {
        return isFloat(in[0]) ? unary<math::AbsFOp>(b, in[0])
                              : Value(arith::MaxSIOp::create(b, in[0], negative(b, in[0])));
      })
      .Case([&](hf::ExpOp) { return unary<math::ExpOp>(b, in[0]); })
      .Case([&](hf::LogOp) { return unary<math::LogOp>(b, in[0]); })
      .Case([&](hf::SqrtOp) { return unary<math::SqrtOp>(b, in[0]); })
      .Case([&](hf::RsqrtOp) { return unary<math::RsqrtOp>(b, in[0]); })
      .Case([&](hf::TanhOp) { return unary<math::TanhOp>(b, in[0]); })
      .Case([&](hf::ErfOp) { return unary<math::ErfOp>(b, in[0]); })
      .Case([&](hf::SinOp) { return unary<math::SinOp>(b, in[0]); })
      .Case([&](hf::CosOp) { return unary<math::CosOp>(b, in[0]); })
      .Case([&](hf::FloorOp) { return unary<math::FloorOp>(b, in[0]); })
      .Case([&](hf::AddOp) { return binary<arith::AddFOp, arith::AddIOp>(b, in); })
      .Case([&](hf::SubOp) { return binary<arith::SubFOp, arith::SubIOp>(b, in); })
      .Case([&](hf::MulOp) { return binary<arith::MulFOp, arith::MulIOp>(b, in); })
      .Case([&](hf::MaxOp) { return binary<arith::MaximumFOp, arith::MaxSIOp>(b, in); })
      .Case([&](hf::MinOp) { return binary<arith::MinimumFOp, arith::MinSIOp>(b, in); })
      .Case([&](hf::DivOp) { return divide(b, in[0], in[1]); })
      .Case([&](hf::PowOp) { return math::PowFOp::create(b, in[0], in[1], kContract); })
      .Case([&](hf::AndOp) { return arith::AndIOp::create(b, in[0], in[1]); })
      .Case([&](hf::OrOp) { return arith::OrIOp::create(b, in[0], in[1]); })
      .Case([&](hf::CompareOp compareOp) { return compare(b, compareOp.getPredicate(), in[0], in[1]); })
      .Case([&](hf::RandomUniformOp) { return emitRandomUniform(b, in[0], in[1], in[2]); })
      .Case([&](hf::SelectOp) { return arith::SelectOp::create(b, in[0], in[1], in[2]); })
      .Case([&](hf::ConvertOp convertOp) { return convert(b, in[0], convertOp.getType().getElementType()); })
      .Default([](Operation *) { return Value(); });
}
