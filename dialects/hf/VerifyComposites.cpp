//===- VerifyComposites.cpp - verifiers of hf composites
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/Verify.h"

using namespace hfc;
using namespace hfc::hf;

LogicalResult LinearOp::verify() {
  ArrayRef<int64_t> x = shapeOf(getX()), weight = shapeOf(getWeight());
  if (x.empty() || weight.size() != 2 || weight[1] != x.back())
    return emitOpError("(C1) weight ") << formatShape(weight) << " does not fit x " << formatShape(x)
                                       << "; it must be [out, in] with in the last size of x";
  Type element = elementOf(getX());
  if (failed(verifyTensor(*this, "C3", "weight", getWeight(), weight, element)))
    return failure();
  if (getBias() && failed(verifyTensor(*this, "C2", "bias", getBias(), weight.take_front(), element)))
    return failure();
  SmallVector<int64_t> shape(x);
  shape.back() = weight.front();
  return verifyTensor(*this, "C3", "the result", getResult(), shape, element);
}

LogicalResult EmbeddingOp::verify() {
  ArrayRef<int64_t> table = shapeOf(getTable());
  if (table.size() != 2)
    return emitOpError("(C1) the table must be [vocabulary, hidden], got ") << formatShape(table);
  SmallVector<int64_t> shape(shapeOf(getIds()));
  shape.push_back(table.back());
  return verifyTensor(*this, "C1", "the result", getResult(), shape, elementOf(getTable()));
}

/// Checks a weight or bias of a norm over the last dimension of `x`.
static LogicalResult verifyNormVector(Operation *op, StringRef what, Value vector, Value x) {
  if (rankOf(x) == 0)
    return op->emitOpError("(C1) x must have a dimension to normalize, got a scalar");
  return verifyTensor(op, "C1", what, vector, shapeOf(x).take_back(), elementOf(x));
}

LogicalResult RmsNormOp::verify() { return verifyNormVector(*this, "weight", getWeight(), getX()); }

LogicalResult LayerNormOp::verify() {
  if (failed(verifyNormVector(*this, "weight", getWeight(), getX())))
    return failure();
  return success(!getBias() || succeeded(verifyNormVector(*this, "bias", getBias(), getX())));
}

static LogicalResult verifyHasDimension(Operation *op, Value x) {
  if (rankOf(x) > 0)
    return success();
  return op->emitOpError("(C1) x must have rank 1 or more, got a scalar");
}

LogicalResult SoftmaxOp::verify() { return verifyHasDimension(*this, getX()); }

LogicalResult ActivationOp::verify() { return verifyHasDimension(*this, getX()); }

LogicalResult SoftcapOp::verify() {
  if (!isPositive(getCap()))
    return emitOpError("(C1) cap must be a positive number, got ") << getCapAttr();
  return success();
}

LogicalResult PatchEmbeddingOp::verify() {
  ArrayRef<int64_t> image = shapeOf(getImage()), weight = shapeOf(getWeight());
  bool fits = image.size() == 4 && weight.size() == 4 && weight[1] == image[1] && weight[2] == weight[3] &&
              weight[2] >= 1 && weight[2] <= image[2] && weight[2] <= image[3];
  if (!fits)
    return emitOpError("(C1) weight ") << formatShape(weight) << " does not fit image " << formatShape(image)
                                       << "; they must be [out, channels, P, P] and [batch, channels, height, width], "
                                          "with P at most the height and the width";
  Type element = elementOf(getImage());
  if (failed(verifyTensor(*this, "C1", "weight", getWeight(), weight, element)))
    return failure();
  if (getBias() && failed(verifyTensor(*this, "C1", "bias", getBias(), weight.take_front(), element)))
    return failure();
  int64_t patches = (image[2] / weight[2]) * (image[3] / weight[2]);
  return verifyTensor(*this, "C2", "the result", getResult(), {image[0], patches, weight[0]}, element);
}

LogicalResult RouteOp::verify() {
  ArrayRef<int64_t> shape = shapeOf(getLogits());
  int64_t chosen = getTopK();
  if (shape.size() != 2)
    return emitOpError("(C1) logits must be [tokens, experts], got ") << formatShape(shape);
  if (chosen < 1 || chosen > shape[1])
    return emitOpError("(C1) top_k is ") << chosen << ", but there are " << shape[1] << " experts";
  return success();
}

LogicalResult ExpertsOp::verify() { return verifyExperts(*this); }

LogicalResult ArgmaxOp::verify() {
  ArrayRef<int64_t> shape = shapeOf(getX());
  if (shape.empty() || shape.back() == 0)
    return emitOpError("(C1) x of ") << formatShape(shape)
                                     << " has no rows of elements; its last dimension must not be empty";
  return verifyTensor(*this, "C1", "the result", getResult(), shape.drop_back(), elementOf(getResult()));
}

//===----------------------------------------------------------------------===//
// Rotary embeddings
//===----------------------------------------------------------------------===//

LogicalResult RotaryTableOp::verify() {
  ArrayRef<int64_t> positions = shapeOf(getPositions()), frequencies = shapeOf(getInverseFrequencies());
  bool perBatch = frequencies.size() == 2 && !positions.empty() && frequencies[0] == positions[0];
  if (frequencies.size() != 1 && !perBatch)
    return emitOpError("(C1) inverse frequencies of ")
           << formatShape(frequencies) << " do not fit positions of " << formatShape(positions)
           << "; they must have rank 1, or rank 2 with the batch in front";
  SmallVector<int64_t> shape(positions);
  shape.push_back(2 * frequencies.back());
  return verifyTensor(*this, "C2", "the results", getCosine(), shape, elementOf(getCosine()));
}

LogicalResult RotaryOp::verify() {
  ArrayRef<int64_t> x = shapeOf(getX()), table = shapeOf(getCosine());
  if (x.size() != 4)
    return emitOpError("(C1) x must have rank 4, in the order ")
           << stringifyHeadLayout(getLayout()) << ", got " << formatShape(x);
  HeadDims dims(getLayout());
  if (table.size() != 3 || (table[0] != 1 && table[0] != x[dims.batch]) || table[1] != x[dims.sequence])
    return emitOpError("(C2) tables of ") << formatShape(table) << " do not fit x of " << formatShape(x)
                                          << " in layout " << stringifyHeadLayout(getLayout()) << "; they must be ["
                                          << x[dims.batch] << " or 1, " << x[dims.sequence] << ", R]";
  if (table[2] % 2 || table[2] > x[3])
    return emitOpError("(C2) tables rotate ")
           << table[2] << " of " << x[3] << " elements; the number must be even and at most the head dimension";
  return success();
}
