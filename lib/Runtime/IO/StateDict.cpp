//===- StateDict.cpp - values of logical parameters, by transformers' names
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Runtime/IO/StateDict.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>

namespace hfc::io {

namespace {
/// A piece with nothing left open: part `sizes` at `offsets` of a tensor takes elements of the parameter from `first`
/// on, which stand there with permuted dimensions.
struct Placement {
  std::string tensor;
  ParameterValue value;
  std::vector<int64_t> offsets, sizes, permutation;
  int64_t first = 0;
};

const std::vector<Piece> &piecesOf(const ParameterInfo &parameter) {
  return parameter.stateDict.empty() ? parameter.pieces : parameter.stateDict;
}

/// The shape, before permuting, of a piece that is a whole tensor: of several such pieces, each has the same share of
/// dimension 0, and no such dimension if that is one row (experts).
std::vector<int64_t> wholeShape(const ParameterInfo &parameter, const Piece &piece, int64_t pieces) {
  std::vector<int64_t> shape = parameter.shape;
  if (pieces > 1 && !shape.empty()) {
    shape[0] /= pieces;
    if (shape[0] == 1)
      shape.erase(shape.begin());
  }
  if (piece.permutation.size() != shape.size())
    return shape;
  std::vector<int64_t> unpermuted(shape.size());
  for (size_t i = 0; i < shape.size(); ++i)
    unpermuted[piece.permutation[i]] = shape[i];
  return unpermuted;
}

bool isPermutation(std::vector<int64_t> permutation, size_t rank) {
  std::vector<int64_t> places(rank);
  std::iota(places.begin(), places.end(), 0);
  std::sort(permutation.begin(), permutation.end());
  return permutation == places;
}

Status place(const ParameterValue &value, std::vector<Placement> &placements) {
  const ParameterInfo &parameter = *value.parameter;
  const std::vector<Piece> &pieces = piecesOf(parameter);
  int64_t first = 0;
  for (const Piece &piece : pieces) {
    Placement placement{piece.tensor, value, piece.offsets, piece.sizes, piece.permutation, first};
    if (piece.permutation.size() && !isPermutation(piece.permutation, piece.permutation.size()))
      return Failure{parameter.name + ": no permutation of the dimensions of " + piece.tensor};
    if (placement.sizes.empty())
      placement.sizes = wholeShape(parameter, piece, pieces.size());
    if (placement.offsets.empty())
      placement.offsets.assign(placement.sizes.size(), 0);
    if (placement.permutation.empty()) {
      placement.permutation.resize(placement.sizes.size());
      std::iota(placement.permutation.begin(), placement.permutation.end(), 0);
    }
    size_t rank = placement.sizes.size();
    if (placement.offsets.size() != rank || placement.permutation.size() != rank)
      return Failure{parameter.name + ": its piece of " + piece.tensor + " has offsets, sizes and dimensions of " +
                     "different numbers"};
    first += elementCount(placement.sizes).value_or(0);
    placements.push_back(std::move(placement));
  }
  if (first != parameter.elements())
    return Failure{parameter.name + ": its pieces have " + std::to_string(first) + " elements, and it has " +
                   std::to_string(parameter.elements())};
  return {};
}

/// Makes the tensor large enough for a piece.
Status reach(const Placement &placement, OwnedTensor &tensor, bool isNew) {
  TensorInfo &info = tensor.info;
  if (isNew) {
    info.name = placement.tensor;
    info.dtype = placement.value.dtype;
    info.shape.assign(placement.sizes.size(), 0);
  }
  if (info.shape.size() != placement.sizes.size() || info.dtype != placement.value.dtype)
    return Failure{placement.value.parameter->name + ": another parameter's piece of " + placement.tensor +
                   " has another rank or type"};
  for (size_t i = 0; i < info.shape.size(); ++i)
    info.shape[i] = std::max(info.shape[i], placement.offsets[i] + placement.sizes[i]);
  return {};
}

void copyPiece(const Placement &placement, OwnedTensor &tensor) {
  size_t rank = placement.sizes.size();
  int64_t size = sizeOf(tensor.info.dtype), stride = 1, to = 0;
  std::vector<int64_t> strides(rank), permutedStrides(rank), shape(rank), index(rank, 0);
  for (size_t i = rank; i-- > 0; stride *= tensor.info.shape[i]) {
    strides[i] = stride;
    to += placement.offsets[i] * stride;
  }
  for (size_t i = 0; i < rank; ++i) {
    permutedStrides[i] = strides[placement.permutation[i]];
    shape[i] = placement.sizes[placement.permutation[i]];
  }
  const char *from = static_cast<const char *>(placement.value.data) + placement.first * size;
  for (int64_t left = elementCount(placement.sizes).value_or(0); left > 0; --left, from += size) {
    std::memcpy(tensor.data.data() + to * size, from, size);
    for (size_t i = rank; i-- > 0;) {
      to += permutedStrides[i];
      if (++index[i] < shape[i])
        break;
      to -= permutedStrides[i] * shape[i];
      index[i] = 0;
    }
  }
}
} // namespace

Result<std::vector<OwnedTensor>> assembleStateDict(const std::vector<ParameterValue> &values) {
  std::vector<Placement> placements;
  for (const ParameterValue &value : values)
    if (Status status = place(value, placements); !status)
      return Failure{status.error()};
  std::vector<OwnedTensor> tensors;
  std::map<std::string, size_t> numbers;
  for (const Placement &placement : placements) {
    auto [found, isNew] = numbers.try_emplace(placement.tensor, tensors.size());
    if (isNew)
      tensors.emplace_back();
    if (Status status = reach(placement, tensors[found->second], isNew); !status)
      return Failure{status.error()};
  }
  for (OwnedTensor &tensor : tensors)
    tensor.data.resize(tensor.info.bytes());
  for (const Placement &placement : placements)
    copyPiece(placement, tensors[numbers.at(placement.tensor)]);
  return tensors;
}

} // namespace hfc::io
