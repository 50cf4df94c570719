//===- Placement.h - whole tensors and the ranks' pieces of them
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_INTERPRETER_PLACEMENT_H
#define HFC_INTERPRETER_PLACEMENT_H

#include "dialects/dist/Dist.h"
#include "hfc/Interpreter/Domain.h"

#include "llvm/Support/Error.h"

#include <map>

namespace hfc::interpreter {

/// Where a tensor lives on the ranks of a mesh. No sharding is: the same on all of them.
class Placement {
public:
  Placement(dist::MeshAttr mesh, dist::ShardingAttr sharding, ArrayRef<int64_t> whole)
      : mesh(mesh), sharding(sharding), whole(whole) {}

  /// The shape of a rank's piece.
  SmallVector<int64_t> localShape() const;
  /// A rank's piece, padded with `padding`. Of a tensor that is partial, the first rank of those that complete it has
  /// all, unless taking a value twice does not change the result.
  Tensor localize(const Tensor &value, int64_t rank, Word padding) const;
  /// All ranks' pieces. Ranks that hold the same share it.
  std::vector<Tensor> localizeAll(const Tensor &value, int64_t ranks, Word padding) const;
  /// The whole tensor, of each rank's piece. Fails where replicas differ, or where padding must be zero and is not.
  llvm::Expected<Tensor> assemble(const Domain &domain, ArrayRef<Tensor> pieces, bool isPaddedWithZeros) const;

private:
  bool isWhole() const { return !sharding || sharding.isReplicated(); }
  /// How many pieces a dimension has, and which of them a rank has.
  int64_t piecesOf(size_t dim) const;
  int64_t placeOf(int64_t rank, size_t dim) const;
  /// Whether a rank has none of a partial tensor when it is given out.
  bool holdsNothing(int64_t rank) const;
  /// The values of the ranks that hold complete ones: by the places of their pieces, the first such rank and its value.
  using Pieces = std::map<SmallVector<int64_t>, std::pair<int64_t, Tensor>>;
  llvm::Expected<Pieces> complete(const Domain &domain, ArrayRef<Tensor> values) const;

  dist::MeshAttr mesh;
  dist::ShardingAttr sharding;
  ArrayRef<int64_t> whole;
};

} // namespace hfc::interpreter

#endif // HFC_INTERPRETER_PLACEMENT_H
