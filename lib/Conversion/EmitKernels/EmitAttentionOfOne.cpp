//===- EmitAttentionOfOne.cpp - attention of one query
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Decoding attends from one query of each head to all keys so far. What counts is how soon everything has been asked of
// memory, so a block takes one head, of all keys or of a part of them, and steps follow each other few times:
//
//   score     each lane a key: its whole row at once
//   softmax   of all keys, in scratch memory: their largest score, then exponentials and their sum
//   weigh     each lane a vector of columns for every so many-th key, several values at once
//   add       each lane a column: what the lanes have weighed
//
// Blocks whose heads share a key head read the same keys at the same time: memory is asked once. A block whose part
// begins behind the last valid key reads nothing. What the parts have found another kernel joins
// (EmitAttentionJoin.cpp).
//
//===----------------------------------------------------------------------===//

#include "Attention.h"
#include "AttentionParts.h"
#include "dialects/hf/AttentionParts.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;

static constexpr auto kContract = arith::FastMathFlags::contract;
/// What a GPU's block has without asking for more, less what reductions take.
static constexpr int64_t kScratchBytes = 46 * 1024;
static constexpr int64_t kFewestLanes = 64, kMostLanes = 512;
/// Values that a lane asks for before it needs the first.
static constexpr int64_t kValuesTogether = 8;
/// The longest row that a lane holds.
static constexpr int64_t kMostDepth = 256;

namespace {
/// How a block divides the work.
struct OnePlan {
  OnePlan(const AttentionParts &parts, const EmitOptions &options, int64_t splits = 1) : splits(splits) {
    const AttentionPlan plan(parts, options);
    keys = plan.keys / splits;
    for (width = options.width; plan.depth % width || plan.columns % width;)
      width /= 2;
    int64_t wanted = static_cast<int64_t>(llvm::PowerOf2Ceil(std::max<int64_t>(keys, 1)));
    lanes = std::clamp(wanted, kFewestLanes, kMostLanes);
    chunks = plan.columns / width;
    groups = std::max<int64_t>(lanes / std::max<int64_t>(chunks, 1), 1);
    keysTogether = groups * kValuesTogether;
    scores = llvm::alignTo(keys, keysTogether);
    int64_t bytes = 4 * (scores + groups * plan.columns + plan.depth);
    isPossible = plan.queries == 1 && plan.depth <= kMostDepth && chunks <= lanes && bytes <= kScratchBytes;
  }

  /// Parts of the keys, and keys of a part.
  int64_t splits, keys;
  /// Elements of a vector, vectors of columns, groups of keys, keys that all groups take at once, scores with padding.
  int64_t width, chunks, groups, keysTogether, scores, lanes;
  bool isPossible;

  EmitOptions optionsOf(EmitOptions options) const {
    options.lanes = lanes;
    return options;
  }
};

class AttentionOfOneEmitter : public AttentionBlock {
public:
  AttentionOfOneEmitter(func::FuncOp body, const AttentionParts &parts, const EmitOptions &options, int64_t splits = 1)
      : AttentionBlock(body, parts, OnePlan(parts, options, splits).optionsOf(options)), one(parts, options, splits) {}

  LogicalResult emit();

private:
  Value distributeCarrying(Value upper, Value init, function_ref<Value(Value, Value)> body);
  void emitQuery();
  Value emitScore(Value key);
  Value emitLargest();
  Value emitSum(Value largest);
  void emitWeigh();
  void emitOutput(Value largest, Value sum);
  void emitKeys();
  void emitWhole();
  void emitPart();
  void emitNothing();
  Values placeOfKey(Value key, Value element);
  Values placeOfHead();
  void storeLogSum(Value value);

  OnePlan one;
  /// The number of the part, its first key, the end of its keys that the query sees, and of the scores that are read.
  Value split, firstKey, end, paddedEnd;
  Value query, scores, sums;
};
} // namespace

/// Where an element of the part's key `key` stands.
AttentionBlock::Values AttentionOfOneEmitter::placeOfKey(Value key, Value element) {
  return position(one.splits == 1 ? key : index.add(firstKey, key), keyHead, element);
}

/// Where the part's results for the block's head stand.
AttentionBlock::Values AttentionOfOneEmitter::placeOfHead() {
  return {batch, split, index.add(index.mul(keyHead, plan.group), firstRow)};
}

Value AttentionOfOneEmitter::distributeCarrying(Value upper, Value init, function_ref<Value(Value, Value)> body) {
  auto loop = kernel::DistributeOp::create(b, index.constant(0), upper, /*vector=*/1, ValueRange(init));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(&loop.getBody().front());
  {
    ElementEmitter::Scope scope(elements);
    kernel::YieldOp::create(b, ValueRange(body(loop.getInductionVar(), loop.getRegionIterArgs()[0])));
  }
  return loop.getResult(0);
}

void AttentionOfOneEmitter::emitQuery() {
  distribute(index.constant(plan.depth / one.width), [&](Value unit) {
    Value element = index.mul(unit, one.width);
    Value value = load(buffer(parts.query), positionOfRow(firstRow, element), one.width);
    store(multiply(value, splat(f32(parts.scale), one.width)), query, element);
  });
  kernel::BarrierOp::create(b);
}

Value AttentionOfOneEmitter::emitScore(Value key) {
  Values keys;
  for (int64_t element = 0; element < plan.depth; element += one.width)
    keys.push_back(load(buffer(parts.key), placeOfKey(key, index.constant(element)), one.width));
  Value sum = splat(f32(0), one.width);
  for (auto [number, part] : llvm::enumerate(keys)) {
    Value element = index.constant(static_cast<int64_t>(number) * one.width);
    sum = multiplyAdd(load(query, element, one.width), part, sum);
  }
  Value score = horizontal(vector::CombiningKind::ADD, sum);
  return parts.softcap ? emitSoftcap(score) : score;
}

Value AttentionOfOneEmitter::emitLargest() {
  Value largest = distributeCarrying(end, f32(kMasked), [&](Value key, Value before) {
    Value score = emitScore(key);
    store(score, scores, key);
    return maximum(score, before);
  });
  return kernel::ReduceOp::create(b, b.getF32Type(), kernel::Combine::max, largest);
}

/// Scores become weights; behind the last key they are 0.
Value AttentionOfOneEmitter::emitSum(Value largest) {
  Value sum = distributeCarrying(paddedEnd, f32(0), [&](Value key, Value before) {
    Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, key, end);
    auto weigh = [&]() -> Values {
      return {math::ExpOp::create(b, subtract(load(scores, key, 1), largest), kContract)};
    };
    Value weight = choose(inside, b.getF32Type(), weigh, [&]() -> Values { return {f32(0)}; })[0];
    store(weight, scores, key);
    return Value(arith::AddFOp::create(b, before, weight, kContract));
  });
  return kernel::ReduceOp::create(b, b.getF32Type(), kernel::Combine::add, sum);
}

/// Behind the last key its value is read again, and weighs nothing.
void AttentionOfOneEmitter::emitWeigh() {
  Value last = arith::MaxSIOp::create(b, index.add(end, -1), index.constant(0));
  distribute(index.constant(one.groups * one.chunks), [&](Value unit) {
    Value group = index.div(unit, one.chunks), column = index.mul(index.rem(unit, one.chunks), one.width);
    Value none = splat(f32(0), one.width);
    Value sum = loop(index.constant(0), paddedEnd, one.keysTogether, none, [&](Value first, ValueRange carried) {
      Values weights, values;
      for (int64_t number = 0; number < kValuesTogether; ++number) {
        Value key = index.add(index.add(first, group), number * one.groups);
        weights.push_back(load(scores, key, 1));
        Value valid = arith::MinSIOp::create(b, key, last);
        values.push_back(load(buffer(parts.value), placeOfKey(valid, column), one.width));
      }
      Value next = carried[0];
      for (auto [weight, value] : llvm::zip_equal(weights, values))
        next = multiplyAdd(splat(weight, one.width), value, next);
      return Values{next};
    })[0];
    store(sum, sums, {group, column});
  });
  kernel::BarrierOp::create(b);
}

/// A query that sees no key gives 0.
void AttentionOfOneEmitter::emitOutput(Value largest, Value sum) {
  Value seen = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, largest, f32(kMasked));
  Value factor = arith::DivFOp::create(b, f32(1), sum, kContract);
  distribute(index.constant(plan.columns), [&](Value column) {
    Value total = f32(0);
    for (int64_t group = 0; group < one.groups; ++group)
      total = arith::AddFOp::create(b, total, load(sums, {index.constant(group), column}, 1), kContract);
    Value value = arith::SelectOp::create(b, seen, multiply(total, factor), f32(0));
    Values place = positionOfRow(firstRow, column);
    if (one.splits > 1)
      (place = placeOfHead()).push_back(column);
    store(value, writer.output(0), place);
  });
}

/// The end of the part's keys that the query sees: at most 0 where it sees none.
void AttentionOfOneEmitter::emitKeys() {
  end = parts.causal ? Value(arith::MinSIOp::create(b, endKey, index.add(past, 1))) : endKey;
  if (one.splits > 1) {
    firstKey = index.mul(split, one.keys);
    end = arith::SubIOp::create(b, end, firstKey);
    end = arith::MinSIOp::create(b, end, index.constant(one.keys));
  }
  Value rounded = index.add(end, one.keysTogether - 1);
  paddedEnd = index.mul(index.div(rounded, one.keysTogether), one.keysTogether);
}

void AttentionOfOneEmitter::emitWhole() {
  emitQuery();
  Value largest = emitLargest(), sum = emitSum(largest);
  emitWeigh();
  emitOutput(largest, sum);
  if (one.splits > 1)
    storeLogSum(arith::AddFOp::create(b, largest, math::LogOp::create(b, sum, kContract), kContract));
}

void AttentionOfOneEmitter::storeLogSum(Value value) {
  distribute(index.constant(1), [&](Value) { store(value, writer.output(1), placeOfHead()); });
}

void AttentionOfOneEmitter::emitNothing() {
  distribute(index.constant(plan.columns), [&](Value column) {
    Values place = placeOfHead();
    place.push_back(column);
    store(f32(0), writer.output(0), place);
  });
  storeLogSum(f32(kMasked));
}

void AttentionOfOneEmitter::emitPart() {
  Value sees = arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, end, index.constant(0));
  choose(
      sees, {},
      [&]() -> Values {
        emitWhole();
        return {};
      },
      [&]() -> Values {
        emitNothing();
        return {};
      });
}

LogicalResult AttentionOfOneEmitter::emit() {
  int64_t grid = plan.batch * plan.keyHeads * plan.group * one.splits;
  Value block = grid == 1 ? index.constant(0) : Value(kernel::BlockIdOp::create(b, b.getIndexType()));
  split = index.rem(block, one.splits);
  Value head = index.div(block, one.splits);
  firstRow = index.rem(head, plan.group);
  emitHeads(index.div(head, plan.group));
  emitKeys();
  scores = scratch({one.scores}, b.getF32Type());
  sums = scratch({one.groups, plan.columns}, b.getF32Type());
  query = scratch({plan.depth}, b.getF32Type());
  if (one.splits > 1)
    emitPart();
  else
    emitWhole();
  writer.finish(grid);
  return success();
}

bool hfc::isAttentionOfOne(const AttentionParts &parts, const EmitOptions &options) {
  // Several vectors at once are for CPUs, whose blocks have one lane.
  bool isPlain = !parts.keyMask && !parts.querySegments && !parts.bias && !parts.dropoutKey && !parts.window;
  return options.interleave == 1 && isPlain && OnePlan(parts, options).isPossible;
}

LogicalResult hfc::emitAttentionOfOneKernel(func::FuncOp body, const AttentionParts &parts,
                                            const EmitOptions &options) {
  return AttentionOfOneEmitter(body, parts, options).emit();
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

/// The problem whose parts a body attends to, if `hf::buildAttentionParts` builds that body.
static std::optional<AttentionParts> partsOf(func::FuncOp body, int64_t splits) {
  auto found = body.getOps<hf::AttentionWithStatisticsOp>();
  if (found.empty() || body.getNumArguments() != 5)
    return std::nullopt;
  hf::AttentionWithStatisticsOp op = *found.begin();
  hf::AttentionOfOne attention{op.getScaleAttr(), op.getSoftcapAttr(), splits};
  if (!isBodyOf(body, [&](OpBuilder &builder, ValueRange arguments) {
        return hf::buildAttentionParts(builder, op.getLoc(), attention, arguments);
      }))
    return std::nullopt;

  AttentionParts parts;
  parts.query = body.getArgument(0);
  parts.key = body.getArgument(1);
  parts.value = body.getArgument(2);
  parts.past = body.getArgument(3);
  parts.count = body.getArgument(4);
  parts.scale = op.getScale().convertToDouble();
  parts.causal = true;
  if (op.getSoftcap())
    parts.softcap = op.getSoftcap()->convertToDouble();
  parts.layout = hf::HeadLayout::bshd;
  return parts;
}

/// As many as the body's first result has, if these are parts of its keys; else 1.
static int64_t splitsOf(func::FuncOp body) {
  auto rankOf = [](Type type) { return cast<RankedTensorType>(type).getRank(); };
  if (body.getNumArguments() != 5 || body.getNumResults() != 2 || rankOf(body.getResultTypes()[0]) != 4 ||
      llvm::any_of(body.getArgumentTypes().take_front(3), [&](Type type) { return rankOf(type) != 4; }))
    return 1;
  int64_t splits = cast<RankedTensorType>(body.getResultTypes()[0]).getDimSize(1);
  return splits > 1 && cast<RankedTensorType>(body.getArgumentTypes()[1]).getDimSize(1) % splits == 0 ? splits : 1;
}

LogicalResult hfc::emitAttentionPartsKernel(func::FuncOp body, const EmitOptions &options) {
  int64_t splits = splitsOf(body);
  std::optional<AttentionParts> parts = splits > 1 ? partsOf(body, splits) : std::nullopt;
  if (!parts)
    return body.emitError("an attention_parts kernel is attention of one query over equal parts of its keys, as "
                          "hfc-split-attention writes it");
  if (options.interleave != 1 || !OnePlan(*parts, options, splits).isPossible)
    return body.emitError("an attention_parts kernel is for devices whose blocks have lanes, and these parts' scores "
                          "must fit into a block's scratch memory");
  return AttentionOfOneEmitter(body, *parts, options, splits).emit();
}
