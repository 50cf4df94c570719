//===- WorkTimes.cpp - how long work takes, roughly
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WorkOrder.h"
#include "dialects/dist/Dist.h"
#include "dialects/dist/Sharding.h"
#include "dialects/hf/OrderedOperand.h"
#include "dialects/hf/TensorBuilder.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace hfc;
using namespace hfc::memory;

namespace {
// What an H200 in a node of them does; only proportions matter. docs/ledger.md has times of a machine that is given.
constexpr double productFlops = 650e6, attentionFlops = 450e6, memoryBytes = 3.5e6, linkBytes = 330e3; // a microsecond
constexpr double launch = 3, hop = 5;                                                                  // microseconds
} // namespace

int64_t memory::bytesOf(RankedTensorType type) {
  return type.getNumElements() * static_cast<int64_t>(llvm::divideCeil(type.getElementTypeBitWidth(), 8));
}

static double elementsOf(const View &view) { return static_cast<double>(view.type.getNumElements()); }

/// Of m×k, k×n and m×n elements, the square root of the product is m·n·k.
static double timeOfProduct(const Work &work) {
  double flops = 2 * std::sqrt(elementsOf(work.ins[0]) * elementsOf(work.ins[1]) * elementsOf(work.outs[0]));
  return launch + flops / productFlops;
}

bool memory::areLarge(Operation &product, ArrayRef<hf::SliceOp> parts, int64_t flops) {
  if (!isa<hf::LinearWgradOp>(product) || hf::getOrderedOperand(product.getOperand(0)))
    return false;
  int64_t columns = hf::shapeOf(product.getOperand(0)).back();
  int64_t rows = columns ? hf::tensorType(product.getOperand(0)).getNumElements() / columns : 0;
  return llvm::all_of(parts, [&](hf::SliceOp part) {
    ArrayRef<int64_t> whole = hf::shapeOf(part.getX()), shape = hf::shapeOf(part.getResult());
    return shape.size() == 2 && shape[1] == whole[1] && 2 * rows * shape[0] * shape[1] >= flops;
  });
}

static double timeOfMoving(const Work &work) {
  int64_t bytes = 0;
  for (const View &view : llvm::concat<const View>(work.ins, work.outs))
    bytes += bytesOf(view.type);
  return launch + static_cast<double>(bytes) / memoryBytes;
}

bool memory::isAttention(const Work &work, Bodies &bodies) {
  auto call = dyn_cast_or_null<func::CallOp>(work.op);
  func::FuncOp body = call ? bodies.lookup(call) : func::FuncOp();
  auto kind = body ? body->getAttrOfType<StringAttr>("kernel.kind") : StringAttr();
  return kind && kind.getValue().starts_with("attention");
}

/// Two products forward, five backward, of which a causal mask takes a half.
static double timeOfAttention(const Work &work) {
  bool isBackward = work.outs.size() > 2;
  if (work.ins.size() < 3)
    return timeOfMoving(work);
  const View &queries = work.ins[isBackward], &keys = work.ins[1 + isBackward];
  double length = keys.type.getRank() > 1 ? static_cast<double>(keys.type.getDimSize(1)) : 1;
  return launch + (isBackward ? 5 : 2) * elementsOf(queries) * length / attentionFlops;
}

/// As a ring does it.
static double timeOfCollective(const Work &work) {
  auto op = cast<dist::CollectiveOpInterface>(work.op);
  dist::MeshAttr mesh = dist::meshOf(work.op);
  auto ranks = static_cast<double>(mesh ? dist::sizeOf(op.getAxes().getAxes(), mesh) : 1);
  int64_t taken = 0, given = 0;
  for (const View &view : work.ins)
    taken += bytesOf(view.type);
  for (const View &view : work.outs)
    given += bytesOf(view.type);
  double rounds = isa<dist::AllReduceOp>(work.op) ? 2 : 1;
  double sent = rounds * static_cast<double>(std::max(taken, given)) * (ranks - 1) / ranks;
  return launch + hop * (ranks - 1) + sent / linkBytes;
}

double memory::estimateTime(const Work &work, Bodies &bodies) {
  switch (work.kind) {
  case Work::Kind::gemm:
    return timeOfProduct(work);
  case Work::Kind::collective:
    return timeOfCollective(work);
  case Work::Kind::done:
    return 0;
  case Work::Kind::copy:
    return timeOfMoving(work);
  case Work::Kind::launch:
    return isAttention(work, bodies) ? timeOfAttention(work) : timeOfMoving(work);
  }
  return 0;
}
