//===- Permutation.cpp - algebra of permuted dimensions
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Transforms/Layout/Permutation.h"

using namespace hfc;
using namespace hfc::layout;

Permutation layout::identity(int64_t rank) { return llvm::to_vector<4>(llvm::seq<int64_t>(0, rank)); }

bool layout::isIdentity(ArrayRef<int64_t> permutation) {
  return llvm::equal(permutation, llvm::seq<int64_t>(0, permutation.size()));
}

Permutation layout::inverse(ArrayRef<int64_t> permutation) {
  Permutation result(permutation.size());
  for (auto [index, dim] : llvm::enumerate(permutation))
    result[dim] = index;
  return result;
}

SmallVector<int64_t> layout::toStored(ArrayRef<int64_t> numbers, ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> stored(numbers.size());
  for (auto [index, dim] : llvm::enumerate(permutation))
    stored[dim] = numbers[index];
  return stored;
}

namespace {
/// Dimensions `[fromBegin, fromEnd)` of one shape that hold the elements of `[toBegin, toEnd)` of another.
struct Group {
  int64_t fromBegin, fromEnd, toBegin, toEnd;
};
} // namespace

/// The finest division of two shapes of one number of elements into corresponding groups.
static SmallVector<Group> divide(ArrayRef<int64_t> from, ArrayRef<int64_t> to) {
  SmallVector<Group> groups;
  int64_t fromRank = from.size(), toRank = to.size(), i = 0, j = 0;
  while (i < fromRank && j < toRank) {
    Group group{i, i + 1, j, j + 1};
    int64_t left = from[i++], right = to[j++];
    while (left != right) {
      bool growLeft = left < right;
      if (growLeft ? i == fromRank : j == toRank)
        return {};
      if (growLeft)
        left *= from[i++];
      else
        right *= to[j++];
    }
    group.fromEnd = i;
    group.toEnd = j;
    groups.push_back(group);
  }
  if (groups.empty())
    return {};
  // What is left has size 1.
  groups.back().fromEnd = fromRank;
  groups.back().toEnd = toRank;
  return groups;
}

std::optional<CommutedReshape> layout::commuteReshape(ArrayRef<int64_t> from, ArrayRef<int64_t> to,
                                                      ArrayRef<int64_t> permutation) {
  if (llvm::is_contained(from, 0))
    return std::nullopt;
  SmallVector<Group> groups = divide(from, to);
  if (groups.empty())
    return std::nullopt;
  for (const Group &group : groups)
    for (int64_t dim = group.fromBegin + 1; dim < group.fromEnd; ++dim)
      if (permutation[dim] != permutation[dim - 1] + 1)
        return std::nullopt;
  llvm::sort(groups,
             [&](const Group &a, const Group &b) { return permutation[a.fromBegin] < permutation[b.fromBegin]; });
  CommutedReshape result;
  result.permutation.resize(to.size());
  for (const Group &group : groups)
    for (int64_t dim = group.toBegin; dim < group.toEnd; ++dim) {
      result.permutation[dim] = result.storedShape.size();
      result.storedShape.push_back(to[dim]);
    }
  return result;
}

Permutation layout::dropDims(ArrayRef<int64_t> permutation, ArrayRef<int64_t> dims) {
  Permutation kept;
  for (auto [index, dim] : llvm::enumerate(permutation))
    if (!llvm::is_contained(dims, static_cast<int64_t>(index)))
      kept.push_back(dim);
  Permutation sorted = kept;
  llvm::sort(sorted);
  for (int64_t &dim : kept)
    dim = llvm::lower_bound(sorted, dim) - sorted.begin();
  return kept;
}

ArrayRef<int64_t> layout::orderOf(hf::HeadLayout layout) {
  static constexpr int64_t orders[3][4] = {{0, 1, 2, 3}, {0, 2, 1, 3}, {1, 0, 2, 3}};
  return orders[static_cast<uint32_t>(layout)];
}

std::optional<hf::HeadLayout> layout::layoutOf(ArrayRef<int64_t> order) {
  for (hf::HeadLayout layout : {hf::HeadLayout::bshd, hf::HeadLayout::bhsd, hf::HeadLayout::sbhd})
    if (orderOf(layout) == order)
      return layout;
  return std::nullopt;
}

Permutation layout::between(ArrayRef<int64_t> from, ArrayRef<int64_t> to) {
  Permutation result;
  for (int64_t dim : to)
    result.push_back(llvm::find(from, dim) - from.begin());
  return result;
}
