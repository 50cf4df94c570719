//===- Operand.cpp - how a product's operand lies in memory
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Operand.h"

namespace hfc::cuda {

namespace {
/// Appends a dimension inside all others.
void append(std::vector<Extent> &extents, Extent inner) {
  if (inner.size == 1)
    return;
  if (!extents.empty() && extents.back().stride == inner.size * inner.stride) {
    extents.back() = {extents.back().size * inner.size, inner.stride};
    return;
  }
  extents.push_back(inner);
}

/// Takes the innermost dimensions, `size` elements of them, off a list; false if no dimension ends there.
bool takeInner(std::vector<Extent> &extents, int64_t size, std::vector<Extent> &inner) {
  std::vector<Extent> taken;
  while (size > 1) {
    if (extents.empty())
      return false;
    Extent &last = extents.back();
    if (last.size <= size) {
      if (size % last.size != 0)
        return false;
      size /= last.size;
      taken.push_back(last);
      extents.pop_back();
      continue;
    }
    if (last.size % size != 0)
      return false;
    taken.push_back({size, last.stride});
    last = {last.size / size, last.stride * size};
    size = 1;
  }
  for (auto each = taken.rbegin(); each != taken.rend(); ++each)
    append(inner, *each);
  return true;
}
} // namespace

int64_t Operand::offset(int64_t index) const {
  int64_t offset = 0;
  for (auto extent = batch.rbegin(); extent != batch.rend(); ++extent) {
    offset += index % extent->size * extent->stride;
    index /= extent->size;
  }
  return offset;
}

std::vector<Extent> extentsOf(const int64_t *order) {
  std::vector<Extent> extents;
  int64_t rank = order[0];
  for (int64_t i = 0; i < rank; ++i)
    append(extents, {order[1 + i], order[1 + rank + i]});
  return extents;
}

std::optional<Operand> operandOf(const int64_t *order, int64_t batch, int64_t rows, int64_t cols) {
  std::vector<Extent> all = order ? extentsOf(order) : std::vector<Extent>{{batch * rows * cols, 1}};
  std::vector<Extent> inRow, inColumn, matrices;
  if (!takeInner(all, cols, inRow) || !takeInner(all, rows, inColumn) || !takeInner(all, batch, matrices) ||
      inRow.size() > 1 || inColumn.size() > 1)
    return std::nullopt;
  Operand operand;
  operand.batch = std::move(matrices);
  if (operand.batch.empty())
    operand.batch.push_back({1, rows * cols});
  // A dimension of one element lies wherever that is convenient.
  int64_t along = inRow.empty() ? 1 : inRow[0].stride, down = inColumn.empty() ? 0 : inColumn[0].stride;
  if (along == 1 && (inColumn.empty() || down >= cols)) {
    operand.leading = inColumn.empty() ? cols : down;
    return operand;
  }
  if ((down == 1 || inColumn.empty()) && (inRow.empty() || along >= rows)) {
    operand.transposed = true;
    operand.leading = along > rows ? along : rows;
    return operand;
  }
  return std::nullopt;
}

} // namespace hfc::cuda
