//===- Distribute.cpp - a distributed range in terms of threads
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Distribute.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;

/// Ranges of at most so many steps become straight code: a thread's part of a row then stays in registers.
static constexpr int64_t kMaxSteps = 8;
/// Unless that makes more than so many ops.
static constexpr int64_t kMaxUnrolledOps = 256;
/// Steps of a loop that are taken together, at most, and what their loads, which do not wait for each other, bring into
/// registers.
static constexpr int64_t kMaxStepsTogether = 4, kBytesInFlight = 128;

namespace {

static int64_t bytesOf(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  Type element = getElementTypeOrSelf(type);
  int64_t bits = element.isIntOrFloat() ? element.getIntOrFloatBitWidth() : 64;
  return llvm::divideCeil(bits, 8) * (vector ? vector.getNumElements() : 1);
}

/// What the body of a distribute does with memory.
struct BodyFacts {
  int64_t ops = 0, bytesLoaded = 0;
  bool hasLoop = false;
  /// Steps cannot be mixed: something is written in front of what is read, or in an op that computes something as well.
  bool isOrdered = false;

  explicit BodyFacts(Block &body) {
    bool written = false;
    body.walk([&](Operation *op) {
      ++ops;
      if (isa<memref::LoadOp, vector::LoadOp>(op))
        bytesLoaded += bytesOf(op->getResult(0).getType());
      hasLoop |= isa<LoopLikeOpInterface>(op);
      bool isStore = isa<memref::StoreOp, vector::StoreOp>(op);
      written |= isStore;
      isOrdered |= written && isa<memref::LoadOp, vector::LoadOp>(op);
      isOrdered |= isStore && body.findAncestorOpInBlock(*op)->getNumResults();
    });
  }
};

class DistributeMapper {
public:
  DistributeMapper(OpBuilder &builder, kernel::DistributeOp op, const ThreadInfo &info)
      : builder(builder), loc(op.getLoc()), op(op), info(info), step(info.lanes * op.getVector()),
        facts(op.getBody().front()) {}

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
    int64_t steps = llvm::divideCeil(std::max<int64_t>(range, 0), step);
    return steps <= 1 || (steps <= kMaxSteps && !facts.hasLoop && steps * facts.ops <= kMaxUnrolledOps);
  }

  /// Whether `inner` waits for nothing that is carried and changes nothing, so that it may come before other steps.
  bool isEarly(Operation &inner, const llvm::SmallPtrSetImpl<Operation *> &late) {
    bool early = true;
    inner.walk([&](Operation *nested) {
      early &= !isa<memref::StoreOp, vector::StoreOp>(nested);
      for (Value operand : nested->getOperands()) {
        early &= !llvm::is_contained(op.getRegionIterArgs(), operand);
        early &= !operand.getDefiningOp() || !late.contains(operand.getDefiningOp());
      }
    });
    return early;
  }

  /// The body for the elements from each of `starts` on, one step after the other, but for what need not wait: the
  /// loads of all steps are under way before the first of them is used. A step with a `condition` stores only where it
  /// holds, and carries nothing on where it does not. Returns what the last one yields.
  Values cloneSteps(OpBuilder &at, ArrayRef<Value> starts, ValueRange carried, Value lastCondition = {}) {
    Block &body = op.getBody().front();
    SmallVector<IRMapping> mappings(starts.size());
    for (auto [mapping, start] : llvm::zip_equal(mappings, starts))
      mapping.map(op.getInductionVar(), start);
    llvm::SmallPtrSet<Operation *, 16> late;
    for (Operation &inner : body.without_terminator()) {
      if (facts.isOrdered || !isEarly(inner, late)) {
        late.insert(&inner);
        continue;
      }
      for (IRMapping &mapping : mappings)
        at.clone(inner, mapping);
    }
    Values values(carried);
    for (auto [number, mapping] : llvm::enumerate(mappings)) {
      bool isConditional = lastCondition && number + 1 == mappings.size();
      mapping.map(op.getRegionIterArgs(), values);
      for (Operation &inner : body.without_terminator())
        if (late.contains(&inner))
          cloneLate(at, inner, mapping, isConditional ? lastCondition : Value());
      for (auto [value, yielded] : llvm::zip_equal(values, body.getTerminator()->getOperands())) {
        Value next = mapping.lookupOrDefault(yielded);
        value = isConditional ? Value(arith::SelectOp::create(at, loc, lastCondition, next, value)) : next;
      }
    }
    return values;
  }

  void cloneLate(OpBuilder &at, Operation &inner, IRMapping &mapping, Value condition) {
    if (!condition || inner.getNumResults()) {
      at.clone(inner, mapping);
      return;
    }
    auto guard = scf::IfOp::create(at, loc, condition);
    OpBuilder::atBlockBegin(guard.thenBlock()).clone(inner, mapping);
  }

  /// In the last step some threads may have nothing to do.
  Values unroll(Value first, int64_t range) {
    SmallVector<Value> starts;
    for (int64_t offset = 0; offset < range; offset += step)
      starts.push_back(offsetBy(first, offset));
    if (starts.empty())
      return Values(op.getInits());
    Value isInside;
    if (range % step) {
      isInside = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, starts.back(), op.getUpper());
      if (facts.isOrdered || (starts.size() == 1 && op.getInits().empty()))
        return unrollRest(starts, isInside);
      // They read what their first step reads, or the first thread's.
      Value other = starts.size() > 1 ? first : op.getLower();
      starts.back() = arith::SelectOp::create(builder, loc, isInside, starts.back(), other);
    }
    return cloneSteps(builder, starts, op.getInits(), isInside);
  }

  Value offsetBy(Value first, int64_t offset) {
    return offset ? arith::AddIOp::create(builder, loc, first, index(offset)) : first;
  }

  /// The last step under a condition of its own.
  Values unrollRest(ArrayRef<Value> starts, Value isInside) {
    Values carried = cloneSteps(builder, starts.drop_back(), op.getInits());
    auto guard = scf::IfOp::create(builder, loc, op.getResultTypes(), isInside, /*withElseRegion=*/!carried.empty());
    auto inside = OpBuilder::atBlockBegin(guard.thenBlock());
    Values results = cloneSteps(inside, starts.back(), carried);
    if (carried.empty())
      return {};
    scf::YieldOp::create(inside, loc, results);
    auto outside = OpBuilder::atBlockBegin(guard.elseBlock());
    scf::YieldOp::create(outside, loc, carried);
    return Values(guard.getResults());
  }

  int64_t stepsTogether() {
    if (facts.hasLoop || facts.isOrdered)
      return 1;
    int64_t steps = std::min(kBytesInFlight / std::max<int64_t>(facts.bytesLoaded, 1), kMaxUnrolledOps / facts.ops);
    return std::clamp<int64_t>(steps, 1, kMaxStepsTogether);
  }

  /// A loop that takes several steps at once, and one for the rest.
  Values loop(Value first) {
    int64_t together = stepsTogether();
    if (together == 1)
      return loop(first, op.getUpper(), 1, op.getInits());
    int64_t stride = together * step;
    Value zero = index(0), ahead = index(stride - step);
    Value end = arith::SubIOp::create(builder, loc, op.getUpper(), ahead);
    Values carried = loop(first, end, together, op.getInits());
    Value range = arith::MaxSIOp::create(builder, loc, arith::SubIOp::create(builder, loc, end, first), zero);
    Value rounded = arith::AddIOp::create(builder, loc, range, index(stride - 1));
    Value count = arith::DivUIOp::create(builder, loc, rounded, index(stride));
    Value done = arith::MulIOp::create(builder, loc, count, index(stride));
    return loop(arith::AddIOp::create(builder, loc, first, done), op.getUpper(), 1, carried);
  }

  Values loop(Value lower, Value upper, int64_t steps, ValueRange inits) {
    auto loop = scf::ForOp::create(builder, loc, lower, upper, index(steps * step), inits);
    if (inits.empty())
      loop.getBody()->getTerminator()->erase();
    auto inside = OpBuilder::atBlockBegin(loop.getBody());
    SmallVector<Value> starts;
    for (int64_t number : llvm::seq<int64_t>(0, steps)) {
      Value offset = arith::ConstantIndexOp::create(inside, loc, number * step);
      starts.push_back(number ? Value(arith::AddIOp::create(inside, loc, loop.getInductionVar(), offset))
                              : loop.getInductionVar());
    }
    Values results = cloneSteps(inside, starts, loop.getRegionIterArgs());
    scf::YieldOp::create(inside, loc, results);
    return Values(loop.getResults());
  }

  OpBuilder &builder;
  Location loc;
  kernel::DistributeOp op;
  const ThreadInfo &info;
  int64_t step;
  BodyFacts facts;
};

} // namespace

void hfc::mapDistribute(OpBuilder &builder, kernel::DistributeOp distribute, const ThreadInfo &info) {
  DistributeMapper(builder, distribute, info).run();
}
