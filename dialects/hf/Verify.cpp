//===- Verify.cpp - what the verifiers of hf ops share; parameters and states
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/Verify.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;
using namespace hfc::hf;

std::string hf::formatShape(ArrayRef<int64_t> shape) {
  if (shape.empty())
    return "scalar";
  return llvm::join(llvm::map_range(shape, [](int64_t size) { return std::to_string(size); }), "x");
}

std::optional<int64_t> hf::countElements(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  if (llvm::is_contained(shape, 0))
    return 0;
  for (int64_t size : shape)
    if (llvm::MulOverflow(count, size, count))
      return std::nullopt;
  return count;
}

LogicalResult hf::verifyTensor(Operation *op, StringRef constraint, StringRef what, Value value,
                               ArrayRef<int64_t> shape, Type element) {
  Type expected = RankedTensorType::get(shape, element);
  if (value.getType() == expected)
    return success();
  return op->emitOpError("(") << constraint << ") " << what << " must be " << expected << ", got " << value.getType();
}

bool hf::isPermutation(ArrayRef<int64_t> permutation, int64_t rank) {
  SmallVector<int64_t> sorted(permutation);
  llvm::sort(sorted);
  return llvm::equal(sorted, llvm::seq<int64_t>(0, rank));
}

bool hf::areIncreasingBelow(ArrayRef<int64_t> numbers, int64_t bound) {
  int64_t least = 0;
  for (int64_t number : numbers) {
    if (number < least || number >= bound)
      return false;
    least = number + 1;
  }
  return true;
}

//===----------------------------------------------------------------------===//
// PieceAttr, PlaceAttr, ParameterOp, StateOp, BucketOp
//===----------------------------------------------------------------------===//

LogicalResult PieceAttr::verify(function_ref<InFlightDiagnostic()> emitError, StringRef tensor,
                                ArrayRef<int64_t> offsets, ArrayRef<int64_t> sizes, ArrayRef<int64_t> permutation) {
  if (tensor.empty())
    return emitError() << "(C1) a piece must name a tensor of the checkpoint";
  if (offsets.size() != sizes.size())
    return emitError() << "(C2) piece of '" << tensor << "' has " << offsets.size() << " offsets but " << sizes.size()
                       << " sizes; give one of each for every dimension, or none";
  for (auto [offset, size] : llvm::zip(offsets, sizes))
    if (offset < 0 || size < 1)
      return emitError() << "(C2) piece of '" << tensor << "' takes " << size << " elements from " << offset
                         << " on; offsets are at least 0 and sizes at least 1";
  int64_t rank = sizes.empty() ? permutation.size() : sizes.size();
  if (!permutation.empty() && !isPermutation(permutation, rank))
    return emitError() << "(C3) [" << permutation << "] does not permute the " << rank << " dimensions of '" << tensor
                       << "'";
  return success();
}

/// Whether `type` is a tensor type with static shape and an element type of the dialect.
static bool isProgramTensor(Type type, bool onlyFloats) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.hasStaticShape())
    return false;
  Type element = tensor.getElementType();
  if (element.isF32() || element.isF64() || element.isBF16() || element.isF16())
    return true;
  return !onlyFloats && (element.isInteger(1) || element.isInteger(32) || element.isInteger(64));
}

LogicalResult ParameterOp::verify() {
  if (!isProgramTensor(getType(), /*onlyFloats=*/true))
    return emitOpError("(C1) the type must be a tensor of f32, f64, bf16 or f16 with static shape, got ") << getType();
  if (getPieces().empty())
    return emitOpError("(C2) has no piece; say where the values stand in a checkpoint");
  for (Attribute piece : getPieces())
    if (!isa<PieceAttr>(piece))
      return emitOpError("(C2) every piece must be a #hf.piece, got ") << piece;
  return success();
}

LogicalResult StateOp::verify() {
  if (!isProgramTensor(getType(), /*onlyFloats=*/false))
    return emitOpError("(C1) the type must be a tensor of floats, integers or truth values with static shape, got ")
           << getType();
  return success();
}

LogicalResult BucketOp::verify() {
  auto tensor = dyn_cast<RankedTensorType>(getType());
  if (!isProgramTensor(getType(), /*onlyFloats=*/true) || tensor.getRank() != 1)
    return emitOpError("(C1) the type must be a tensor of floats with static shape and rank 1, got ") << getType();
  return success();
}

LogicalResult PlaceAttr::verify(function_ref<InFlightDiagnostic()> emitError, FlatSymbolRefAttr bucket,
                                int64_t offset) {
  if (offset < 0)
    return emitError() << "(C1) a place in " << bucket << " begins at element " << offset << ", which is negative";
  return success();
}
