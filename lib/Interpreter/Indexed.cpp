//===- Indexed.cpp - primitives that take places from data
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Primitives.h"

using namespace hfc;
using namespace hfc::interpreter;

static llvm::Error outside(int64_t index, int64_t size, int64_t place) {
  return makeError("index " + Twine(index) + " at element " + Twine(place) + " is outside the dimension of size " +
                   Twine(size));
}

llvm::Expected<Tensor> interpreter::evaluate(hf::GatherOp op, const Tensor &table, const Tensor &indices) {
  Tensor result = emptyOf(op.getType());
  int64_t rows = table.getShape().front(), length = countOf(table.getShape().drop_front());
  Word *to = result.mutableWords().data();
  for (int64_t i = 0; i < indices.size(); ++i) {
    int64_t row = indices.integer(i);
    if (row < 0 || row >= rows)
      return outside(row, rows, i);
    to = llvm::copy(table.words().slice(row * length, length), to);
  }
  return result;
}

llvm::Expected<Tensor> interpreter::evaluate(hf::TakeOp op, const Tensor &x, const Tensor &index) {
  Tensor result = emptyOf(op.getType());
  int64_t rows = x.getShape()[1], length = countOf(x.getShape().drop_front(2));
  Word *to = result.mutableWords().data();
  for (int64_t batch = 0; batch < index.size(); ++batch) {
    int64_t row = index.integer(batch);
    if (row < 0 || row >= rows)
      return outside(row, rows, batch);
    to = llvm::copy(x.words().slice((batch * rows + row) * length, length), to);
  }
  return result;
}

Tensor interpreter::evaluate(hf::CacheUpdateOp op, ArrayRef<Tensor> operands) {
  const Tensor &cache = operands[0], &rows = operands[1], &past = operands[2], &count = operands[3];
  Tensor result = cache.clone();
  int64_t capacity = cache.getShape()[1], chunk = rows.getShape()[1];
  int64_t length = countOf(cache.getShape().drop_front(2));
  for (int64_t batch = 0; batch < cache.getShape()[0]; ++batch)
    for (int64_t i = 0; i < std::min(chunk, count.integer(batch)); ++i) {
      int64_t row = past.integer(batch) + i;
      if (row < 0 || row >= capacity)
        continue;
      llvm::copy(rows.words().slice((batch * chunk + i) * length, length),
                 result.mutableWords().begin() + (batch * capacity + row) * length);
    }
  return result;
}
