//===- RealDomain.cpp - domains whose floats are rounded reals
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A word holds a double. Every operation computes in double and rounds once, to what the domain says of the
// element type. For + - * / and sqrt on float32 that equals float32 arithmetic: a double has more than twice its
// digits.
//
//===----------------------------------------------------------------------===//

#include "hfc/Interpreter/Domain.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/bit.h"

#include <cmath>
#include <limits>

using namespace hfc;
using namespace hfc::interpreter;

namespace {

double real(Word word) { return llvm::bit_cast<double>(word); }
Word word(double value) { return llvm::bit_cast<Word>(value); }

//===----------------------------------------------------------------------===//
// Rounding
//===----------------------------------------------------------------------===//

enum class Rounding { None, Float32, BFloat16, Float16 };

struct RoundNone {
  double operator()(double x) const { return x; }
};
struct RoundFloat32 {
  double operator()(double x) const { return static_cast<float>(x); }
};
/// Rounds the double itself, not its float32: rounding twice could go the wrong way.
struct RoundBFloat16 {
  double operator()(double x) const {
    constexpr uint64_t dropped = 52 - 7;
    constexpr double smallestNormal = 0x1p-126, step = 0x1p-133;
    if (!std::isfinite(x))
      return x;
    if (std::fabs(x) < smallestNormal)
      return std::nearbyint(x / step) * step;
    uint64_t bits = llvm::bit_cast<uint64_t>(x);
    bits += ((uint64_t(1) << (dropped - 1)) - 1) + ((bits >> dropped) & 1);
    double rounded = llvm::bit_cast<double>(bits & ~((uint64_t(1) << dropped) - 1));
    return std::fabs(rounded) < 0x1p128 ? rounded : std::copysign(std::numeric_limits<double>::infinity(), x);
  }
};
struct RoundFloat16 {
  double operator()(double x) const {
    llvm::APFloat value(x);
    bool losesInfo = false;
    value.convert(llvm::APFloat::IEEEhalf(), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
    value.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
    return value.convertToDouble();
  }
};

/// Calls `body` with the rounding as a type, so that loops have it inlined.
template <typename Body>
void withRounding(Rounding rounding, Body body) {
  switch (rounding) {
  case Rounding::None:
    return body(RoundNone());
  case Rounding::Float32:
    return body(RoundFloat32());
  case Rounding::BFloat16:
    return body(RoundBFloat16());
  case Rounding::Float16:
    return body(RoundFloat16());
  }
}

double roundTo(Rounding rounding, double x) {
  double result = 0;
  withRounding(rounding, [&](auto round) { result = round(x); });
  return result;
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

double maximum(double a, double b) { return std::isnan(a) || std::isnan(b) ? a + b : (a > b ? a : b); }
double minimum(double a, double b) { return std::isnan(a) || std::isnan(b) ? a + b : (a < b ? a : b); }

using UnaryFunction = double (*)(double);

UnaryFunction functionOf(Unary function) {
  switch (function) {
  case Unary::Neg:
    return [](double x) { return -x; };
  case Unary::Abs:
    return [](double x) { return std::fabs(x); };
  case Unary::Exp:
    return [](double x) { return std::exp(x); };
  case Unary::Exp2:
    return [](double x) { return std::exp2(x); };
  case Unary::Expm1:
    return [](double x) { return std::expm1(x); };
  case Unary::Log:
    return [](double x) { return std::log(x); };
  case Unary::Log2:
    return [](double x) { return std::log2(x); };
  case Unary::Log1p:
    return [](double x) { return std::log1p(x); };
  case Unary::Sqrt:
    return [](double x) { return std::sqrt(x); };
  case Unary::Rsqrt:
    return [](double x) { return 1.0 / std::sqrt(x); };
  case Unary::Tanh:
    return [](double x) { return std::tanh(x); };
  case Unary::Erf:
    return [](double x) { return std::erf(x); };
  case Unary::Sin:
    return [](double x) { return std::sin(x); };
  case Unary::Cos:
    return [](double x) { return std::cos(x); };
  case Unary::Floor:
    return [](double x) { return std::floor(x); };
  case Unary::Ceil:
    return [](double x) { return std::ceil(x); };
  case Unary::Round:
    return [](double x) { return std::round(x); };
  case Unary::RoundEven:
    return [](double x) { return std::nearbyint(x); };
  case Unary::Trunc:
    return [](double x) { return std::trunc(x); };
  }
  llvm_unreachable("a function");
}

/// Calls `body` with the binary function as a type.
template <typename Body>
void withBinary(Binary function, Body body) {
  switch (function) {
  case Binary::Add:
    return body([](double a, double b) { return a + b; });
  case Binary::Sub:
    return body([](double a, double b) { return a - b; });
  case Binary::Mul:
    return body([](double a, double b) { return a * b; });
  case Binary::Div:
    return body([](double a, double b) { return a / b; });
  case Binary::Rem:
    return body([](double a, double b) { return std::fmod(a, b); });
  case Binary::Max:
    return body(maximum);
  case Binary::Min:
    return body(minimum);
  case Binary::MaxNum:
    return body([](double a, double b) { return std::fmax(a, b); });
  case Binary::MinNum:
    return body([](double a, double b) { return std::fmin(a, b); });
  case Binary::Pow:
    return body([](double a, double b) { return std::pow(a, b); });
  default:
    llvm_unreachable("a function of integers");
  }
}

bool holds(Predicate predicate, bool orUnordered, double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return orUnordered || predicate == Predicate::Unordered;
  switch (predicate) {
  case Predicate::EQ:
    return a == b;
  case Predicate::NE:
    return a != b;
  case Predicate::LT:
    return a < b;
  case Predicate::LE:
    return a <= b;
  case Predicate::GT:
    return a > b;
  case Predicate::GE:
    return a >= b;
  case Predicate::Ordered:
    return true;
  default:
    return false;
  }
}

//===----------------------------------------------------------------------===//
// RealDomain
//===----------------------------------------------------------------------===//

class RealDomain : public Domain {
public:
  enum class Kind { Typed, Float64, BFloat16 };
  explicit RealDomain(Kind kind) : kind(kind) {}

  StringRef name() const override {
    return kind == Kind::Typed ? "typed" : kind == Kind::Float64 ? "float64" : "bfloat16";
  }
  Word fromReal(double value, Element element) const override { return word(roundTo(roundingOf(element), value)); }
  double toReal(Word value) const override { return real(value); }
  bool greater(Word lhs, Word rhs) const override {
    if (std::isnan(real(lhs)) || std::isnan(real(rhs)))
      return std::isnan(real(lhs)) && !std::isnan(real(rhs));
    return real(lhs) > real(rhs);
  }

  void fma(Element element, ArrayRef<Word> a, ArrayRef<Word> b, ArrayRef<Word> c,
           MutableArrayRef<Word> out) const override {
    withRounding(roundingOf(element), [&](auto round) {
      for (size_t i = 0; i < a.size(); ++i)
        out[i] = word(round(std::fma(real(a[i]), real(b[i]), real(c[i]))));
    });
  }

  void floatMatmul(Element element, int64_t rows, int64_t columns, int64_t depth, MatrixRef lhs, MatrixRef rhs,
                   ArrayRef<Word> bias, MutableArrayRef<Word> out) const override {
    // A transposed right side is copied, so that the inner loop runs along memory.
    std::vector<double> right(depth * columns);
    for (int64_t k = 0; k < depth; ++k)
      for (int64_t j = 0; j < columns; ++j)
        right[k * columns + j] = real(rhs.data[k * rhs.rowStride + j * rhs.columnStride]);
    std::vector<double> sums(columns);
    for (int64_t i = 0; i < rows; ++i) {
      std::fill(sums.begin(), sums.end(), 0.0);
      for (int64_t k = 0; k < depth; ++k) {
        double left = real(lhs.data[i * lhs.rowStride + k * lhs.columnStride]);
        const double *row = right.data() + k * columns;
        for (int64_t j = 0; j < columns; ++j)
          sums[j] += left * row[j];
      }
      for (size_t j = 0; j < bias.size(); ++j)
        sums[j] += real(bias[j]);
      withRounding(roundingOf(element), [&](auto round) {
        for (int64_t j = 0; j < columns; ++j)
          out[i * columns + j] = word(round(sums[j]));
      });
    }
  }

protected:
  void floatUnary(Unary function, Element element, ArrayRef<Word> x, MutableArrayRef<Word> out) const override {
    UnaryFunction compute = functionOf(function);
    withRounding(roundingOf(element), [&](auto round) {
      for (size_t i = 0; i < x.size(); ++i)
        out[i] = word(round(compute(real(x[i]))));
    });
  }

  void floatBinary(Binary function, Element element, ArrayRef<Word> lhs, ArrayRef<Word> rhs,
                   MutableArrayRef<Word> out) const override {
    withRounding(roundingOf(element), [&](auto round) {
      withBinary(function, [&](auto compute) {
        for (size_t i = 0; i < lhs.size(); ++i)
          out[i] = word(round(compute(real(lhs[i]), real(rhs[i]))));
      });
    });
  }

  void floatCompare(Predicate predicate, bool orUnordered, ArrayRef<Word> lhs, ArrayRef<Word> rhs,
                    MutableArrayRef<Word> out) const override {
    for (size_t i = 0; i < lhs.size(); ++i)
      out[i] = holds(predicate, orUnordered, real(lhs[i]), real(rhs[i]));
  }

  void floatToFloat(Element to, ArrayRef<Word> x, MutableArrayRef<Word> out) const override {
    withRounding(roundingOf(to), [&](auto round) {
      for (size_t i = 0; i < x.size(); ++i)
        out[i] = word(round(real(x[i])));
    });
  }

  /// Numbers that no 64-bit integer holds become the nearest one, NaN 0.
  void floatToInteger(ArrayRef<Word> x, MutableArrayRef<Word> out) const override {
    for (size_t i = 0; i < x.size(); ++i) {
      double value = real(x[i]);
      int64_t integer = value >= 0x1p63     ? std::numeric_limits<int64_t>::max()
                        : value <= -0x1p63  ? std::numeric_limits<int64_t>::min()
                        : std::isnan(value) ? 0
                                            : static_cast<int64_t>(value);
      out[i] = static_cast<Word>(integer);
    }
  }

  void integerToFloat(Element to, ArrayRef<Word> x, MutableArrayRef<Word> out) const override {
    withRounding(roundingOf(to), [&](auto round) {
      for (size_t i = 0; i < x.size(); ++i)
        out[i] = word(round(static_cast<double>(static_cast<int64_t>(x[i]))));
    });
  }

  Word floatReduce(Combine combine, Element element, ArrayRef<Word> x) const override {
    double result = real(x.front());
    for (Word next : x.drop_front())
      result = combine == Combine::Sum   ? result + real(next)
               : combine == Combine::Max ? maximum(result, real(next))
                                         : minimum(result, real(next));
    return word(roundTo(roundingOf(element), result));
  }

private:
  Rounding roundingOf(Element element) const {
    if (kind == Kind::Float64 || (kind == Kind::Typed && element == Element::F64))
      return Rounding::None;
    if (kind == Kind::BFloat16 || element == Element::BF16)
      return Rounding::BFloat16;
    return element == Element::F16 ? Rounding::Float16 : Rounding::Float32;
  }

  Kind kind;
};

} // namespace

std::unique_ptr<Domain> interpreter::createRealDomain(StringRef name) {
  if (name == "typed")
    return std::make_unique<RealDomain>(RealDomain::Kind::Typed);
  if (name == "float64")
    return std::make_unique<RealDomain>(RealDomain::Kind::Float64);
  if (name == "bfloat16")
    return std::make_unique<RealDomain>(RealDomain::Kind::BFloat16);
  return nullptr;
}
