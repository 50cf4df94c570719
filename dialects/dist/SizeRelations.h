//===- SizeRelations.h - how an op's sizes depend on each other
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_DIST_SIZERELATIONS_H
#define HFC_DIALECTS_DIST_SIZERELATIONS_H

#include "hfc/Support/LLVM.h"

namespace hfc::dist {

/// A size that may be given another value: a dimension's, or a number in an attribute. A size of 1 stays 1, a larger
/// one stays larger than 1.
using Size = unsigned;

/// What an op says of its sizes (`SizeRelationsOpInterface`). The same statements serve the op on whole tensors and on
/// one rank's pieces.
class SizeRelations {
public:
  virtual ~SizeRelations() = default;

  virtual Size operand(unsigned index, unsigned dim) = 0;
  virtual Size result(unsigned index, unsigned dim) = 0;
  /// The number in an integer attribute, or at that place of an array of integers. It is substituted with the others.
  virtual Size attribute(StringRef name, unsigned index = 0) = 0;
  /// One more size, which is no dimension.
  virtual Size fresh(int64_t value) = 0;
  virtual int64_t valueOf(Size size) const = 0;

  virtual void equal(Size a, Size b) = 0;
  /// `whole = factors[0] * factors[1] * …`, the first the slowest.
  virtual void product(Size whole, ArrayRef<Size> factors) = 0;
  virtual void sum(Size whole, ArrayRef<Size> parts) = 0;
  virtual void atMost(Size small, Size large) = 0;
  /// The size does not change.
  virtual void keep(Size size) = 0;
  /// The elements of an operand of integers are at most `size + plus`.
  virtual void bounds(unsigned operand, Size size, int64_t plus) = 0;
  /// Dimensions correspond as the op's sharding rule says. `whole` factors are sizes as the others.
  virtual void byRule() = 0;
};

} // namespace hfc::dist

#endif // HFC_DIALECTS_DIST_SIZERELATIONS_H
