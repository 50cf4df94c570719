//===- VerifyAttention.cpp - verifiers of attention and its backward pass
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/Verify.h"

using namespace hfc;
using namespace hfc::hf;

// `AttentionOp`, `AttentionWithStatisticsOp`, `AttentionStatisticsOp` and `AttentionBackwardOp` take the same parts, by
// the same names.

namespace {
/// The sizes of an attention, once its operands have rank 4.
struct AttentionSizes {
  template <typename OpTy>
  explicit AttentionSizes(OpTy op) {
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

/// Checks queries and keys, and values where the op has them.
template <typename OpTy>
static LogicalResult verifyHeads(OpTy op, Value values) {
  for (Value operand : {Value(op.getQuery()), Value(op.getKey()), values})
    if (rankOf(operand) != 4 || elementOf(operand) != elementOf(op.getQuery()))
      return op.emitOpError("(C1) query, key and value must have rank 4 and one element type, got ")
             << operand.getType();
  HeadDims dims(op.getLayout());
  ArrayRef<int64_t> query = shapeOf(op.getQuery()), key = shapeOf(op.getKey()), value = shapeOf(values);
  bool fits = key[dims.batch] == query[dims.batch] && key.drop_back() == value.drop_back() && key[3] == query[3];
  if (!fits)
    return op.emitOpError("(C1) query ") << formatShape(query) << ", key " << formatShape(key) << " and value "
                                         << formatShape(value) << " do not fit each other in layout "
                                         << stringifyHeadLayout(op.getLayout());
  int64_t queryHeads = query[dims.heads], keyHeads = key[dims.heads];
  if (keyHeads < 1 || queryHeads % keyHeads)
    return op.emitOpError("(C2) ") << queryHeads << " query heads cannot share " << keyHeads
                                   << " key heads evenly; their number must be a multiple";
  return success();
}

template <typename OpTy>
static LogicalResult verifyMasks(OpTy op, const AttentionSizes &sizes) {
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

/// Checks the attention's result, called `what`.
template <typename OpTy>
static LogicalResult verifyResult(OpTy op, StringRef what, Value result) {
  SmallVector<int64_t> shape(shapeOf(op.getQuery()));
  shape[3] = shapeOf(op.getValue())[3];
  return verifyTensor(op, "C1", what, result, shape, elementOf(op.getQuery()));
}

/// Checks a number for each row of scores.
template <typename OpTy>
static LogicalResult verifyStatistics(OpTy op, StringRef what, Value statistics) {
  AttentionSizes sizes(op);
  Type element = elementOf(op.getQuery());
  return verifyTensor(op, "C7", what, statistics, {sizes.batch, sizes.queryHeads, sizes.queries},
                      element.isF64() ? element : Float32Type::get(op.getContext()));
}

/// Checks all operands but values and what is computed from them.
template <typename OpTy>
static LogicalResult verifyParts(OpTy op) {
  AttentionSizes sizes(op);
  if (failed(verifyMasks(op, sizes)))
    return failure();
  if (IntegerAttr window = op.getWindowAttr(); window && (window.getInt() < 1 || !op.getCausal()))
    return op.emitOpError("(C5) window ") << window.getInt() << " must be positive and come with `causal`";
  if (FloatAttr cap = op.getSoftcapAttr(); cap && !isPositive(cap.getValue()))
    return op.emitOpError("(C5) softcap must be a positive number, got ") << cap;
  if (!op.getBias())
    return success();
  ArrayRef<int64_t> bias = shapeOf(op.getBias());
  SmallVector<int64_t> space{sizes.batch, sizes.queryHeads, sizes.queries, sizes.keys};
  bool fits = bias.size() == 4 && llvm::all_of(llvm::zip(bias, space), [](auto pair) {
                return std::get<0>(pair) == 1 || std::get<0>(pair) == std::get<1>(pair);
              });
  if (!fits)
    return op.emitOpError("(C6) bias of ") << formatShape(bias) << " does not broadcast to " << formatShape(space)
                                           << " (batch, query heads, queries, keys)";
  return success();
}

template <typename OpTy>
static LogicalResult verifyDropout(OpTy op) {
  FloatAttr p = op.getDropoutAttr();
  if (!op.getDropoutKey() != !p || !op.getDropoutRows() != !p)
    return op.emitOpError("(C8) the key and the rows of what is dropped come with `dropout`; one is missing");
  if (!p)
    return success();
  double probability = p.getValueAsDouble();
  if (!(probability >= 0 && probability < 1))
    return op.emitOpError("(C8) dropout must be at least 0 and less than 1, got ") << p;
  AttentionSizes sizes(op);
  return verifyTensor(op, "C8", "dropout_rows", op.getDropoutRows(), {sizes.batch, sizes.queryHeads},
                      IntegerType::get(op.getContext(), 32));
}

/// Checks what an attention takes, and its result.
template <typename OpTy>
static LogicalResult verifyAttention(OpTy op) {
  return success(succeeded(verifyHeads(op, op.getValue())) &&
                 succeeded(verifyResult(op, "the result", op.getResult())) && succeeded(verifyParts(op)) &&
                 succeeded(verifyDropout(op)));
}

LogicalResult AttentionOp::verify() { return verifyAttention(*this); }

LogicalResult AttentionWithStatisticsOp::verify() {
  if (failed(verifyAttention(*this)))
    return failure();
  return verifyStatistics(*this, "log_sum", getLogSum());
}

LogicalResult AttentionStatisticsOp::verify() {
  if (failed(verifyHeads(*this, getKey())) || failed(verifyParts(*this)))
    return failure();
  return verifyStatistics(*this, "the result", getResult());
}

LogicalResult AttentionBackwardOp::verify() {
  if (failed(verifyHeads(*this, getValue())) || failed(verifyResult(*this, "output", getOutput())) ||
      failed(verifyParts(*this)) || failed(verifyDropout(*this)))
    return failure();
  return getLogSum() ? verifyStatistics(*this, "log_sum", getLogSum()) : success();
}
