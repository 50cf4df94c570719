//===- CollectivePlan.cpp - collectives of contiguous memory
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CollectivePlan.h"

#include "dialects/dist/BucketLayout.h"
#include "dialects/dist/Sharding.h"

#include "llvm/Support/MathExtras.h"

using namespace hfc;

using Kind = PlannedCall::Kind;

namespace {
/// A tensor as rows of bytes: `outer` rows, in each of which `size` times `inner` bytes lie along the dimension that a
/// collective cuts or joins.
struct Layout {
  int64_t outer = 1, size = 1, inner = 1;

  int64_t row() const { return size * inner; }
  int64_t bytes() const { return outer * row(); }
};

class Planner {
public:
  Planner(rt::CollectiveOp op, const BucketTable &buckets)
      : op(op), buckets(buckets), element(cast<MemRefType>(op.getIns()[0].getType()).getElementType()),
        elementBytes(element.getIntOrFloatBitWidth() / 8),
        ranks(dist::sizeOf(op.getAxes().getAxes(), dist::meshOf(op))) {}

  CollectivePlan run() {
    switch (op.getKind()) {
    case rt::CollectiveKind::all_reduce:
    case rt::CollectiveKind::agree:
      allReduce();
      break;
    case rt::CollectiveKind::all_gather:
      allGather();
      break;
    case rt::CollectiveKind::reduce_scatter:
      reduceScatter();
      break;
    case rt::CollectiveKind::all_to_all:
      allToAll();
      break;
    case rt::CollectiveKind::broadcast:
      broadcast();
      break;
    case rt::CollectiveKind::send_receive:
      sendReceive();
      break;
    case rt::CollectiveKind::reduce_scatter_bucket:
      reduceScatterBucket();
      break;
    case rt::CollectiveKind::all_gather_bucket:
      allGatherBucket();
      break;
    }
    return std::move(plan);
  }

private:
  //===--- Pieces ---------------------------------------------------------===//

  Value in() { return op.getIns()[0]; }
  Value out() { return op.getOuts()[0]; }

  static int64_t elementsOf(Value buffer) { return cast<MemRefType>(buffer.getType()).getNumElements(); }

  Layout layoutOf(Value buffer, int64_t dim) {
    ArrayRef<int64_t> shape = cast<MemRefType>(buffer.getType()).getShape();
    return {ShapedType::getNumElements(shape.take_front(dim)), shape[dim],
            ShapedType::getNumElements(shape.drop_front(dim + 1)) * elementBytes};
  }

  PlannedPlace reserve(int64_t bytes) {
    constexpr int64_t alignment = 64;
    PlannedPlace place{Value(), plan.scratchBytes};
    plan.scratchBytes += llvm::alignTo(bytes, alignment);
    return place;
  }

  static PlannedCopy copy(PlannedPlace target, PlannedPlace source, int64_t bytes) {
    return {target, source, bytes, 1, bytes, bytes};
  }
  static PlannedCopy clear(PlannedPlace target, int64_t bytes) { return {target, std::nullopt, bytes, 1, bytes, 0}; }

  void call(Kind kind, PlannedPlace target, PlannedPlace source, int64_t bytes, int64_t peer = 0,
            bool isRelative = false) {
    plan.calls.push_back({kind, target, source, bytes / elementBytes, peer, isRelative});
  }

  /// The copies between a tensor and its pieces, which lie one behind the other, each with rows as long as those of the
  /// first: the last ones may be short or empty.
  SmallVector<PlannedCopy> copiesOfPieces(const Layout &whole, PlannedPlace tensor, PlannedPlace pieces,
                                          bool isToPieces) {
    SmallVector<PlannedCopy> copies;
    int64_t size = llvm::divideCeil(whole.size, ranks), row = size * whole.inner;
    for (int64_t rank = 0; rank < ranks && rank * size < whole.size; ++rank) {
      int64_t width = std::min(size, whole.size - rank * size) * whole.inner;
      PlannedPlace ofTensor = tensor.at(rank * row), ofPieces = pieces.at(rank * row * whole.outer);
      if (isToPieces)
        copies.push_back({ofPieces, ofTensor, width, whole.outer, row, whole.row()});
      else
        copies.push_back({ofTensor, ofPieces, width, whole.outer, whole.row(), row});
    }
    return copies;
  }

  /// Whether pieces along a dimension are contiguous but for a few rows, each of which a call can take.
  bool isDirect(const Layout &whole) const { return whole.size % ranks == 0 && whole.outer <= maxCallsOfCollective; }

  //===--- Kinds ----------------------------------------------------------===//

  /// One call for all tensors that lie one behind the other.
  void allReduce() {
    for (size_t first = 0, last; first < op.getIns().size(); first = last) {
      dist::BucketLayout layout;
      layout.place(elementsOf(op.getIns()[first]));
      for (last = first + 1; last < op.getIns().size() && follows(last); ++last)
        layout.place(elementsOf(op.getIns()[last]));
      int64_t bytes = layout.size() * elementBytes;
      PlannedPlace source{op.getIns()[first]}, target{op.getOuts()[first]};
      if (ranks > 1)
        call(Kind::AllReduce, target, source, bytes);
      else
        copyUnlessSame(target, source, bytes);
    }
  }

  /// Whether tensor `number` lies behind the one before it, as operand and as result.
  bool follows(size_t number) {
    auto behind = [&](ValueRange tensors) { return buckets.isBehind(tensors[number - 1], tensors[number]); };
    return behind(op.getIns()) && behind(op.getOuts());
  }

  void copyUnlessSame(PlannedPlace target, PlannedPlace source, int64_t bytes) {
    MemoryRange from = buckets.rangeOf(source.buffer), to = buckets.rangeOf(target.buffer);
    if (from.region != to.region || from.begin != to.begin)
      plan.before.push_back(copy(target, source, bytes));
  }

  void allGather() {
    Layout whole = layoutOf(out(), *op.getDim());
    int64_t row = llvm::divideCeil(whole.size, ranks) * whole.inner;
    if (ranks == 1)
      return copyUnlessSame({out()}, {in()}, whole.bytes());
    if (isDirect(whole)) {
      for (int64_t i = 0; i < whole.outer; ++i)
        call(Kind::AllGather, {out(), i * whole.row()}, {in(), i * row}, row);
      return;
    }
    PlannedPlace pieces = reserve(ranks * whole.outer * row);
    call(Kind::AllGather, pieces, {in()}, whole.outer * row);
    plan.after = copiesOfPieces(whole, {out()}, pieces, /*isToPieces=*/false);
  }

  void reduceScatter() {
    Layout whole = layoutOf(in(), *op.getDim());
    int64_t row = llvm::divideCeil(whole.size, ranks) * whole.inner;
    if (ranks == 1)
      return copyUnlessSame({out()}, {in()}, whole.bytes());
    if (isDirect(whole)) {
      for (int64_t i = 0; i < whole.outer; ++i)
        call(Kind::ReduceScatter, {out(), i * row}, {in(), i * whole.row()}, row);
      return;
    }
    int64_t bytes = ranks * whole.outer * row;
    PlannedPlace pieces = reserve(bytes);
    if (whole.size % ranks)
      plan.before.push_back(clear(pieces, bytes));
    plan.before.append(copiesOfPieces(whole, {in()}, pieces, /*isToPieces=*/true));
    call(Kind::ReduceScatter, {out()}, pieces, whole.outer * row);
  }

  /// Pieces are contiguous in the operand if the dimension that is cut is the outermost, and in the result if the one
  /// along which they are joined is.
  void allToAll() {
    Layout cut = layoutOf(in(), *op.getDim()), joined = layoutOf(out(), *op.getConcat());
    int64_t bytes = cut.bytes() / ranks;
    if (ranks == 1)
      return copyUnlessSame({out()}, {in()}, bytes);
    PlannedPlace source{in()}, target{out()};
    if (cut.outer > 1) {
      source = reserve(cut.bytes());
      plan.before = copiesOfPieces(cut, {in()}, source, /*isToPieces=*/true);
    }
    if (joined.outer > 1) {
      target = reserve(joined.bytes());
      plan.after = copiesOfPieces(joined, {out()}, target, /*isToPieces=*/false);
    }
    for (int64_t peer = 0; peer < ranks; ++peer) {
      call(Kind::Send, {}, source.at(peer * bytes), bytes, peer);
      call(Kind::Receive, target.at(peer * bytes), {}, bytes, peer);
    }
  }

  void broadcast() {
    int64_t bytes = bytesOf(in().getType());
    if (ranks == 1)
      return copyUnlessSame({out()}, {in()}, bytes);
    call(Kind::Broadcast, {out()}, {in()}, bytes, *op.getPlace());
  }

  void sendReceive() {
    int64_t bytes = bytesOf(in().getType()), places = static_cast<int64_t>(*op.getPlace()) % ranks;
    if (places == 0)
      return copyUnlessSame({out()}, {in()}, bytes);
    PlannedPlace target{out()};
    if (MemoryRange from = buckets.rangeOf(in()), to = buckets.rangeOf(out());
        from.region == to.region && from.begin == to.begin) {
      target = reserve(bytes);
      plan.after.push_back(copy({out()}, target, bytes));
    }
    call(Kind::Send, {}, {in()}, bytes, places, /*isRelative=*/true);
    call(Kind::Receive, target, {}, bytes, -places, /*isRelative=*/true);
  }

  //===--- Buckets --------------------------------------------------------===//

  /// Where the tensors lie one behind the other, with room for all pieces.
  std::optional<PlannedPlace> bucketOf(ValueRange tensors, int64_t bytes) {
    std::optional<MemoryRange> range = buckets.contiguousRange(tensors);
    if (!range || !buckets.isFreeBehind(*range, range->begin + bytes))
      return std::nullopt;
    return PlannedPlace{tensors.front()};
  }

  /// In scratch memory what is between tensors and behind them holds anything, in a bucket what is behind them.
  void reduceScatterBucket() {
    int64_t piece = bytesOf(out().getType());
    std::optional<PlannedPlace> pieces = bucketOf(op.getIns(), piece * ranks);
    bool isPacked = !pieces;
    if (isPacked)
      pieces = ranks == 1 ? PlannedPlace{out()} : reserve(piece * ranks);
    dist::BucketLayout layout;
    for (Value tensor : op.getIns()) {
      int64_t end = layout.size() * elementBytes, begin = layout.place(elementsOf(tensor)) * elementBytes;
      if (!isPacked)
        continue;
      if (begin > end)
        plan.before.push_back(clear(pieces->at(end), begin - end));
      plan.before.push_back(copy(pieces->at(begin), {tensor}, bytesOf(tensor.getType())));
    }
    if (int64_t total = layout.size() * elementBytes; total < piece * ranks)
      plan.before.push_back(clear(pieces->at(total), piece * ranks - total));
    if (ranks > 1)
      call(Kind::ReduceScatter, {out()}, *pieces, piece);
    else if (!isPacked)
      copyUnlessSame({out()}, *pieces, piece);
  }

  void allGatherBucket() {
    int64_t piece = bytesOf(in().getType());
    std::optional<PlannedPlace> pieces = bucketOf(op.getOuts(), piece * ranks);
    bool isPacked = !pieces;
    if (isPacked)
      pieces = ranks == 1 ? PlannedPlace{in()} : reserve(piece * ranks);
    if (ranks > 1)
      call(Kind::AllGather, *pieces, {in()}, piece);
    else if (!isPacked)
      copyUnlessSame(*pieces, {in()}, piece);
    dist::BucketLayout layout;
    for (Value tensor : op.getOuts()) {
      int64_t begin = layout.place(elementsOf(tensor)) * elementBytes;
      if (isPacked)
        plan.after.push_back(copy({tensor}, pieces->at(begin), bytesOf(tensor.getType())));
    }
  }

  rt::CollectiveOp op;
  const BucketTable &buckets;
  Type element;
  int64_t elementBytes, ranks;
  CollectivePlan plan;
};
} // namespace

FailureOr<CollectivePlan> hfc::planCollective(rt::CollectiveOp op, const BucketTable &buckets) {
  Type element = cast<MemRefType>(op.getIns()[0].getType()).getElementType();
  if (!element.isF32() && !element.isBF16() && !element.isInteger(32))
    return op.emitOpError("moves ") << element << " between GPUs, but programs move float32, bfloat16 and int32";
  return Planner(op, buckets).run();
}
