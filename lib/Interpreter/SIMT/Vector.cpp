//===- Vector.cpp - vectors in all threads
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <cmath>

using namespace hfc;
using namespace hfc::simt;

/// Copies element `from` of a thread's `source` to element `to` of its `target`.
static void moveElement(Register &target, int64_t to, const Register &source, int64_t from, int64_t thread) {
  if (target.isFloat)
    target.floats[thread * target.width + to] = source.floats[thread * source.width + from];
  else
    target.integers[thread * target.width + to] = source.integers[thread * source.width + from];
}

/// For ops that only move elements: `source(i)` gives the operand and its element that become element `i`.
template <typename Fn>
static LogicalResult permute(Machine &machine, Operation *op, Fn source) {
  Register &target = machine.result(op);
  for (int64_t i = 0; i < target.width; ++i) {
    auto [value, element] = source(i);
    const Register &from = machine.at(value);
    for (int64_t thread = 0; thread < machine.threads; ++thread)
      moveElement(target, i, from, element, thread);
  }
  return success();
}

using Place = std::pair<Value, int64_t>;

static LogicalResult runBroadcast(Machine &machine, vector::BroadcastOp op, const Mask &) {
  auto target = op.getResultVectorType();
  auto source = dyn_cast<VectorType>(op.getSource().getType());
  SmallVector<int64_t> targetStrides = computeStrides(target.getShape());
  return permute(machine, op, [&](int64_t i) -> Place {
    if (!source)
      return {op.getSource(), 0};
    SmallVector<int64_t> indices = delinearize(i, targetStrides);
    int64_t element = 0, skipped = target.getRank() - source.getRank();
    for (int64_t dim = 0; dim < source.getRank(); ++dim) {
      int64_t size = source.getDimSize(dim);
      element = element * size + (size == 1 ? 0 : indices[skipped + dim]);
    }
    return {op.getSource(), element};
  });
}

/// Where the part of a vector that `position` names begins.
static int64_t startOf(VectorType type, ArrayRef<int64_t> position) {
  SmallVector<int64_t> strides = computeStrides(type.getShape());
  int64_t start = 0;
  for (auto [index, stride] : llvm::zip(position, strides))
    start += index * stride;
  return start;
}

static LogicalResult runExtract(Machine &machine, vector::ExtractOp op, const Mask &) {
  if (op.hasDynamicPosition())
    return machine.error(op) << "the SIMT interpreter extracts from fixed positions only";
  int64_t start = startOf(op.getSourceVectorType(), op.getStaticPosition());
  return permute(machine, op, [&](int64_t i) -> Place { return {op.getSource(), start + i}; });
}

static LogicalResult runInsert(Machine &machine, vector::InsertOp op, const Mask &) {
  if (op.hasDynamicPosition())
    return machine.error(op) << "the SIMT interpreter inserts at fixed positions only";
  int64_t start = startOf(op.getDestVectorType(), op.getStaticPosition());
  int64_t width = machine.at(op.getValueToStore()).width;
  return permute(machine, op, [&](int64_t i) -> Place {
    if (i >= start && i < start + width)
      return {op.getValueToStore(), i - start};
    return {op.getDest(), i};
  });
}

static LogicalResult runExtractSlice(Machine &machine, vector::ExtractStridedSliceOp op, const Mask &) {
  if (op.getSourceVectorType().getRank() != 1)
    return machine.error(op) << "the SIMT interpreter slices vectors of one dimension only";
  int64_t offset = cast<IntegerAttr>(op.getOffsets()[0]).getInt(),
          stride = cast<IntegerAttr>(op.getStrides()[0]).getInt();
  return permute(machine, op, [&](int64_t i) -> Place { return {op.getSource(), offset + i * stride}; });
}

static LogicalResult runInsertSlice(Machine &machine, vector::InsertStridedSliceOp op, const Mask &) {
  if (op.getDestVectorType().getRank() != 1)
    return machine.error(op) << "the SIMT interpreter slices vectors of one dimension only";
  int64_t offset = cast<IntegerAttr>(op.getOffsets()[0]).getInt(), width = machine.at(op.getValueToStore()).width;
  return permute(machine, op, [&](int64_t i) -> Place {
    if (i >= offset && i < offset + width)
      return {op.getValueToStore(), i - offset};
    return {op.getDest(), i};
  });
}

static LogicalResult runShuffle(Machine &machine, vector::ShuffleOp op, const Mask &) {
  int64_t first = machine.at(op.getV1()).width;
  return permute(machine, op, [&](int64_t i) -> Place {
    int64_t element = std::max<int64_t>(op.getMask()[i], 0);
    return element < first ? Place(op.getV1(), element) : Place(op.getV2(), element - first);
  });
}

static LogicalResult runStep(Machine &machine, vector::StepOp op, const Mask &) {
  Register &target = machine.result(op);
  for (int64_t i = 0, end = machine.threads * target.width; i < end; ++i)
    target.integers[i] = i % target.width;
  return success();
}

static double combineFloats(vector::CombiningKind kind, double a, double b) {
  bool isNaN = std::isnan(a) || std::isnan(b);
  switch (kind) {
  case vector::CombiningKind::ADD:
    return a + b;
  case vector::CombiningKind::MUL:
    return a * b;
  case vector::CombiningKind::MAXIMUMF:
    return isNaN ? std::nan("") : std::max(a, b);
  case vector::CombiningKind::MINIMUMF:
    return isNaN ? std::nan("") : std::min(a, b);
  case vector::CombiningKind::MAXNUMF:
    return std::fmax(a, b);
  default:
    return std::fmin(a, b);
  }
}

static int64_t combineIntegers(vector::CombiningKind kind, int64_t a, int64_t b) {
  switch (kind) {
  case vector::CombiningKind::ADD:
    return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  case vector::CombiningKind::MUL:
    return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
  case vector::CombiningKind::MAXSI:
    return std::max(a, b);
  case vector::CombiningKind::MINSI:
    return std::min(a, b);
  case vector::CombiningKind::MAXUI:
    return std::max<uint64_t>(a, b);
  case vector::CombiningKind::MINUI:
    return std::min<uint64_t>(a, b);
  case vector::CombiningKind::AND:
    return a & b;
  case vector::CombiningKind::OR:
    return a | b;
  default:
    return a ^ b;
  }
}

static LogicalResult runReduction(Machine &machine, vector::ReductionOp op, const Mask &) {
  const Register &from = machine.at(op.getVector());
  const Register *accumulator = op.getAcc() ? &machine.at(op.getAcc()) : nullptr;
  Register &to = machine.result(op);
  Type type = op.getType();
  for (int64_t thread = 0; thread < machine.threads; ++thread) {
    int64_t start = thread * from.width, first = accumulator ? 0 : 1;
    if (to.isFloat) {
      double value = accumulator ? accumulator->floats[thread] : from.floats[start];
      for (int64_t i = first; i < from.width; ++i)
        value = roundTo(type, combineFloats(op.getKind(), value, from.floats[start + i]));
      to.floats[thread] = value;
    } else {
      int64_t value = accumulator ? accumulator->integers[thread] : from.integers[start];
      for (int64_t i = first; i < from.width; ++i)
        value = wrapTo(type, combineIntegers(op.getKind(), value, from.integers[start + i]));
      to.integers[thread] = value;
    }
  }
  return success();
}

static LogicalResult runFma(Machine &machine, vector::FMAOp op, const Mask &) {
  const std::vector<double> &a = machine.operand(op, 0).floats, &b = machine.operand(op, 1).floats,
                            &c = machine.operand(op, 2).floats;
  std::vector<double> &to = machine.result(op).floats;
  for (size_t i = 0; i < to.size(); ++i)
    to[i] = roundTo(op.getVectorType().getElementType(), std::fma(a[i], b[i], c[i]));
  return success();
}

/// A value that nothing may depend on: one that shows if something does.
static LogicalResult runPoison(Machine &machine, ub::PoisonOp op, const Mask &) {
  Register &to = machine.result(op);
  std::fill(to.floats.begin(), to.floats.end(), std::nan(""));
  std::fill(to.integers.begin(), to.integers.end(), 0);
  return success();
}

void hfc::simt::addVectorHandlers(HandlerTable &table) {
  addHandler<vector::BroadcastOp>(table, runBroadcast);
  addHandler<vector::ExtractOp>(table, runExtract);
  addHandler<vector::InsertOp>(table, runInsert);
  addHandler<vector::ExtractStridedSliceOp>(table, runExtractSlice);
  addHandler<vector::InsertStridedSliceOp>(table, runInsertSlice);
  addHandler<vector::ShuffleOp>(table, runShuffle);
  addHandler<vector::StepOp>(table, runStep);
  addHandler<vector::ReductionOp>(table, runReduction);
  addHandler<vector::FMAOp>(table, runFma);
  addHandler<ub::PoisonOp>(table, runPoison);
  addHandler<vector::ShapeCastOp>(table, [](Machine &machine, vector::ShapeCastOp op, const Mask &) {
    return permute(machine, op, [&](int64_t i) -> Place { return {op.getSource(), i}; });
  });
  addHandler<vector::FromElementsOp>(table, [](Machine &machine, vector::FromElementsOp op, const Mask &) {
    return permute(machine, op, [&](int64_t i) -> Place { return {op.getElements()[i], 0}; });
  });
}
