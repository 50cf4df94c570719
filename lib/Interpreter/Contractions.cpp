//===- Contractions.cpp - reductions, products and selections
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Primitives.h"

using namespace hfc;
using namespace hfc::interpreter;

Tensor interpreter::evaluate(const Domain &domain, hf::ReduceOp op, const Tensor &x) {
  static constexpr Combine kinds[] = {Combine::Sum, Combine::Max, Combine::Min};
  Combine kind = kinds[static_cast<int>(op.getKind())];
  Tensor result = emptyOf(op.getType());
  SmallVector<int64_t> strides = stridesOf(x.getShape()), kept, keptStrides, reduced, reducedStrides;
  for (int64_t dim = 0; dim < x.rank(); ++dim) {
    bool goes = llvm::is_contained(op.getDims(), dim);
    (goes ? reduced : kept).push_back(x.getShape()[dim]);
    (goes ? reducedStrides : keptStrides).push_back(strides[dim]);
  }
  std::vector<Word> group(countOf(reduced));
  Word *to = result.mutableWords().data();
  forEachOffset(kept, keptStrides, [&](int64_t base) {
    Word *next = group.data();
    forEachOffset(reduced, reducedStrides, [&](int64_t offset) { *next++ = x.words()[base + offset]; });
    *to++ = domain.reduce(kind, x.getElement(), group);
  });
  return result;
}

/// One matrix of a batch, its last two dimensions swapped on request.
static MatrixRef matrixOf(const Tensor &x, int64_t batch, bool transposed) {
  ArrayRef<int64_t> sizes = x.getShape().take_back(2);
  const Word *data = x.words().data() + batch * sizes[0] * sizes[1];
  return transposed ? MatrixRef{data, 1, sizes[1]} : MatrixRef{data, sizes[1], 1};
}

Tensor interpreter::evaluate(const Domain &domain, hf::MatmulOp op, const Tensor &lhs, const Tensor &rhs) {
  Tensor result = emptyOf(op.getType());
  int64_t batches = countOf(result.getShape().drop_back(2));
  int64_t rows = result.getShape().take_back(2)[0], columns = result.getShape().back();
  int64_t depth = lhs.getShape().take_back(2)[op.getTransposeLhs() ? 0 : 1];
  for (int64_t batch = 0; batch < batches; ++batch)
    domain.matmul(result.getElement(), rows, columns, depth, matrixOf(lhs, batch, op.getTransposeLhs()),
                  matrixOf(rhs, batch, op.getTransposeRhs()), /*bias=*/{},
                  result.mutableWords().slice(batch * rows * columns, rows * columns));
  return result;
}

Results interpreter::evaluate(const Domain &domain, hf::TopKOp op, const Tensor &x) {
  Results results{emptyOf(op.getValues().getType()), emptyOf(op.getIndices().getType())};
  int64_t length = x.getShape().back(), count = results[0].getShape().back();
  for (int64_t row = 0, rows = length ? x.size() / length : 0; row < rows; ++row) {
    ArrayRef<Word> words = x.words().slice(row * length, length);
    std::vector<int64_t> order(length);
    for (int64_t i = 0; i < length; ++i)
      order[i] = i;
    llvm::sort(order, [&](int64_t a, int64_t b) {
      return domain.greater(words[a], words[b]) || (a < b && !domain.greater(words[b], words[a]));
    });
    for (int64_t i = 0; i < count; ++i) {
      results[0].mutableWords()[row * count + i] = words[order[i]];
      results[1].mutableWords()[row * count + i] = static_cast<Word>(order[i]);
    }
  }
  return results;
}
