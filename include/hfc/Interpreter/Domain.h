//===- Domain.h - the arithmetic that the interpreter computes in
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All arithmetic of the interpreter goes through a Domain, on spans of words. Floats belong to the domain;
// integers are the same in all of them and are handled here.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_INTERPRETER_DOMAIN_H
#define HFC_INTERPRETER_DOMAIN_H

#include "hfc/Interpreter/Tensor.h"

namespace hfc::interpreter {

enum class Unary : uint8_t {
  Neg,
  Abs,
  Exp,
  Exp2,
  Expm1,
  Log,
  Log2,
  Log1p,
  Sqrt,
  Rsqrt,
  Tanh,
  Erf,
  Sin,
  Cos,
  Floor,
  Ceil,
  Round,
  RoundEven,
  Trunc
};

/// Max and Min give NaN if either operand is; MaxNum and MinNum the other operand. What follows Pow is integers' only.
enum class Binary : uint8_t {
  Add,
  Sub,
  Mul,
  Div,
  Rem,
  Max,
  Min,
  MaxNum,
  MinNum,
  Pow,
  And,
  Or,
  Xor,
  Shl,
  ShrS,
  ShrU,
  DivU,
  RemU,
  MaxU,
  MinU,
  CeilDiv,
  FloorDiv
};

/// Of floats, all but Unordered are false where an operand is NaN. ULT and the like take integers as unsigned.
enum class Predicate : uint8_t { EQ, NE, LT, LE, GT, GE, Ordered, Unordered, ULT, ULE, UGT, UGE };

enum class Combine : uint8_t { Sum, Max, Min };

/// A matrix in a span: element (i, j) stands at `data[i * rowStride + j * columnStride]`.
struct MatrixRef {
  const Word *data;
  int64_t rowStride, columnStride;
};

class Domain {
public:
  virtual ~Domain();
  virtual StringRef name() const = 0;
  /// Whether equal numbers are equal words, however they were computed.
  virtual bool isExact() const { return false; }
  /// How many numbers so far are values of functions for which the domain has no arithmetic, only some function.
  virtual uint64_t oracleCalls() const { return 0; }

  /// The boundary to files and people. `toReal` of a float word; a domain that has no reals says NaN.
  virtual Word fromReal(double value, Element element) const = 0;
  virtual double toReal(Word word) const = 0;

  // Elementwise. `out` may be an operand's own span.
  void unary(Unary function, Element element, ArrayRef<Word> x, MutableArrayRef<Word> out) const;
  void binary(Binary function, Element element, ArrayRef<Word> lhs, ArrayRef<Word> rhs,
              MutableArrayRef<Word> out) const;
  /// With `orUnordered`, a comparison of floats is true if either operand is NaN.
  void compare(Predicate predicate, bool orUnordered, Element element, ArrayRef<Word> lhs, ArrayRef<Word> rhs,
               MutableArrayRef<Word> out) const;
  /// Floats round to nearest even; floats become integers by truncation; truth values are 0 or 1.
  void convert(Element from, Element to, ArrayRef<Word> x, MutableArrayRef<Word> out) const;
  /// `a * b + c` of floats, rounded once.
  virtual void fma(Element element, ArrayRef<Word> a, ArrayRef<Word> b, ArrayRef<Word> c,
                   MutableArrayRef<Word> out) const = 0;

  /// Accumulates wider than the element type. Of no elements it is the neutral one.
  Word reduce(Combine kind, Element element, ArrayRef<Word> x) const;
  /// `out[i, j] = sum_k lhs[i, k] * rhs[k, j] (+ bias[j])` of floats, `out` dense; accumulates wider than the element
  /// type and rounds once. No bias is an empty one.
  void matmul(Element element, int64_t rows, int64_t columns, int64_t depth, MatrixRef lhs, MatrixRef rhs,
              ArrayRef<Word> bias, MutableArrayRef<Word> out) const;
  /// Sorts floats: whether `lhs` comes before `rhs` in descending order. NaN comes first.
  virtual bool greater(Word lhs, Word rhs) const = 0;

  /// Floating-point operations so far: one for each element of an elementwise function, and of what is reduced; two for
  /// each multiplication and addition of a product, one for its bias.
  int64_t operations() const { return performed; }
  /// Forgets what was counted since `operations()` was `count`.
  void forgetOperations(int64_t count) const { performed = count; }

protected:
  virtual void floatMatmul(Element element, int64_t rows, int64_t columns, int64_t depth, MatrixRef lhs, MatrixRef rhs,
                           ArrayRef<Word> bias, MutableArrayRef<Word> out) const = 0;
  virtual void floatUnary(Unary function, Element element, ArrayRef<Word> x, MutableArrayRef<Word> out) const = 0;
  virtual void floatBinary(Binary function, Element element, ArrayRef<Word> lhs, ArrayRef<Word> rhs,
                           MutableArrayRef<Word> out) const = 0;
  virtual void floatCompare(Predicate predicate, bool orUnordered, ArrayRef<Word> lhs, ArrayRef<Word> rhs,
                            MutableArrayRef<Word> out) const = 0;
  virtual void floatToFloat(Element to, ArrayRef<Word> x, MutableArrayRef<Word> out) const = 0;
  virtual void floatToInteger(ArrayRef<Word> x, MutableArrayRef<Word> out) const = 0;
  virtual void integerToFloat(Element to, ArrayRef<Word> x, MutableArrayRef<Word> out) const = 0;
  virtual Word floatReduce(Combine kind, Element element, ArrayRef<Word> x) const = 0;

private:
  mutable int64_t performed = 0;
};

/// "typed": every float result is rounded to its element type. "float64": nothing is rounded. "bfloat16": every float
/// result is rounded to bfloat16. "field": floats are elements of a prime field, and `key` decides what its oracles
/// say. Null for any other name.
std::unique_ptr<Domain> createDomain(StringRef name, uint64_t key = 0);
std::unique_ptr<Domain> createRealDomain(StringRef name);
std::unique_ptr<Domain> createFieldDomain(uint64_t key);

/// Reads a number that stands in memory as its element type says, and the other way round. A truth value takes a byte.
Word decode(const Domain &domain, Element element, const char *bytes);
void encode(const Domain &domain, Element element, Word word, char *bytes);

} // namespace hfc::interpreter

#endif // HFC_INTERPRETER_DOMAIN_H
