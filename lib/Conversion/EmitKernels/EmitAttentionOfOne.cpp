//===- EmitAttentionOfOne.cpp - attention of one query
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Decoding attends from one query of each head to all keys so far. What counts is how soon everything has been asked of
// memory, so a block takes one head, of all keys or of a part of them, a tile after the other:
//
//   stage    the tile's keys and values into scratch memory, in vectors that neighbouring lanes read side by side, all
//            of them asked for at once
//   score    each lane a piece of a key's row, then a key: its score, and the largest of all
//   weigh    each lane a vector of columns for every so many-th key: exponentials times values, and their sum
//   add      each lane a column: what the lanes have weighed
//
// Where several tiles follow each other, what has been weighed is weighed down whenever a score is larger than all
// before it (Milakov, Gimelshein: "Online normalizer calculation for softmax", 2018). Blocks whose heads share a key
// head read the same keys at the same time: memory is asked once. A block whose part begins behind the last valid key
// reads nothing. What the parts have found another kernel joins (EmitAttentionJoin.cpp).
//
//===----------------------------------------------------------------------===//

#include "Attention.h"
#include "AttentionParts.h"
#include "dialects/hf/AttentionParts.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;

static constexpr auto kContract = arith::FastMathFlags::contract;
/// What a GPU's block has without asking for more, less what reductions take.
static constexpr int64_t kScratchBytes = 46 * 1024;
static constexpr int64_t kFewestLanes = 64, kMostLanes = 512;
/// Vectors of keys and values that a lane asks for at once, and keys of a tile.
static constexpr int64_t kVectorsTogether = 8, kMostKeysOfTile = 64;
/// Bytes behind each row in scratch memory, so that lanes that read different rows use different banks.
static constexpr int64_t kPadding = 16;

namespace {
/// How a block divides the work.
struct OnePlan {
  OnePlan(const AttentionParts &parts, const EmitOptions &options, int64_t splits = 1) : splits(splits) {
    const AttentionPlan plan(parts, options);
    keys = plan.keys / splits;
    for (width = options.width; plan.depth % width || plan.columns % width;)
      width /= 2;
    int64_t elementBytes = cast<RankedTensorType>(parts.key.getType()).getElementTypeBitWidth() / 8;
    padding = kPadding / elementBytes;
    depthChunks = plan.depth / width;
    chunks = plan.columns / width;
    auto bytes = [&] {
      return elementBytes * tile * (plan.depth + plan.columns + 2 * padding) +
             4 * (tile * (pieces + 1) + groups * (plan.columns + chunks) + plan.depth);
    };
    tile = 2 * std::min<int64_t>(llvm::PowerOf2Ceil(std::max<int64_t>(keys, 1)), kMostKeysOfTile);
    do {
      tile /= 2;
      lanes = llvm::PowerOf2Ceil(tile * (depthChunks + chunks) / kVectorsTogether);
      lanes = std::clamp(lanes, kFewestLanes, kMostLanes);
      pieces = std::clamp<int64_t>(lanes / std::max<int64_t>(tile, 1), 1, depthChunks);
      while (depthChunks % pieces)
        --pieces;
      groups = std::clamp<int64_t>(lanes / std::max<int64_t>(chunks, 1), 1, std::max<int64_t>(tile, 1));
      while (tile % groups)
        --groups;
    } while (bytes() > kScratchBytes && tile > 1);
    isPossible = plan.queries == 1 && tile >= 1 && plan.depth > 0 && plan.columns > 0 && bytes() <= kScratchBytes;
  }

  /// Parts of the keys, and keys of a part.
  int64_t splits, keys;
  /// Elements of a vector, vectors of a key's and of a value's row, and elements between rows in scratch memory.
  int64_t width, depthChunks, chunks, padding;
  /// Keys of a tile, pieces of a key's row, groups of keys.
  int64_t tile = 0, pieces = 1, groups = 1, lanes = 0;
  bool isPossible;

  bool hasTiles() const { return keys > tile; }
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
  void allocate();
  Value emitTile(Value before);
  Value emitTiles();
  void storeQuery(Value raw, Value element);
  void emitStage();
  void emitPieces();
  Value emitLargest();
  void emitWeigh(Value before, Value largest);
  Value emitWeightSum();
  void emitOutput(Value largest);
  void emitKeys();
  void emitWhole();
  void emitPart();
  void emitNothing();
  Type rawTypeOf(Value argument);
  Value read(Value argument, ValueRange at);
  Values placeOfKey(Value key, Value element);
  Values placeOfHead();

  OnePlan one;
  /// The number of the part, its first key, and the end of its keys that the query sees.
  Value split, firstKey, end;
  /// The tile's first key, counted in the part.
  Value firstOfTile;
  // Scratch memory.
  Value query, keyRows, valueRows, pieces, scores, sums, weightSums;
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

/// Of an argument's vectors, as they stand in memory.
Type AttentionOfOneEmitter::rawTypeOf(Value argument) {
  Type element = cast<RankedTensorType>(argument.getType()).getElementType();
  return one.width == 1 ? element : VectorType::get(one.width, element);
}

Value AttentionOfOneEmitter::read(Value argument, ValueRange at) {
  if (auto type = dyn_cast<VectorType>(rawTypeOf(argument)))
    return vector::LoadOp::create(b, type, buffer(argument), at);
  return memref::LoadOp::create(b, buffer(argument), at);
}

void AttentionOfOneEmitter::allocate() {
  auto elementOf = [&](Value argument) { return cast<MemRefType>(buffer(argument).getType()).getElementType(); };
  keyRows = scratch({one.tile, plan.depth + one.padding}, elementOf(parts.key));
  valueRows = scratch({one.tile, plan.columns + one.padding}, elementOf(parts.value));
  query = scratch({plan.depth}, b.getF32Type());
  pieces = scratch({one.pieces, one.tile}, b.getF32Type());
  scores = scratch({one.tile}, b.getF32Type());
  sums = scratch({one.groups, plan.columns}, b.getF32Type());
  weightSums = scratch({one.groups, one.chunks}, b.getF32Type());
}

/// Where an element of the query stands, scaled, in scratch memory.
void AttentionOfOneEmitter::storeQuery(Value raw, Value element) {
  store(multiply(toComputeType(b, raw), splat(f32(parts.scale), one.width)), query, element);
}

/// Copies keys and values of the tile, and with them the query where there is one tile: everything is asked for before
/// anything is written. Behind the last key it is read again, and weighs nothing.
void AttentionOfOneEmitter::emitStage() {
  Value last = arith::MaxSIOp::create(b, index.add(end, -1), index.constant(0));
  struct Copied {
    Value value, row, element;
  };
  auto ask = [&](Value unit, Value source, int64_t chunks) -> Copied {
    Value row = index.div(unit, chunks), element = index.mul(index.rem(unit, chunks), one.width);
    Value key = arith::MinSIOp::create(b, firstOfTile ? index.add(firstOfTile, row) : row, last);
    return {read(source, placeOfKey(key, element)), row, element};
  };
  auto write = [&](const Copied &copied, Value target) {
    SmallVector<Value, 2> place{copied.row, copied.element};
    if (isa<VectorType>(copied.value.getType()))
      vector::StoreOp::create(b, copied.value, target, place);
    else
      memref::StoreOp::create(b, copied.value, target, place);
  };
  bool isAlike = one.chunks == one.depthChunks;
  distribute(index.constant(one.tile * one.depthChunks), [&](Value unit) {
    Value ofQuery, element = index.mul(unit, one.width);
    Value hasQuery = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, unit, index.constant(one.depthChunks));
    if (!one.hasTiles()) {
      Type type = rawTypeOf(parts.query);
      ofQuery = choose(
          hasQuery, type, [&]() -> Values { return {read(parts.query, positionOfRow(firstRow, element))}; },
          [&]() -> Values { return {Value(arith::ConstantOp::create(b, b.getZeroAttr(type)))}; })[0];
    }
    Copied key = ask(unit, parts.key, one.depthChunks), value;
    if (isAlike)
      value = ask(unit, parts.value, one.chunks);
    write(key, keyRows);
    if (isAlike)
      write(value, valueRows);
    if (ofQuery) {
      auto branch = scf::IfOp::create(b, hasQuery);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPoint(branch.thenBlock()->getTerminator());
      ElementEmitter::Scope scope(elements);
      storeQuery(ofQuery, element);
    }
  });
  if (!isAlike)
    distribute(index.constant(one.tile * one.chunks),
               [&](Value unit) { write(ask(unit, parts.value, one.chunks), valueRows); });
  kernel::BarrierOp::create(b);
}

/// What each piece of a key's row adds to its score.
void AttentionOfOneEmitter::emitPieces() {
  int64_t vectors = one.depthChunks / one.pieces;
  distribute(index.constant(one.pieces * one.tile), [&](Value unit) {
    Value piece = index.div(unit, one.tile), key = index.rem(unit, one.tile);
    Value first = index.mul(piece, vectors * one.width), sum = splat(f32(0), one.width);
    for (int64_t number = 0; number < vectors; ++number) {
      Value element = index.add(first, number * one.width);
      sum = multiplyAdd(load(query, element, one.width), load(keyRows, {key, element}, one.width), sum);
    }
    store(horizontal(vector::CombiningKind::ADD, sum), pieces, {piece, key});
  });
  kernel::BarrierOp::create(b);
}

/// The scores of the tile, and their largest.
Value AttentionOfOneEmitter::emitLargest() {
  auto loop = kernel::DistributeOp::create(b, index.constant(0), index.constant(one.tile), /*vector=*/1,
                                           ValueRange(f32(kMasked)));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(&loop.getBody().front());
    ElementEmitter::Scope scope(elements);
    Value key = loop.getInductionVar(), score = load(pieces, {index.constant(0), key}, 1);
    for (int64_t piece = 1; piece < one.pieces; ++piece)
      score = arith::AddFOp::create(b, score, load(pieces, {index.constant(piece), key}, 1), kContract);
    if (parts.softcap)
      score = emitSoftcap(score);
    Value place = firstOfTile ? index.add(firstOfTile, key) : key;
    Value isSeen = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, place, end);
    score = arith::SelectOp::create(b, isSeen, score, f32(kMasked));
    store(score, scores, key);
    kernel::YieldOp::create(b, ValueRange(maximum(score, loop.getRegionIterArgs()[0])));
  }
  return kernel::ReduceOp::create(b, b.getF32Type(), kernel::Combine::max, loop.getResult(0));
}

/// With `before`, the largest score of earlier tiles, what these have left is weighed down and added.
void AttentionOfOneEmitter::emitWeigh(Value before, Value largest) {
  auto exponential = [&](Value score) { return math::ExpOp::create(b, subtract(score, largest), kContract); };
  Value factor = before ? Value(exponential(before)) : Value();
  distribute(index.constant(one.groups * one.chunks), [&](Value unit) {
    Value group = index.div(unit, one.chunks), chunk = index.rem(unit, one.chunks);
    Value column = index.mul(chunk, one.width);
    Value sum = splat(f32(0), one.width), weightSum = f32(0);
    if (before) {
      sum = multiply(load(sums, {group, column}, one.width), splat(factor, one.width));
      weightSum = multiply(load(weightSums, {group, chunk}, 1), factor);
    }
    for (int64_t number = 0; number < one.tile / one.groups; ++number) {
      Value key = index.add(group, number * one.groups), weight = exponential(load(scores, key, 1));
      sum = multiplyAdd(splat(weight, one.width), load(valueRows, {key, column}, one.width), sum);
      weightSum = arith::AddFOp::create(b, weightSum, weight, kContract);
    }
    store(sum, sums, {group, column});
    store(weightSum, weightSums, {group, chunk});
  });
  kernel::BarrierOp::create(b);
}

Value AttentionOfOneEmitter::emitTile(Value before) {
  emitStage();
  emitPieces();
  Value largest = emitLargest();
  if (before)
    largest = maximum(largest, before);
  emitWeigh(before, largest);
  return largest;
}

/// The largest score of all.
Value AttentionOfOneEmitter::emitTiles() {
  if (!one.hasTiles())
    return emitTile(/*before=*/{});
  distribute(index.constant(one.depthChunks), [&](Value unit) {
    Value element = index.mul(unit, one.width);
    storeQuery(read(parts.query, positionOfRow(firstRow, element)), element);
  });
  distribute(index.constant(one.groups * one.chunks), [&](Value unit) {
    Value group = index.div(unit, one.chunks), chunk = index.rem(unit, one.chunks);
    store(splat(f32(0), one.width), sums, {group, index.mul(chunk, one.width)});
    store(f32(0), weightSums, {group, chunk});
  });
  kernel::BarrierOp::create(b);
  return loop(index.constant(0), end, one.tile, f32(kMasked), [&](Value first, ValueRange carried) {
    firstOfTile = first;
    return Values{emitTile(carried[0])};
  })[0];
}

Value AttentionOfOneEmitter::emitWeightSum() {
  Value total = f32(0);
  for (int64_t group = 0; group < one.groups; ++group) {
    Value sum = load(weightSums, {index.constant(group), index.constant(0)}, 1);
    total = arith::AddFOp::create(b, total, sum, kContract);
  }
  return total;
}

/// A query that sees no key gives 0.
void AttentionOfOneEmitter::emitOutput(Value largest) {
  Value seen = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, largest, f32(kMasked));
  distribute(index.constant(plan.columns), [&](Value column) {
    Value total = f32(0);
    for (int64_t group = 0; group < one.groups; ++group)
      total = arith::AddFOp::create(b, total, load(sums, {index.constant(group), column}, 1), kContract);
    Value mean = arith::DivFOp::create(b, total, emitWeightSum(), kContract);
    Value value = arith::SelectOp::create(b, seen, mean, f32(0));
    Values place = positionOfRow(firstRow, column);
    if (one.splits > 1)
      (place = placeOfHead()).push_back(column);
    store(value, writer.output(0), place);
  });
}

/// The end of the part's keys that the query sees: at most 0 where it sees none.
void AttentionOfOneEmitter::emitKeys() {
  end = parts.causal ? Value(arith::MinSIOp::create(b, endKey, index.add(past, 1))) : endKey;
  if (one.splits == 1)
    return;
  firstKey = index.mul(split, one.keys);
  end = arith::SubIOp::create(b, end, firstKey);
  end = arith::MinSIOp::create(b, end, index.constant(one.keys));
}

void AttentionOfOneEmitter::emitWhole() {
  Value largest = emitTiles();
  emitOutput(largest);
  if (one.splits > 1)
    distribute(index.constant(1), [&](Value) {
      Value logarithm = math::LogOp::create(b, emitWeightSum(), kContract);
      store(arith::AddFOp::create(b, largest, logarithm, kContract), writer.output(1), placeOfHead());
    });
}

void AttentionOfOneEmitter::emitNothing() {
  distribute(index.constant(plan.columns), [&](Value column) {
    Values place = placeOfHead();
    place.push_back(column);
    store(f32(0), writer.output(0), place);
  });
  distribute(index.constant(1), [&](Value) { store(f32(kMasked), writer.output(1), placeOfHead()); });
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
  allocate();
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
