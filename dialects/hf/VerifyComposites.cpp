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

static bool isPositive(const APFloat &number) { return number.isFinite() && !number.isNegative() && !number.isZero(); }

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

LogicalResult ExpertsOp::verify() {
  ArrayRef<int64_t> x = shapeOf(getX()), gate = shapeOf(getGate());
  Type element = elementOf(getX());
  if (x.size() != 2 || gate.size() != 3)
    return emitOpError("(C1) x must be [tokens, hidden] and gate [experts, inner, hidden], got ")
           << formatShape(x) << " and " << formatShape(gate);
  int64_t tokens = x[0], hidden = x[1], experts = gate[0], inner = gate[1];
  if (failed(verifyTensor(*this, "C1", "route", getRoute(), {tokens, experts}, element)) ||
      failed(verifyTensor(*this, "C2", "gate", getGate(), {experts, inner, hidden}, element)) ||
      failed(verifyTensor(*this, "C2", "up", getUp(), {experts, inner, hidden}, element)))
    return failure();
  return verifyTensor(*this, "C2", "down", getDown(), {experts, hidden, inner}, element);
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

namespace {
/// Where a layout puts batch, sequence and heads.
struct HeadDims {
  explicit HeadDims(HeadLayout layout)
      : batch(layout == HeadLayout::sbhd ? 1 : 0), sequence(layout == HeadLayout::bshd   ? 1
                                                            : layout == HeadLayout::bhsd ? 2
                                                                                         : 0),
        heads(layout == HeadLayout::bhsd ? 1 : 2) {}
  int64_t batch, sequence, heads;
};
} // namespace

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

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

namespace {
/// The sizes of an attention, once its operands have rank 4.
struct AttentionSizes {
  explicit AttentionSizes(AttentionOp op) {
    HeadDims dims(op.getLayout());
    ArrayRef<int64_t> query = shapeOf(op.getQuery()), key = shapeOf(op.getKey());
    batch = query[dims.batch];
    queries = query[dims.sequence];
    queryHeads = query[dims.heads];
    keys = key[dims.sequence];
    keyHeads = key[dims.heads];
  }
  int64_t batch, queries, queryHeads, keys, keyHeads;
};
} // namespace

static LogicalResult verifyHeads(AttentionOp op) {
  for (Value operand : {op.getQuery(), op.getKey(), op.getValue()})
    if (rankOf(operand) != 4 || elementOf(operand) != elementOf(op.getQuery()))
      return op.emitOpError("(C1) query, key and value must have rank 4 and one element type, got ")
             << operand.getType();
  HeadDims dims(op.getLayout());
  ArrayRef<int64_t> query = shapeOf(op.getQuery()), key = shapeOf(op.getKey()), value = shapeOf(op.getValue());
  bool fits = key[dims.batch] == query[dims.batch] && key.drop_back() == value.drop_back() && key[3] == query[3];
  if (!fits)
    return op.emitOpError("(C1) query ") << formatShape(query) << ", key " << formatShape(key) << " and value "
                                         << formatShape(value) << " do not fit each other in layout "
                                         << stringifyHeadLayout(op.getLayout());
  SmallVector<int64_t> shape(query);
  shape[3] = value[3];
  if (failed(verifyTensor(op, "C1", "the result", op.getResult(), shape, elementOf(op.getQuery()))))
    return failure();
  int64_t queryHeads = query[dims.heads], keyHeads = key[dims.heads];
  if (keyHeads < 1 || queryHeads % keyHeads)
    return op.emitOpError("(C2) ") << queryHeads << " query heads cannot share " << keyHeads
                                   << " key heads evenly; their number must be a multiple";
  return success();
}

static LogicalResult verifyMasks(AttentionOp op, const AttentionSizes &sizes) {
  auto check = [&](StringRef constraint, StringRef what, Value mask, ArrayRef<int64_t> shape) -> LogicalResult {
    return mask ? verifyTensor(op, constraint, what, mask, shape, elementOf(mask)) : success();
  };
  SmallVector<int64_t> perKey{sizes.batch, sizes.keys}, perQuery{sizes.batch, sizes.queries};
  if (!op.getQuerySegments() != !op.getKeySegments())
    return op.emitOpError("(C3) segments of queries and of keys come together; one is missing");
  if (!op.getPast() != !op.getCount())
    return op.emitOpError("(C4) past and count come together; one is missing");
  return success(succeeded(check("C3", "key_mask", op.getKeyMask(), perKey)) &&
                 succeeded(check("C3", "query_segments", op.getQuerySegments(), perQuery)) &&
                 succeeded(check("C3", "key_segments", op.getKeySegments(), perKey)) &&
                 succeeded(check("C4", "past", op.getPast(), {sizes.batch})) &&
                 succeeded(check("C4", "count", op.getCount(), {sizes.batch})));
}

LogicalResult AttentionOp::verify() {
  if (failed(verifyHeads(*this)))
    return failure();
  AttentionSizes sizes(*this);
  if (failed(verifyMasks(*this, sizes)))
    return failure();
  if (IntegerAttr window = getWindowAttr(); window && (window.getInt() < 1 || !getCausal()))
    return emitOpError("(C5) window ") << window.getInt() << " must be positive and come with `causal`";
  if (FloatAttr cap = getSoftcapAttr(); cap && !isPositive(cap.getValue()))
    return emitOpError("(C5) softcap must be a positive number, got ") << cap;
  if (!getBias())
    return success();
  ArrayRef<int64_t> bias = shapeOf(getBias());
  SmallVector<int64_t> space{sizes.batch, sizes.queryHeads, sizes.queries, sizes.keys};
  bool fits = bias.size() == 4 && llvm::all_of(llvm::zip(bias, space), [](auto pair) {
                return std::get<0>(pair) == 1 || std::get<0>(pair) == std::get<1>(pair);
              });
  if (!fits)
    return emitOpError("(C6) bias of ") << formatShape(bias) << " does not broadcast to " << formatShape(space)
                                        << " (batch, query heads, queries, keys)";
  return success();
}
