//===- Field.h - integers modulo a Mersenne prime
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The field of 2^61 - 1 elements, and how numbers stand in it. 2^61 is 1 here, so a product with a power of two turns
// the bits of a word, and every double that is no infinity has one exact place: its integer times its power of two.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_INTERPRETER_FIELD_H
#define HFC_LIB_INTERPRETER_FIELD_H

#include "hfc/Interpreter/Tensor.h"

#include <optional>

namespace hfc::interpreter::field {

constexpr unsigned bits = 61;
constexpr Word prime = (Word(1) << bits) - 1;
/// Words of no number. An element of the field is below `prime`.
constexpr Word notANumber = ~Word(0), infinity = notANumber - 1, minusInfinity = notANumber - 2;

inline bool isElement(Word x) { return x < prime; }

/// Of any number below 2^64.
inline Word reduce(uint64_t x) {
  x = (x & prime) + (x >> bits);
  return x >= prime ? x - prime : x;
}
inline Word reduce(unsigned __int128 x) {
  return reduce((static_cast<uint64_t>(x) & prime) + (static_cast<uint64_t>(x >> bits) & prime) +
                static_cast<uint64_t>(x >> (2 * bits)));
}

// Arithmetic of elements.
inline Word add(Word a, Word b) {
  Word sum = a + b;
  return sum >= prime ? sum - prime : sum;
}
inline Word negate(Word a) { return a ? prime - a : 0; }
inline Word subtract(Word a, Word b) { return a >= b ? a - b : a + prime - b; }
inline Word multiply(Word a, Word b) {
  unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  Word sum = (static_cast<Word>(product) & prime) + static_cast<Word>(product >> bits);
  return sum >= prime ? sum - prime : sum;
}
Word power(Word base, uint64_t exponent);
/// Of an element that is not 0.
Word inverse(Word a);
/// `a * 2^exponent`.
Word scale(Word a, int exponent);

/// The integer nearest to 0 that the element stands for.
inline int64_t centered(Word a) {
  return a <= prime / 2 ? static_cast<int64_t>(a) : static_cast<int64_t>(a) - static_cast<int64_t>(prime);
}
/// Where an element stands in the order of the field's numbers, which for multiples of 2^-24 below 2^34 is their own.
/// Others, as most are, have the sign of the nearest to 0, and stand anywhere between -2 and 2 otherwise: there are
/// the constants with which programs compare. No two elements stand at one place.
using Place = __int128;
constexpr int orderedPlaces = 24;
Place placeOf(Word a);

/// A number that looks random, another for each number.
uint64_t mix(uint64_t x);

Word fromInteger(int64_t value);
/// Numbers of a size that only stands for "beyond all others" (the floor of a mask) are placed at the ends of the
/// order.
Word fromReal(double value);
/// The number `n / 2^k` that the word stands for, if there is one with small `n` and `k`; infinities and NaN too.
std::optional<double> toReal(Word a);

} // namespace hfc::interpreter::field

#endif // HFC_LIB_INTERPRETER_FIELD_H
