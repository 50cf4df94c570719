//===- Field.cpp - integers modulo a Mersenne prime
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Field.h"

#include "llvm/ADT/bit.h"

#include <cmath>
#include <limits>

using namespace hfc;
using namespace hfc::interpreter;

Word field::power(Word base, uint64_t exponent) {
  Word result = 1;
  for (; exponent; exponent >>= 1) {
    if (exponent & 1)
      result = multiply(result, base);
    base = multiply(base, base);
  }
  return result;
}

/// Euclid's algorithm: `a * x` is `rest` at every turn.
Word field::inverse(Word a) {
  int64_t rest = static_cast<int64_t>(prime), next = static_cast<int64_t>(a), x = 0, nextX = 1;
  while (next) {
    int64_t quotient = rest / next;
    std::swap(rest, next);
    next -= quotient * rest;
    std::swap(x, nextX);
    nextX -= quotient * x;
  }
  return x < 0 ? static_cast<Word>(x + static_cast<int64_t>(prime)) : static_cast<Word>(x);
}

Word field::scale(Word a, int exponent) {
  int turn = exponent % static_cast<int>(bits);
  if (turn < 0)
    turn += bits;
  Word turned = turn ? ((a << turn) & prime) | (a >> (bits - turn)) : a;
  return turned == prime ? 0 : turned;
}

/// Stirs all bits of a number into all bits of another (the finalizer of SplitMix64).
uint64_t field::mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

field::Place field::placeOf(Word a) {
  int64_t multiple = centered(scale(a, orderedPlaces));
  auto distance = static_cast<uint64_t>(std::abs(multiple));
  // What is beyond all others (`fromReal`) takes less than this at each end.
  constexpr uint64_t ordered = uint64_t(1) << 58, ends = uint64_t(1) << 44;
  if (distance < ordered || distance > prime / 2 - ends)
    return static_cast<Place>(multiple) * (Place(1) << bits);
  constexpr unsigned placesBelowTwo = orderedPlaces + 1;
  Place place = (static_cast<Place>(mix(distance) >> (64 - placesBelowTwo)) << bits) | distance;
  return multiple < 0 ? -place : place;
}

Word field::fromInteger(int64_t value) {
  return value < 0 ? negate(reduce(uint64_t(0) - static_cast<uint64_t>(value))) : reduce(static_cast<uint64_t>(value));
}

Word field::fromReal(double value) {
  if (std::isnan(value))
    return notANumber;
  if (std::isinf(value))
    return value > 0 ? infinity : minusInfinity;
  constexpr double huge = 0x1p100;
  if (std::fabs(value) >= huge) {
    // Sign and order of their bits are kept.
    uint64_t fromLargest =
        (llvm::bit_cast<uint64_t>(std::numeric_limits<double>::max()) - llvm::bit_cast<uint64_t>(std::fabs(value))) >>
        20;
    Word end = scale(prime / 2 - static_cast<Word>(fromLargest), -orderedPlaces);
    return value > 0 ? end : negate(end);
  }
  int exponent = 0;
  constexpr int digits = std::numeric_limits<double>::digits;
  auto mantissa = static_cast<int64_t>(std::ldexp(std::frexp(value, &exponent), digits));
  return scale(fromInteger(mantissa), exponent - digits);
}

std::optional<double> field::toReal(Word a) {
  if (!isElement(a))
    return a == infinity        ? std::numeric_limits<double>::infinity()
           : a == minusInfinity ? -std::numeric_limits<double>::infinity()
                                : std::numeric_limits<double>::quiet_NaN();
  for (int places = 0; places <= orderedPlaces; ++places) {
    int64_t number = centered(scale(a, places));
    if (std::abs(number) < (int64_t(1) << 31))
      return std::ldexp(static_cast<double>(number), -places);
  }
  return std::nullopt;
}
