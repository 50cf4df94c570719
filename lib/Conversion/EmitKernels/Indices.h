//===- Indices.h - where an element stands in a tensor, as SSA values
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An element's position is kept as linear indices over runs of dimensions (groups), taken apart only where an
// op looks at one dimension. So a reshape costs nothing, a flattened loop stays flat, and "is this the current
// row" is a comparison of SSA values.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_CONVERSION_EMITKERNELS_INDICES_H
#define HFC_LIB_CONVERSION_EMITKERNELS_INDICES_H

#include "hfc/Support/LLVM.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/DenseMap.h"
#include <map>

namespace hfc {

/// A run of dimensions under one row-major linear index. In a vector, lane `k` stands at `base + k * lane`.
struct IndexGroup {
  Value base;
  int64_t lane = 0;
  /// `base` is a multiple of this; 0 means that it is the constant 0.
  int64_t multiple = 1;
  SmallVector<int64_t, 4> extents;

  int64_t size() const;
  bool operator==(const IndexGroup &other) const;
};

/// Groups that partition the dimensions of a shape, in order.
using Indices = SmallVector<IndexGroup, 4>;

/// Whether all lanes stand at the same element.
bool isUniform(const Indices &indices);

/// Builds index arithmetic, each expression once in a scope.
class IndexBuilder {
public:
  IndexBuilder(ImplicitLocOpBuilder &builder, Block *entry) : builder(builder), entry(entry) {}

  /// Elements that a vector holds; groups are taken apart only where that leaves lanes consecutive.
  int64_t width = 1;

  /// A constant at the top of the kernel.
  Value constant(int64_t value);
  Value add(Value lhs, Value rhs);
  Value add(Value lhs, int64_t rhs) { return rhs ? add(lhs, constant(rhs)) : lhs; }
  Value mul(Value lhs, int64_t rhs);
  Value div(Value lhs, int64_t rhs);
  Value rem(Value lhs, int64_t rhs);
  Value min(Value lhs, int64_t rhs);

  /// A group; of one element only, it is the constant 0.
  IndexGroup group(Value base, ArrayRef<int64_t> extents, int64_t lane = 0, int64_t multiple = 1);

  /// Makes a group begin at dimension `dim`. Fails if lanes would not stay evenly spaced on both sides.
  LogicalResult splitAt(Indices &indices, int64_t dim);
  /// One group for each dimension.
  LogicalResult splitAll(Indices &indices);
  /// All of `indices` under one index.
  IndexGroup mergeAll(const Indices &indices);
  /// The same element under another shape.
  Indices reshape(const Indices &indices, ArrayRef<int64_t> shape);
  /// The element at which lane `number` stands.
  Indices atLane(const Indices &indices, int64_t number);

  /// Forgets, at its end, what was built since its beginning: code in a region is not visible outside.
  class Scope {
  public:
    explicit Scope(IndexBuilder &indices) : indices(indices), mark(indices.log.size()) {}
    ~Scope();

  private:
    IndexBuilder &indices;
    size_t mark;
  };

private:
  enum class Kind { Add, Mul, Div, Rem, Min };
  using Key = std::tuple<Kind, void *, void *>;
  struct Origin {
    IndexGroup whole;
    int64_t low;
  };

  Value build(Kind kind, Value lhs, Value rhs);
  IndexGroup merge(const IndexGroup &high, const IndexGroup &low);
  LogicalResult splitGroup(const IndexGroup &whole, size_t position, IndexGroup &high, IndexGroup &low);

  ImplicitLocOpBuilder &builder;
  Block *entry;
  std::map<Key, Value> known;
  SmallVector<Key> log;
  std::map<int64_t, Value> constants;
  /// What was taken apart, by its parts: putting them together again gives the whole.
  DenseMap<std::pair<Value, Value>, Origin> origins;
};

} // namespace hfc

#endif // HFC_LIB_CONVERSION_EMITKERNELS_INDICES_H
