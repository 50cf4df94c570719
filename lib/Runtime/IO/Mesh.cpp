//===- Mesh.cpp - ranks, and the pieces of tensors that they hold
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Runtime/IO/Mesh.h"

#include "hfc/Runtime/IO/Metadata.h"

#include <algorithm>
#include <set>

namespace hfc::io {

int64_t Mesh::ranks() const {
  int64_t product = 1;
  for (const Axis &axis : axes)
    product *= axis.size;
  return product;
}

const Mesh::Axis *Mesh::find(const std::string &name) const {
  auto it = std::find_if(axes.begin(), axes.end(), [&](const Axis &axis) { return axis.name == name; });
  return it == axes.end() ? nullptr : &*it;
}

int64_t Mesh::placeOf(int64_t rank, const Axes &along) const {
  int64_t place = 0;
  for (const AxisRef &ref : along) {
    const Axis *axis = find(ref.name);
    int64_t stride = 1;
    for (const Axis *faster = axis + 1; faster != axes.data() + axes.size(); ++faster)
      stride *= faster->size;
    int64_t index = rank / stride % axis->size;
    place = place * ref.size + index / (axis->size / (ref.pre * ref.size)) % ref.size;
  }
  return place;
}

std::vector<int> Mesh::groupOf(int64_t rank, const Axes &along) const {
  std::vector<int> group{int(rank)};
  // From the fastest axis to the slowest: what is there already is repeated for each index.
  for (auto ref = along.rbegin(); ref != along.rend(); ++ref) {
    const Axis *axis = find(ref->name);
    int64_t stride = axis->size / (ref->pre * ref->size);
    for (const Axis *faster = axis + 1; faster != axes.data() + axes.size(); ++faster)
      stride *= faster->size;
    int64_t own = placeOf(rank, {*ref});
    std::vector<int> wider;
    for (int64_t index = 0; index < ref->size; ++index)
      for (int member : group)
        wider.push_back(int(member + (index - own) * stride));
    group = std::move(wider);
  }
  return group;
}

std::string Mesh::toString() const {
  std::string text;
  for (const Axis &axis : axes)
    text += (text.empty() ? "" : ",") + axis.name + "=" + std::to_string(axis.size);
  return text;
}

int64_t sizeOf(const Axes &axes) {
  int64_t product = 1;
  for (const AxisRef &axis : axes)
    product *= axis.size;
  return product;
}

std::string toString(const Axes &axes, const Mesh &mesh) {
  std::string text;
  for (const AxisRef &ref : axes) {
    const Mesh::Axis *axis = mesh.find(ref.name);
    text += (text.empty() ? "" : ", ") + ref.name;
    if (axis && axis->size != ref.size)
      text += ":(" + std::to_string(ref.pre) + ")" + std::to_string(ref.size);
  }
  return text;
}

Region regionOf(const Mesh &mesh, const TensorInfo &tensor, int64_t rank) {
  Region region;
  region.padded = tensor.shape;
  region.offsets.assign(tensor.shape.size(), 0);
  region.sizes = tensor.wholeShape();
  for (size_t i = 0; i < tensor.sharding.size(); ++i) {
    int64_t begin = mesh.placeOf(rank, tensor.sharding[i]) * tensor.shape[i];
    region.offsets[i] = std::min(begin, region.sizes[i]);
    region.sizes[i] = std::clamp(region.sizes[i] - begin, int64_t(0), tensor.shape[i]);
  }
  return region;
}

namespace {
/// Calls `copy(offset in the whole, offset in the piece, elements)` for each run that lies together in both.
template <typename Copy>
void forEachRun(const TensorInfo &tensor, const Region &region, Copy copy) {
  std::vector<int64_t> whole = tensor.wholeShape();
  size_t rank = whole.size();
  if (std::count(region.sizes.begin(), region.sizes.end(), 0))
    return;
  // Dimensions from `outer` on are complete in both: one run.
  size_t outer = rank;
  int64_t inner = 1;
  while (outer > 0 && region.sizes[outer - 1] == whole[outer - 1] && region.padded[outer - 1] == whole[outer - 1])
    inner *= whole[--outer];
  int64_t run = inner;
  if (outer > 0)
    run *= region.sizes[outer - 1];
  std::vector<int64_t> index(outer ? outer - 1 : 0, 0);
  for (;;) {
    int64_t from = 0, to = 0;
    for (size_t i = 0; i < outer; ++i) {
      int64_t at = i + 1 < outer ? index[i] : 0;
      from = from * whole[i] + region.offsets[i] + at;
      to = to * region.padded[i] + at;
    }
    copy(from * inner, to * inner, run);
    size_t i = index.size();
    while (i > 0 && ++index[i - 1] == region.sizes[i - 1])
      index[--i] = 0;
    if (i == 0)
      return;
  }
}
} // namespace

void takePiece(const Mesh &mesh, const TensorInfo &tensor, int64_t rank, const void *whole, void *piece) {
  Region region = regionOf(mesh, tensor, rank);
  int64_t size = sizeOf(tensor.dtype);
  if (region.isPadded())
    std::memset(piece, 0, tensor.bytes());
  forEachRun(tensor, region, [&](int64_t from, int64_t to, int64_t count) {
    std::memcpy(static_cast<char *>(piece) + to * size, static_cast<const char *>(whole) + from * size, count * size);
  });
}

void putPiece(const Mesh &mesh, const TensorInfo &tensor, int64_t rank, const void *piece, void *whole) {
  int64_t size = sizeOf(tensor.dtype);
  forEachRun(tensor, regionOf(mesh, tensor, rank), [&](int64_t to, int64_t from, int64_t count) {
    std::memcpy(static_cast<char *>(whole) + to * size, static_cast<const char *>(piece) + from * size, count * size);
  });
}

std::vector<bool> holdersOf(const Mesh &mesh, const TensorInfo &tensor) {
  std::vector<bool> holders;
  std::set<int64_t> seen;
  for (int64_t rank = 0; rank < mesh.ranks(); ++rank) {
    int64_t piece = 0;
    for (const Axes &axes : tensor.sharding)
      piece = piece * sizeOf(axes) + mesh.placeOf(rank, axes);
    holders.push_back(seen.insert(piece).second);
  }
  return holders;
}

} // namespace hfc::io
