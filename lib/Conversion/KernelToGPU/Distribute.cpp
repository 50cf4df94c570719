//===- Distribute.cpp - a distributed range in terms of threads
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Distribute.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;

/// Ranges of at most so many steps become straight code: a thread's part of a row then stays in registers.
static constexpr int64_t kMaxSteps = 8;
/// Unless that makes more than so many ops.
static constexpr int64_t kMaxUnrolledOps = 256;

namespace {

class DistributeMapper {
public:
  DistributeMapper(OpBuilder &builder, kernel::DistributeOp op, const ThreadInfo &info)
      : builder(builder), loc(op.getLoc()), op(op), info(info), step(info.lanes * op.getVector()) {}

  void run() {
    std::optional<int64_t> lower = constant(op.getLower()), upper = constant(op.getUpper());
    Value first = firstElement();
    if (lower && upper && canUnroll(*upper - *lower))
      return op.getResults().replaceAllUsesWith(unroll(first, *upper - *lower));
    op.getResults().replaceAllUsesWith(loop(first));
  }

private:
  using Values = SmallVector<Value>;

  static std::optional<int64_t> constant(Value value) {
    APInt number;
    if (matchPattern(value, m_ConstantInt(&number)))
      return number.getSExtValue();
    return std::nullopt;
  }

  Value index(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }

  /// Where this thread's first vector begins.
  Value firstElement() {
    Value offset = info.thread;
    if (op.getVector() != 1)
      offset = arith::MulIOp::create(builder, loc, offset, index(op.getVector()));
    if (constant(op.getLower()) == int64_t(0))
      return offset;
    return arith::AddIOp::create(builder, loc, op.getLower(), offset);
  }

  bool canUnroll(int64_t range) {
    int64_t steps = llvm::divideCeil(std::max<int64_t>(range, 0), step), ops = 0;
    bool hasLoop = false;
    op.getBody().walk([&](Operation *inner) {
      ++ops;
      hasLoop |= isa<LoopLikeOpInterface>(inner);
    });
    return steps <= 1 || (steps <= kMaxSteps && !hasLoop && steps * ops <= kMaxUnrolledOps);
  }

  /// The body for the elements from `i` on; returns what it yields.
  Values cloneBody(OpBuilder &at, Value i, ValueRange carried) {
    IRMapping mapping;
    mapping.map(op.getInductionVar(), i);
    mapping.map(op.getRegionIterArgs(), carried);
    Block &body = op.getBody().front();
    for (Operation &inner : body.without_terminator())
      at.clone(inner, mapping);
    return llvm::map_to_vector(body.getTerminator()->getOperands(),
                               [&](Value value) { return mapping.lookupOrDefault(value); });
  }

  Values unroll(Value first, int64_t range) {
    Values carried(op.getInits());
    int64_t offset = 0;
    for (; offset + step <= range; offset += step)
      carried = cloneBody(builder, offsetBy(first, offset), carried);
    return offset < range ? unrollRest(offsetBy(first, offset), carried) : carried;
  }

  Value offsetBy(Value first, int64_t offset) {
    return offset ? arith::AddIOp::create(builder, loc, first, index(offset)) : first;
  }

  /// The last step, in which some threads have nothing to do.
  Values unrollRest(Value i, const Values &carried) {
    Value isInside = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, i, op.getUpper());
    auto guard = scf::IfOp::create(builder, loc, op.getResultTypes(), isInside, /*withElseRegion=*/!carried.empty());
    auto inside = OpBuilder::atBlockBegin(guard.thenBlock());
    Values results = cloneBody(inside, i, carried);
    if (carried.empty())
      return {};
    scf::YieldOp::create(inside, loc, results);
    auto outside = OpBuilder::atBlockBegin(guard.elseBlock());
    scf::YieldOp::create(outside, loc, carried);
    return Values(guard.getResults());
  }

  Values loop(Value first) {
    auto loop = scf::ForOp::create(builder, loc, first, op.getUpper(), index(step), op.getInits());
    if (op.getInits().empty())
      loop.getBody()->getTerminator()->erase();
    auto inside = OpBuilder::atBlockBegin(loop.getBody());
    Values results = cloneBody(inside, loop.getInductionVar(), loop.getRegionIterArgs());
    scf::YieldOp::create(inside, loc, results);
    return Values(loop.getResults());
  }

  OpBuilder &builder;
  Location loc;
  kernel::DistributeOp op;
  const ThreadInfo &info;
  int64_t step;
};

} // namespace

void hfc::mapDistribute(OpBuilder &builder, kernel::DistributeOp distribute, const ThreadInfo &info) {
  DistributeMapper(builder, distribute, info).run();
}
