//===- Mesh.h - ranks, and the pieces of tensors that they hold
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_RUNTIME_IO_MESH_H
#define HFC_RUNTIME_IO_MESH_H

#include <cstdint>
#include <string>
#include <vector>

namespace hfc::io {

struct TensorInfo;

/// A sub-axis: its index is (index of the axis) / (N / (pre * size)) mod size, with N the axis' size. See `#dist.axis`.
struct AxisRef {
  std::string name;
  int64_t pre = 1, size = 1;
};
/// The first is the slowest.
using Axes = std::vector<AxisRef>;
/// For each dimension the axes that it is cut over, in pieces of ceil(size / ranks); empty: nothing is cut.
using Sharding = std::vector<Axes>;

/// The named axes of the ranks, which are numbered row-major: the last axis varies fastest.
struct Mesh {
  struct Axis {
    std::string name;
    int64_t size = 1;
  };
  std::vector<Axis> axes;

  int64_t ranks() const;
  /// Null if there is none of that name.
  const Axis *find(const std::string &name) const;
  /// A rank's place along axes.
  int64_t placeOf(int64_t rank, const Axes &along) const;
  /// The ranks that differ from `rank` in their places along these axes only, in the order of these places.
  std::vector<int> groupOf(int64_t rank, const Axes &along) const;
  /// "dp=2,tp=4", as in --mesh.
  std::string toString() const;
};

/// How many ranks axes tell apart.
int64_t sizeOf(const Axes &axes);
/// "tp", "dp, tp:(1)2".
std::string toString(const Axes &axes, const Mesh &mesh);

/// The part of a whole tensor that a rank holds. Where its piece reaches beyond the whole, it is padded.
struct Region {
  /// For each dimension where the piece begins, how much of it is no padding, and what it has with padding.
  std::vector<int64_t> offsets, sizes, padded;

  bool isPadded() const { return sizes != padded; }
};
Region regionOf(const Mesh &mesh, const TensorInfo &tensor, int64_t rank);

/// Copies a rank's piece out of the whole tensor; padding is zero.
void takePiece(const Mesh &mesh, const TensorInfo &tensor, int64_t rank, const void *whole, void *piece);
/// The inverse: padding is dropped.
void putPiece(const Mesh &mesh, const TensorInfo &tensor, int64_t rank, const void *piece, void *whole);

/// One rank for each different piece: the first that holds it.
std::vector<bool> holdersOf(const Mesh &mesh, const TensorInfo &tensor);

} // namespace hfc::io

#endif // HFC_RUNTIME_IO_MESH_H
