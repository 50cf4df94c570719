//===- Domain.cpp - what all domains share: integers, dispatch, bytes
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Interpreter/Domain.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/bit.h"

#include <cstring>
#include <limits>

using namespace hfc;
using namespace hfc::interpreter;

Domain::~Domain() = default;

std::unique_ptr<Domain> interpreter::createDomain(StringRef name, uint64_t key) {
  return name == "field" ? createFieldDomain(key) : createRealDomain(name);
}

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

/// Brings a result back into an element's width. Truth values stay 0 or 1.
static Word wrap(Element element, uint64_t bits) {
  unsigned width = bitWidth(element);
  if (width == 1)
    return bits & 1;
  return static_cast<Word>(static_cast<int64_t>(bits << (64 - width)) >> (64 - width));
}

/// The bits of an element read as an unsigned number.
static uint64_t asUnsigned(Element element, Word word) {
  unsigned width = bitWidth(element);
  return width == 64 ? word : word & ((uint64_t(1) << width) - 1);
}

/// Truth values are 1, not -1.
static int64_t asSigned(Word word) { return static_cast<int64_t>(word); }

static uint64_t divide(int64_t a, int64_t b) {
  if (b == 0)
    return 0;
  return b == -1 ? uint64_t(0) - static_cast<uint64_t>(a) : static_cast<uint64_t>(a / b);
}

static int64_t remainder(int64_t a, int64_t b) { return b == 0 || b == -1 ? 0 : a % b; }

/// The quotient rounded down (`up` false) or up.
static uint64_t divideRounding(int64_t a, int64_t b, bool up) {
  uint64_t quotient = divide(a, b);
  int64_t rest = remainder(a, b);
  if (rest == 0)
    return quotient;
  bool negative = (rest < 0) != (b < 0);
  return quotient + (up && !negative) - (!up && negative);
}

static uint64_t shift(Binary function, Element element, Word a, uint64_t by) {
  if (by >= bitWidth(element))
    return function == Binary::ShrS && asSigned(a) < 0 ? ~uint64_t(0) : 0;
  if (function == Binary::Shl)
    return a << by;
  return function == Binary::ShrU ? asUnsigned(element, a) >> by : static_cast<uint64_t>(asSigned(a) >> by);
}

static Word integerBinary(Binary function, Element element, Word a, Word b) {
  uint64_t ua = asUnsigned(element, a), ub = asUnsigned(element, b);
  switch (function) {
  case Binary::Add:
    return wrap(element, a + b);
  case Binary::Sub:
    return wrap(element, a - b);
  case Binary::Mul:
    return wrap(element, a * b);
  case Binary::Div:
    return wrap(element, divide(asSigned(a), asSigned(b)));
  case Binary::Rem:
    return wrap(element, static_cast<uint64_t>(remainder(asSigned(a), asSigned(b))));
  case Binary::Max:
  case Binary::MaxNum:
    return asSigned(a) > asSigned(b) ? a : b;
  case Binary::Min:
  case Binary::MinNum:
    return asSigned(a) < asSigned(b) ? a : b;
  case Binary::And:
    return a & b;
  case Binary::Or:
    return a | b;
  case Binary::Xor:
    return wrap(element, a ^ b);
  case Binary::Shl:
  case Binary::ShrS:
  case Binary::ShrU:
    return wrap(element, shift(function, element, a, ub));
  case Binary::DivU:
    return wrap(element, ub ? ua / ub : 0);
  case Binary::RemU:
    return wrap(element, ub ? ua % ub : 0);
  case Binary::MaxU:
    return ua > ub ? a : b;
  case Binary::MinU:
    return ua < ub ? a : b;
  case Binary::CeilDiv:
    return wrap(element, divideRounding(asSigned(a), asSigned(b), true));
  case Binary::FloorDiv:
    return wrap(element, divideRounding(asSigned(a), asSigned(b), false));
  case Binary::Pow:
    break;
  }
  llvm_unreachable("hf.pow takes floats only");
}

static bool integerCompare(Predicate predicate, Element element, Word a, Word b) {
  int64_t sa = asSigned(a), sb = asSigned(b);
  uint64_t ua = asUnsigned(element, a), ub = asUnsigned(element, b);
  switch (predicate) {
  case Predicate::EQ:
    return sa == sb;
  case Predicate::NE:
    return sa != sb;
  case Predicate::LT:
    return sa < sb;
  case Predicate::LE:
    return sa <= sb;
  case Predicate::GT:
    return sa > sb;
  case Predicate::GE:
    return sa >= sb;
  case Predicate::Ordered:
    return true;
  case Predicate::Unordered:
    return false;
  case Predicate::ULT:
    return ua < ub;
  case Predicate::ULE:
    return ua <= ub;
  case Predicate::UGT:
    return ua > ub;
  case Predicate::UGE:
    return ua >= ub;
  }
  llvm_unreachable("a predicate");
}

static Word integerUnary(Unary function, Element element, Word x) {
  bool negates = function == Unary::Neg || (function == Unary::Abs && asSigned(x) < 0);
  return negates ? wrap(element, uint64_t(0) - x) : x;
}

//===----------------------------------------------------------------------===//
// Dispatch on the element type
//===----------------------------------------------------------------------===//

void Domain::unary(Unary function, Element element, ArrayRef<Word> x, MutableArrayRef<Word> out) const {
  if (isFloat(element)) {
    performed += static_cast<int64_t>(x.size());
    return floatUnary(function, element, x, out);
  }
  for (size_t i = 0; i < x.size(); ++i)
    out[i] = integerUnary(function, element, x[i]);
}

void Domain::binary(Binary function, Element element, ArrayRef<Word> lhs, ArrayRef<Word> rhs,
                    MutableArrayRef<Word> out) const {
  if (isFloat(element)) {
    performed += static_cast<int64_t>(lhs.size());
    return floatBinary(function, element, lhs, rhs, out);
  }
  for (size_t i = 0; i < lhs.size(); ++i)
    out[i] = integerBinary(function, element, lhs[i], rhs[i]);
}

void Domain::matmul(Element element, int64_t rows, int64_t columns, int64_t depth, MatrixRef lhs, MatrixRef rhs,
                    ArrayRef<Word> bias, MutableArrayRef<Word> out) const {
  performed += rows * columns * (2 * depth + (bias.empty() ? 0 : 1));
  floatMatmul(element, rows, columns, depth, lhs, rhs, bias, out);
}

void Domain::compare(Predicate predicate, bool orUnordered, Element element, ArrayRef<Word> lhs, ArrayRef<Word> rhs,
                     MutableArrayRef<Word> out) const {
  if (isFloat(element))
    return floatCompare(predicate, orUnordered, lhs, rhs, out);
  for (size_t i = 0; i < lhs.size(); ++i)
    out[i] = integerCompare(predicate, element, lhs[i], rhs[i]);
}

void Domain::convert(Element from, Element to, ArrayRef<Word> x, MutableArrayRef<Word> out) const {
  if (isFloat(from) && isFloat(to))
    return floatToFloat(to, x, out);
  if (isFloat(to))
    return integerToFloat(to, x, out);
  if (isFloat(from) && to == Element::I1) {
    std::vector<Word> zeros(x.size(), fromReal(0.0, from));
    return floatCompare(Predicate::NE, /*orUnordered=*/true, x, zeros, out);
  }
  if (isFloat(from))
    floatToInteger(x, out);
  else
    llvm::copy(x, out.begin());
  for (Word &word : out)
    word = to == Element::I1 ? word != 0 : wrap(to, word);
}

/// What changes nothing when it is combined.
static Word neutral(const Domain &domain, Combine kind, Element element) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (isFloat(element))
    return domain.fromReal(kind == Combine::Sum ? 0 : kind == Combine::Max ? -infinity : infinity, element);
  uint64_t least = ~uint64_t(0) << (bitWidth(element) - 1);
  return kind == Combine::Sum ? 0 : kind == Combine::Max ? least : ~least;
}

Word Domain::reduce(Combine kind, Element element, ArrayRef<Word> x) const {
  if (x.empty())
    return neutral(*this, kind, element);
  if (isFloat(element)) {
    performed += static_cast<int64_t>(x.size());
    return floatReduce(kind, element, x);
  }
  static constexpr Binary functions[] = {Binary::Add, Binary::Max, Binary::Min};
  Word result = x.front();
  for (Word word : x.drop_front())
    result = integerBinary(functions[static_cast<int>(kind)], element, result, word);
  return result;
}

//===----------------------------------------------------------------------===//
// Bytes
//===----------------------------------------------------------------------===//

template <typename T>
static T load(const char *bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

static double decodeFloat(const llvm::fltSemantics &semantics, unsigned width, uint64_t bits) {
  llvm::APFloat value(semantics, llvm::APInt(width, bits));
  bool losesInfo = false;
  value.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return value.convertToDouble();
}

static uint64_t encodeFloat(const llvm::fltSemantics &semantics, double real) {
  llvm::APFloat value(real);
  bool losesInfo = false;
  value.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return value.bitcastToAPInt().getZExtValue();
}

Word interpreter::decode(const Domain &domain, Element element, const char *bytes) {
  switch (element) {
  case Element::F64:
    return domain.fromReal(load<double>(bytes), element);
  case Element::F32:
    return domain.fromReal(load<float>(bytes), element);
  case Element::BF16:
    return domain.fromReal(llvm::bit_cast<float>(uint32_t(load<uint16_t>(bytes)) << 16), element);
  case Element::F16:
    return domain.fromReal(decodeFloat(llvm::APFloat::IEEEhalf(), 16, load<uint16_t>(bytes)), element);
  case Element::I64:
  case Element::Index:
    return load<uint64_t>(bytes);
  case Element::I32:
    return wrap(element, load<uint32_t>(bytes));
  case Element::I16:
    return wrap(element, load<uint16_t>(bytes));
  case Element::I8:
    return wrap(element, load<uint8_t>(bytes));
  case Element::I1:
    return load<uint8_t>(bytes) != 0;
  }
  llvm_unreachable("an element type");
}

void interpreter::encode(const Domain &domain, Element element, Word word, char *bytes) {
  uint64_t bits = word;
  if (element == Element::F64)
    bits = llvm::bit_cast<uint64_t>(domain.toReal(word));
  else if (element == Element::F32)
    bits = llvm::bit_cast<uint32_t>(static_cast<float>(domain.toReal(word)));
  else if (element == Element::BF16)
    bits = encodeFloat(llvm::APFloat::BFloat(), domain.toReal(word));
  else if (element == Element::F16)
    bits = encodeFloat(llvm::APFloat::IEEEhalf(), domain.toReal(word));
  std::memcpy(bytes, &bits, byteSize(element)); // little-endian hosts only, as safetensors is
}
