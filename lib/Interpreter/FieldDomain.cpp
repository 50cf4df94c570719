//===- FieldDomain.cpp - exact arithmetic in a prime field
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sums, products and quotients are exact, whatever their order, so two ways to compute a number agree to the bit or are
// different functions. What is no polynomial is an oracle: some function of its argument that nobody can guess. Any
// order of the numbers will do for a maximum; the one chosen is right for small integers and fractions.
//
//===----------------------------------------------------------------------===//

#include "Field.h"

#include "hfc/Interpreter/Domain.h"

#include <cmath>
#include <limits>

using namespace hfc;
using namespace hfc::interpreter;
using field::isElement;

namespace {

//===----------------------------------------------------------------------===//
// Infinities and NaN
//===----------------------------------------------------------------------===//

bool isNaN(Word x) { return x == field::notANumber; }
Word infinityOf(bool isNegative) { return isNegative ? field::minusInfinity : field::infinity; }

/// Where a word stands in the order; NaN stands nowhere.
field::Place placeOf(Word x) {
  if (isElement(x))
    return field::placeOf(x);
  constexpr field::Place beyond = field::Place(1) << 126;
  return x == field::infinity ? beyond : -beyond;
}

Word add(Word a, Word b) {
  if (LLVM_LIKELY(isElement(a) && isElement(b)))
    return field::add(a, b);
  if (isNaN(a) || isNaN(b) || (!isElement(a) && !isElement(b) && a != b))
    return field::notANumber;
  return isElement(a) ? b : a;
}

Word negate(Word a) {
  if (LLVM_LIKELY(isElement(a)))
    return field::negate(a);
  return isNaN(a) ? a : infinityOf(a == field::infinity);
}

Word multiply(Word a, Word b) {
  if (LLVM_LIKELY(isElement(a) && isElement(b)))
    return field::multiply(a, b);
  if (isNaN(a) || isNaN(b) || a == 0 || b == 0)
    return field::notANumber;
  return infinityOf((placeOf(a) < 0) != (placeOf(b) < 0));
}

Word divide(Word a, Word b) {
  if (isNaN(a) || isNaN(b) || (a == 0 && b == 0) || (!isElement(a) && !isElement(b)))
    return field::notANumber;
  if (!isElement(b))
    return 0;
  if (!isElement(a) || b == 0)
    return infinityOf((placeOf(a) < 0) != (placeOf(b) < 0));
  return field::multiply(a, field::inverse(b));
}

Word largest(Word a, Word b) {
  if (isNaN(a) || isNaN(b))
    return field::notANumber;
  return placeOf(a) > placeOf(b) ? a : b;
}
Word smallest(Word a, Word b) {
  if (isNaN(a) || isNaN(b))
    return field::notANumber;
  return placeOf(a) < placeOf(b) ? a : b;
}

bool areElements(ArrayRef<Word> words) {
  for (Word word : words)
    if (!isElement(word))
      return false;
  return true;
}

/// Quotients of elements by elements that are not 0: one inverse for all of them, found through their products.
void divideAll(ArrayRef<Word> lhs, ArrayRef<Word> rhs, MutableArrayRef<Word> out) {
  SmallVector<Word, 64> products(rhs.size());
  Word product = 1;
  for (size_t i = 0; i < rhs.size(); ++i) {
    products[i] = product;
    product = field::multiply(product, rhs[i]);
  }
  Word inverse = field::inverse(product);
  for (size_t i = rhs.size(); i-- > 0;) {
    Word own = field::multiply(inverse, products[i]);
    inverse = field::multiply(inverse, rhs[i]);
    out[i] = field::multiply(lhs[i], own);
  }
}

//===----------------------------------------------------------------------===//
// Oracles
//===----------------------------------------------------------------------===//

/// Functions that nobody can guess, told apart by a number; a key decides all of them.
class Oracle {
public:
  explicit Oracle(uint64_t key) : key(field::mix(key + 0x9e3779b97f4a7c15u)) {}

  Word operator()(unsigned function, Word x) const {
    return field::reduce(field::mix(field::mix(x ^ key) + key * (2 * function + 1)));
  }
  Word operator()(unsigned function, Word x, Word y) const {
    return (*this)(function, (*this)(function, x) ^ field::mix(y));
  }

private:
  uint64_t key;
};

//===----------------------------------------------------------------------===//
// FieldDomain
//===----------------------------------------------------------------------===//

class FieldDomain : public Domain {
public:
  explicit FieldDomain(uint64_t key) : oracle(key) {}

  StringRef name() const override { return "field"; }
  bool isExact() const override { return true; }
  uint64_t oracleCalls() const override { return calls; }
  Word fromReal(double value, Element) const override { return field::fromReal(value); }
  double toReal(Word word) const override {
    return field::toReal(word).value_or(std::numeric_limits<double>::quiet_NaN());
  }
  bool greater(Word lhs, Word rhs) const override {
    if (isNaN(lhs) || isNaN(rhs))
      return isNaN(lhs) && !isNaN(rhs);
    return placeOf(lhs) > placeOf(rhs);
  }

  void fma(Element, ArrayRef<Word> a, ArrayRef<Word> b, ArrayRef<Word> c, MutableArrayRef<Word> out) const override {
    for (size_t i = 0; i < a.size(); ++i)
      out[i] = add(multiply(a[i], b[i]), c[i]);
  }

  void floatMatmul(Element, int64_t rows, int64_t columns, int64_t depth, MatrixRef lhs, MatrixRef rhs,
                   ArrayRef<Word> bias, MutableArrayRef<Word> out) const override {
    bool isPlain = areElements(lhs, rows, depth) && areElements(rhs, depth, columns);
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j) {
        const Word *row = lhs.data + i * lhs.rowStride, *column = rhs.data + j * rhs.columnStride;
        Word sum = isPlain ? dot(depth, row, lhs.columnStride, column, rhs.rowStride)
                           : slowDot(depth, row, lhs.columnStride, column, rhs.rowStride);
        out[i * columns + j] = bias.empty() ? sum : add(sum, bias[j]);
      }
  }

protected:
  void floatUnary(Unary function, Element, ArrayRef<Word> x, MutableArrayRef<Word> out) const override {
    switch (function) {
    case Unary::Neg:
      return each(x, out, negate);
    case Unary::Abs:
      return each(x, out, [](Word x) { return !isNaN(x) && placeOf(x) < 0 ? negate(x) : x; });
    case Unary::Rsqrt:
      ones.assign(x.size(), 1);
      calls += x.size();
      each(x, out, [&](Word x) { return root(x); });
      return floatBinary(Binary::Div, Element::F64, ones, out, out);
    case Unary::Floor:
    case Unary::Ceil:
    case Unary::Round:
    case Unary::RoundEven:
    case Unary::Trunc:
      return each(x, out, [&](Word x) { return rounded(function, x); });
    default:
      calls += x.size();
      return each(x, out, [&](Word x) { return transcendental(function, x); });
    }
  }

  void floatBinary(Binary function, Element, ArrayRef<Word> lhs, ArrayRef<Word> rhs,
                   MutableArrayRef<Word> out) const override {
    auto each = [&](auto compute) {
      for (size_t i = 0; i < lhs.size(); ++i)
        out[i] = compute(lhs[i], rhs[i]);
    };
    switch (function) {
    case Binary::Add:
      return each(add);
    case Binary::Sub:
      return each([](Word a, Word b) { return add(a, negate(b)); });
    case Binary::Mul:
      return each(multiply);
    case Binary::Div:
      if (::areElements(lhs) && ::areElements(rhs) && !llvm::is_contained(rhs, Word(0)))
        return divideAll(lhs, rhs, out);
      return each(divide);
    case Binary::Max:
      return each(largest);
    case Binary::Min:
      return each(smallest);
    case Binary::MaxNum:
      return each([](Word a, Word b) { return isNaN(a) ? b : isNaN(b) ? a : largest(a, b); });
    case Binary::MinNum:
      return each([](Word a, Word b) { return isNaN(a) ? b : isNaN(b) ? a : smallest(a, b); });
    case Binary::Rem:
    case Binary::Pow:
      calls += lhs.size();
      return each([&](Word a, Word b) { return function == Binary::Pow ? power(a, b) : remainder(a, b); });
    default:
      llvm_unreachable("a function of integers");
    }
  }

  void floatCompare(Predicate predicate, bool orUnordered, ArrayRef<Word> lhs, ArrayRef<Word> rhs,
                    MutableArrayRef<Word> out) const override {
    for (size_t i = 0; i < lhs.size(); ++i)
      out[i] = holds(predicate, orUnordered, lhs[i], rhs[i]);
  }

  /// Nothing is rounded.
  void floatToFloat(Element, ArrayRef<Word> x, MutableArrayRef<Word> out) const override { llvm::copy(x, out.begin()); }

  void floatToInteger(ArrayRef<Word> x, MutableArrayRef<Word> out) const override {
    for (size_t i = 0; i < x.size(); ++i) {
      std::optional<double> real = field::toReal(x[i]);
      if (real && std::fabs(*real) < 0x1p62)
        out[i] = static_cast<Word>(static_cast<int64_t>(*real));
      else if (real) // As other domains have it: the nearest integer, and 0 for NaN.
        out[i] = std::isnan(*real) ? 0
                                   : static_cast<Word>(*real > 0 ? std::numeric_limits<int64_t>::max()
                                                                 : std::numeric_limits<int64_t>::min());
      else {
        ++calls;
        out[i] = oracle(integerOracle, x[i]) >> (field::bits - 31);
      }
    }
  }

  void integerToFloat(Element, ArrayRef<Word> x, MutableArrayRef<Word> out) const override {
    for (size_t i = 0; i < x.size(); ++i)
      out[i] = field::fromInteger(static_cast<int64_t>(x[i]));
  }

  Word floatReduce(Combine combine, Element, ArrayRef<Word> x) const override {
    Word result = x.front();
    for (Word next : x.drop_front())
      result = combine == Combine::Sum   ? add(result, next)
               : combine == Combine::Max ? largest(result, next)
                                         : smallest(result, next);
    return result;
  }

private:
  // Beside the functions of Unary.
  enum : unsigned { powerOracle = 64, remainderOracle, integerOracle, roundingOracle };

  template <typename Compute>
  static void each(ArrayRef<Word> x, MutableArrayRef<Word> out, Compute compute) {
    for (size_t i = 0; i < x.size(); ++i)
      out[i] = compute(x[i]);
  }

  static bool areElements(MatrixRef matrix, int64_t rows, int64_t columns) {
    Word largest = 0;
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j)
        largest = std::max(largest, matrix.data[i * matrix.rowStride + j * matrix.columnStride]);
    return isElement(largest);
  }

  static Word dot(int64_t count, const Word *a, int64_t strideA, const Word *b, int64_t strideB) {
    // Products have 122 bits: as many of them as this fit the sum beside it.
    constexpr int64_t together = 32;
    Word result = 0;
    for (int64_t first = 0; first < count; first += together) {
      unsigned __int128 sum = 0;
      for (int64_t k = first; k < std::min(first + together, count); ++k)
        sum += static_cast<unsigned __int128>(a[k * strideA]) * b[k * strideB];
      result = field::add(result, field::reduce(sum));
    }
    return result;
  }

  static Word slowDot(int64_t count, const Word *a, int64_t strideA, const Word *b, int64_t strideB) {
    Word sum = 0;
    for (int64_t k = 0; k < count; ++k)
      sum = add(sum, multiply(a[k * strideA], b[k * strideB]));
    return sum;
  }

  static bool holds(Predicate predicate, bool orUnordered, Word a, Word b) {
    if (isNaN(a) || isNaN(b))
      return orUnordered || predicate == Predicate::Unordered;
    switch (predicate) {
    case Predicate::EQ:
      return a == b;
    case Predicate::NE:
      return a != b;
    case Predicate::LT:
      return placeOf(a) < placeOf(b);
    case Predicate::LE:
      return placeOf(a) <= placeOf(b);
    case Predicate::GT:
      return placeOf(a) > placeOf(b);
    case Predicate::GE:
      return placeOf(a) >= placeOf(b);
    case Predicate::Ordered:
      return true;
    default:
      return false;
    }
  }

  /// Positive, so that sums of them are, and large: a softmax that compares its sum with 1 keeps the sum.
  Word exponential(Word x) const {
    if (x == 0)
      return 1;
    if (!isElement(x))
      return x == field::minusInfinity ? 0 : x;
    Word fraction = oracle(static_cast<unsigned>(Unary::Exp), x) >> (field::bits - 48);
    return field::scale((Word(2) << field::orderedPlaces) + fraction, -field::orderedPlaces);
  }

  Word root(Word x) const {
    if (x <= 1 || !isElement(x))
      return x == field::minusInfinity ? field::notANumber : x;
    return oracle(static_cast<unsigned>(Unary::Sqrt), x);
  }

  Word logarithm(Unary function, Word x) const {
    if (x == 0)
      return field::minusInfinity;
    if (!isElement(x))
      return x == field::minusInfinity ? field::notANumber : x;
    return x == 1 ? 0 : oracle(static_cast<unsigned>(function), x);
  }

  /// `odd` functions change their sign with their argument, the others do not.
  Word symmetric(Unary function, Word x, bool odd) const {
    bool isNegative = placeOf(x) < 0;
    Word value = oracle(static_cast<unsigned>(function), isNegative ? field::negate(x) : x);
    return odd && isNegative ? field::negate(value) : value;
  }

  Word transcendental(Unary function, Word x) const {
    switch (function) {
    case Unary::Exp:
      return exponential(x);
    case Unary::Expm1:
      return add(exponential(x), field::negate(1));
    case Unary::Exp2:
      if (std::optional<double> real = field::toReal(x); real && *real == std::floor(*real))
        return field::scale(1, static_cast<int>(*real));
      return isElement(x) ? oracle(static_cast<unsigned>(function), x) : exponential(x);
    case Unary::Log:
    case Unary::Log2:
      return logarithm(function, x);
    case Unary::Log1p:
      return logarithm(Unary::Log, add(x, 1));
    case Unary::Sqrt:
      return root(x);
    case Unary::Cos:
      return !isElement(x) ? field::notANumber : x == 0 ? 1 : symmetric(function, x, /*odd=*/false);
    case Unary::Sin:
      return !isElement(x) ? field::notANumber : x == 0 ? 0 : symmetric(function, x, /*odd=*/true);
    default: // tanh and erf
      if (!isElement(x))
        return isNaN(x) ? x : x == field::infinity ? Word(1) : field::negate(1);
      return x == 0 ? 0 : symmetric(function, x, /*odd=*/true);
    }
  }

  Word rounded(Unary function, Word x) const {
    if (!isElement(x))
      return x;
    std::optional<double> real = field::toReal(x);
    if (!real) {
      ++calls;
      return oracle(roundingOracle + static_cast<unsigned>(function), x);
    }
    return field::fromReal(function == Unary::Floor       ? std::floor(*real)
                           : function == Unary::Ceil      ? std::ceil(*real)
                           : function == Unary::Round     ? std::round(*real)
                           : function == Unary::RoundEven ? std::nearbyint(*real)
                                                          : std::trunc(*real));
  }

  Word power(Word a, Word b) const {
    constexpr Word most = 1 << 20;
    if (isElement(a) && b <= most)
      return field::power(a, b);
    return isElement(a) && isElement(b) ? oracle(powerOracle, a, b) : field::notANumber;
  }

  Word remainder(Word a, Word b) const {
    std::optional<double> first = field::toReal(a), second = field::toReal(b);
    if (first && second)
      return field::fromReal(std::fmod(*first, *second));
    return isNaN(a) || isNaN(b) ? field::notANumber : oracle(remainderOracle, a, b);
  }

  Oracle oracle;
  mutable uint64_t calls = 0;
  mutable std::vector<Word> ones;
};

} // namespace

std::unique_ptr<Domain> interpreter::createFieldDomain(uint64_t key) { return std::make_unique<FieldDomain>(key); }
