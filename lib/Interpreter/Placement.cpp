//===- Placement.cpp - whole tensors and the ranks' pieces of them
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Interpreter/Placement.h"

#include "Collectives.h"

#include "dialects/dist/Sharding.h"

#include "llvm/Support/MathExtras.h"

using namespace hfc;
using namespace hfc::interpreter;

int64_t Placement::piecesOf(size_t dim) const { return dist::sizeOf(sharding.axesOf(dim), mesh); }

int64_t Placement::placeOf(int64_t rank, size_t dim) const { return dist::placeOf(rank, sharding.axesOf(dim), mesh); }

SmallVector<int64_t> Placement::localShape() const {
  return isWhole() ? SmallVector<int64_t>(whole) : dist::localShape(whole, sharding, mesh);
}

bool Placement::holdsNothing(int64_t rank) const {
  bool isIdempotent = sharding.getKind() == dist::ReductionKind::max || sharding.getKind() == dist::ReductionKind::min;
  return sharding.isPartial() && !isIdempotent && dist::placeOf(rank, sharding.getPartial().getAxes(), mesh) != 0;
}

Tensor Placement::localize(const Tensor &value, int64_t rank, Word padding) const {
  if (isWhole())
    return value;
  SmallVector<int64_t> local = localShape();
  if (holdsNothing(rank))
    return Tensor(value.getElement(), local);
  Tensor piece = value;
  for (size_t dim = 0; dim < local.size(); ++dim)
    piece = cut(piece, dim, placeOf(rank, dim) * local[dim], local[dim], padding);
  return piece;
}

std::vector<Tensor> Placement::localizeAll(const Tensor &value, int64_t ranks, Word padding) const {
  std::vector<Tensor> pieces;
  if (isWhole()) {
    pieces.assign(ranks, value);
    return pieces;
  }
  std::map<SmallVector<int64_t>, Tensor> known;
  for (int64_t rank = 0; rank < ranks; ++rank) {
    SmallVector<int64_t> places{holdsNothing(rank)};
    for (size_t dim = 0; dim < whole.size(); ++dim)
      places.push_back(placeOf(rank, dim));
    auto [found, isNew] = known.try_emplace(std::move(places));
    if (isNew)
      found->second = localize(value, rank, padding);
    pieces.push_back(found->second);
  }
  return pieces;
}

llvm::Expected<Placement::Pieces> Placement::complete(const Domain &domain, ArrayRef<Tensor> values) const {
  Pieces pieces;
  ArrayRef<dist::AxisRefAttr> partial;
  if (sharding)
    partial = sharding.getPartial().getAxes();
  for (int64_t rank = 0; rank < static_cast<int64_t>(values.size()); ++rank) {
    if (!partial.empty() && dist::placeOf(rank, partial, mesh) != 0)
      continue;
    SmallVector<int64_t> places;
    for (size_t dim = 0; dim < whole.size(); ++dim)
      places.push_back(isWhole() ? 0 : placeOf(rank, dim));
    Tensor value = values[rank];
    if (!partial.empty())
      value = combine(
          domain, sharding.getKind(),
          llvm::map_to_vector(dist::groupOf(rank, partial, mesh), [&](int64_t other) { return values[other]; }));
    auto [found, isNew] = pieces.try_emplace(places, rank, value);
    if (isNew || found->second.second.words() == value.words())
      continue;
    auto different = std::mismatch(value.words().begin(), value.words().end(), found->second.second.words().begin());
    return makeError("ranks " + Twine(found->second.first) + " and " + Twine(rank) +
                     " hold replicas that differ, first at element " + Twine(different.first - value.words().begin()));
  }
  return pieces;
}

static bool isZero(const Domain &domain, Element element, Word word) {
  return word == 0 || (isFloat(element) && domain.toReal(word) == 0);
}

llvm::Expected<Tensor> Placement::assemble(const Domain &domain, ArrayRef<Tensor> values,
                                           bool isPaddedWithZeros) const {
  llvm::Expected<Pieces> pieces = complete(domain, values);
  if (!pieces)
    return pieces.takeError();
  if (isWhole() || pieces->size() == 1)
    return pieces->begin()->second.second;
  Tensor result(values.front().getElement(), whole);
  SmallVector<int64_t> local = localShape(), strides = stridesOf(whole), pieceStrides = stridesOf(local);
  for (auto &[places, held] : *pieces) {
    const auto &[rank, piece] = held;
    for (int64_t element = 0; element < piece.size(); ++element) {
      int64_t offset = 0;
      bool isInside = true;
      for (size_t dim = 0; dim < local.size(); ++dim) {
        int64_t index = places[dim] * local[dim] + element / pieceStrides[dim] % local[dim];
        isInside &= index < whole[dim];
        offset += index * strides[dim];
      }
      Word word = piece.words()[element];
      if (isInside)
        result.mutableWords()[offset] = word;
      else if (isPaddedWithZeros && !isZero(domain, result.getElement(), word))
        return makeError("rank " + Twine(rank) + " has something other than zero in padding, at element " +
                         Twine(element));
    }
  }
  return result;
}
