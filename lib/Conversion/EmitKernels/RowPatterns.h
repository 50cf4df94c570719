//===- RowPatterns.h - reductions of rows that need no pass of their own
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_CONVERSION_EMITKERNELS_ROWPATTERNS_H
#define HFC_LIB_CONVERSION_EMITKERNELS_ROWPATTERNS_H

#include "dialects/hf/Hf.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include <optional>

namespace hfc {

/// A sum of `value` where the column is `number`, and of zeros elsewhere: one element of the row, or 0.
struct PickedElement {
  Value number, value;
};
std::optional<PickedElement> matchPickedElement(hf::ReduceOp sum);

/// The maximum `m` of a row `x`, if `sum` is that of `exp(x - m)`: both can be found in one pass.
hf::ReduceOp matchMaximumOfExponents(hf::ReduceOp sum);

/// What a lane knows of the elements so far: their maximum and the sum of `exp(x - maximum)`.
struct RunningExponents {
  Value maximum, sum;
};
/// Before the first element; a finite number, so that nothing is subtracted from an infinity.
RunningExponents noExponents(ImplicitLocOpBuilder &b);
RunningExponents addExponents(ImplicitLocOpBuilder &b, RunningExponents before, Value x);
/// The sum, with another maximum.
Value rescaleExponents(ImplicitLocOpBuilder &b, RunningExponents exponents, Value maximum);

} // namespace hfc

#endif // HFC_LIB_CONVERSION_EMITKERNELS_ROWPATTERNS_H
