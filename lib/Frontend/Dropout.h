//===- Dropout.h - dropout in training
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_FRONTEND_DROPOUT_H
#define HFC_LIB_FRONTEND_DROPOUT_H

#include "ProgramBuilder.h"

namespace hfc::frontend {

/// Writes the dropout of one entry. What is dropped depends on the input `seed`, on the states `step` and `micro`, on
/// the place in the model, and on the element's index in the whole tensor: not on the mesh, and not on whether
/// the element is computed a second time.
class DropoutBuilder {
public:
  explicit DropoutBuilder(EntryBuilder &entry);

  /// Drops each element of `x` with `probability`, and scales up the others.
  Value apply(Value x, double probability);
  /// The key with which an attention drops its weights, and the numbers of the rows of its scores.
  std::pair<Value, Value> attention(int64_t batch, int64_t heads, int64_t queries);
  /// Counts the micro-batch.
  void returnStates();

private:
  Value scaled(Value number, uint32_t factor);
  /// A key that no other place has.
  Value nextKey();

  EntryBuilder &entry;
  Value micro, key;
  uint32_t places = 0;
};

} // namespace hfc::frontend

#endif // HFC_LIB_FRONTEND_DROPOUT_H
