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

/// A piece with nothing left open: part `sizes` at `offsets` of a tensor takes elements of the parameter from `first`
/// on, which stand there with permuted dimensions.
struct StateDictAssembler::Placement {
  size_t parameter = 0, tensor = 0;
  std::vector<int64_t> offsets, sizes, permutation;
  int64_t first = 0;
};

namespace {
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

/// Leaves nothing open in what a piece says of its place.
Status complete(const ParameterInfo &parameter, Piece &piece, int64_t pieces) {
  if (piece.permutation.size() && !isPermutation(piece.permutation, piece.permutation.size()))
    return Failure{parameter.name + ": no permutation of the dimensions of " + piece.tensor};
  if (piece.sizes.empty())
    piece.sizes = wholeShape(parameter, piece, pieces);
  size_t rank = piece.sizes.size();
  if (piece.offsets.empty())
    piece.offsets.assign(rank, 0);
  if (piece.permutation.empty()) {
    piece.permutation.resize(rank);
    std::iota(piece.permutation.begin(), piece.permutation.end(), 0);
  }
  if (piece.offsets.size() != rank || piece.permutation.size() != rank)
    return Failure{parameter.name + ": its piece of " + piece.tensor + " has offsets, sizes and dimensions of " +
                   "different numbers"};
  return {};
}

/// Makes the tensor large enough for a piece.
Status reach(const ParameterValue &value, const Piece &piece, TensorInfo &info, bool isNew) {
  if (isNew) {
    info.name = piece.tensor;
    info.dtype = value.dtype;
    info.shape.assign(piece.sizes.size(), 0);
  }
  if (info.shape.size() != piece.sizes.size() || info.dtype != value.dtype)
    return Failure{value.parameter->name + ": another parameter's piece of " + piece.tensor +
                   " has another rank or type"};
  for (size_t i = 0; i < info.shape.size(); ++i)
    info.shape[i] = std::max(info.shape[i], piece.offsets[i] + piece.sizes[i]);
  return {};
}
} // namespace

StateDictAssembler::StateDictAssembler() = default;
StateDictAssembler::~StateDictAssembler() = default;
StateDictAssembler::StateDictAssembler(StateDictAssembler &&) = default;

Result<StateDictAssembler> StateDictAssembler::create(const std::vector<ParameterValue> &values) {
  StateDictAssembler assembler;
  std::map<std::string, size_t> numbers;
  for (size_t number = 0; number < values.size(); ++number) {
    const ParameterInfo &parameter = *values[number].parameter;
    const std::vector<Piece> &pieces = piecesOf(parameter);
    int64_t first = 0;
    for (Piece piece : pieces) {
      if (Status status = complete(parameter, piece, int64_t(pieces.size())); !status)
        return Failure{status.error()};
      auto [found, isNew] = numbers.try_emplace(piece.tensor, assembler.infos.size());
      if (isNew)
        assembler.infos.emplace_back();
      if (Status status = reach(values[number], piece, assembler.infos[found->second], isNew); !status)
        return Failure{status.error()};
      assembler.placements.push_back({number, found->second, piece.offsets, piece.sizes, piece.permutation, first});
      first += elementCount(piece.sizes).value_or(0);
    }
    if (first != parameter.elements())
      return Failure{parameter.name + ": its pieces have " + std::to_string(first) + " elements, and it has " +
                     std::to_string(parameter.elements())};
  }
  assembler.buffers.resize(assembler.infos.size());
  assembler.missing.resize(assembler.infos.size());
  for (const Placement &placement : assembler.placements)
    ++assembler.missing[placement.tensor];
  return assembler;
}

/// Copies a parameter's elements, from `from` on, to their places in a tensor.
static void copyPiece(const TensorInfo &tensor, const std::vector<int64_t> &offsets, const std::vector<int64_t> &sizes,
                      const std::vector<int64_t> &permutation, const char *from, char *target) {
  size_t rank = sizes.size();
  int64_t size = sizeOf(tensor.dtype), stride = 1, to = 0;
  std::vector<int64_t> strides(rank), permutedStrides(rank), shape(rank), index(rank, 0);
  for (size_t i = rank; i-- > 0; stride *= tensor.shape[i]) {
    strides[i] = stride;
    to += offsets[i] * stride;
  }
  for (size_t i = 0; i < rank; ++i) {
    permutedStrides[i] = strides[permutation[i]];
    shape[i] = sizes[permutation[i]];
  }
  for (int64_t left = elementCount(sizes).value_or(0); left > 0; --left, from += size) {
    std::memcpy(target + to * size, from, size);
    for (size_t i = rank; i-- > 0;) {
      to += permutedStrides[i];
      if (++index[i] < shape[i])
        break;
      to -= permutedStrides[i] * shape[i];
      index[i] = 0;
    }
  }
}

void StateDictAssembler::add(size_t parameter, const void *data) {
  auto [begin, end] =
      std::equal_range(placements.begin(), placements.end(), Placement{parameter, 0, {}, {}, {}, 0},
                       [](const Placement &a, const Placement &b) { return a.parameter < b.parameter; });
  for (auto placement = begin; placement != end; ++placement) {
    const TensorInfo &tensor = infos[placement->tensor];
    std::vector<char> &buffer = buffers[placement->tensor];
    buffer.resize(tensor.bytes());
    copyPiece(tensor, placement->offsets, placement->sizes, placement->permutation,
              static_cast<const char *>(data) + placement->first * sizeOf(tensor.dtype), buffer.data());
    --missing[placement->tensor];
  }
}

std::optional<OwnedTensor> StateDictAssembler::takeNext() {
  if (next == infos.size() || missing[next])
    return std::nullopt;
  OwnedTensor tensor{infos[next], std::move(buffers[next])};
  ++next;
  return tensor;
}

Result<std::vector<OwnedTensor>> assembleStateDict(const std::vector<ParameterValue> &values) {
  Result<StateDictAssembler> assembler = StateDictAssembler::create(values);
  if (!assembler)
    return Failure{assembler.error()};
  std::vector<OwnedTensor> tensors;
  for (size_t number = 0; number < values.size(); ++number) {
    assembler->add(number, values[number].data);
    while (std::optional<OwnedTensor> tensor = assembler->takeNext())
      tensors.push_back(std::move(*tensor));
  }
  return tensors;
}

} // namespace hfc::io
