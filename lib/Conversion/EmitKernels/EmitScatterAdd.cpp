//===- EmitScatterAdd.cpp - rows added to rows of a table, in place
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block for each index. Its lanes look together whether an earlier place holds the same index; the block that stands
// at the first looks for the last, and adds the rows of all of them, in order. So no two blocks write the same row,
// every sum has one order, and rows of different indices are added at the same time. A block mostly waits, for one
// thing after the other: it is small, so that there are many.
//
//===----------------------------------------------------------------------===//

#include "Emitters.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;

/// Lanes of the largest block, and of one whose rows do not ask for more.
static constexpr int64_t kMaxLanes = 256, kUsualLanes = 128;
/// Places that are looked at together for whether one of them holds the index.
static constexpr int64_t kPlacesTogether = 32;

namespace {
class ScatterAddEmitter {
public:
  ScatterAddEmitter(func::FuncOp body, hf::ScatterAddOp op, const EmitOptions &options)
      : writer(body, options), b(writer.b), elements(b, writer.entry(), options.bufferAlignment), index(elements.index),
        table(op.getBase().getType().getShape()), numbers(op.getIndices().getType().getShape()),
        places(llvm::product_of(numbers)), columns(llvm::product_of(table.drop_front())),
        placeWidth(widthFor(numbers, options.width)), columnWidth(widthFor(table.drop_front(), options.width)) {}

  void emit();

private:
  static int64_t widthFor(ArrayRef<int64_t> shape, int64_t widest);
  Value loadNumbers(Value place, int64_t width);
  Value findPlace(Value number, Value lower, Value upper, kernel::Combine best);
  void addPlaces(Value number, Value begin, Value end, int64_t width);
  void addRow(Value number, Value place);
  Value isEqual(Value lhs, Value rhs) { return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, lhs, rhs); }
  Value toIndex(Value value) { return arith::IndexCastOp::create(b, b.getIndexType(), value); }
  void inBranch(Value condition, function_ref<void()> emitThen);
  void inLoop(Value lower, Value upper, int64_t step, function_ref<void(Value)> emitIteration);

  KernelWriter writer;
  ImplicitLocOpBuilder &b;
  ElementEmitter elements;
  IndexBuilder &index;
  ArrayRef<int64_t> table, numbers;
  int64_t places, columns, placeWidth, columnWidth;
};
} // namespace

/// The largest power of two up to `widest` that divides the last dimension.
int64_t ScatterAddEmitter::widthFor(ArrayRef<int64_t> shape, int64_t widest) {
  int64_t width = widest;
  while ((shape.empty() ? 1 : shape.back()) % width)
    width /= 2;
  return width;
}

void ScatterAddEmitter::inBranch(Value condition, function_ref<void()> emitThen) {
  auto branch = scf::IfOp::create(b, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  ElementEmitter::Scope scope(elements);
  emitThen();
}

void ScatterAddEmitter::inLoop(Value lower, Value upper, int64_t step, function_ref<void(Value)> emitIteration) {
  auto loop = scf::ForOp::create(b, lower, upper, index.constant(step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(loop.getBody()->getTerminator());
  ElementEmitter::Scope scope(elements);
  emitIteration(loop.getInductionVar());
}

/// The `width` indices from `place` on.
Value ScatterAddEmitter::loadNumbers(Value place, int64_t width) {
  index.width = width;
  Indices at;
  if (!numbers.empty())
    at.push_back(index.group(place, numbers, /*lane=*/width > 1, width));
  return elements.load(writer.input(1), at);
}

/// The first (`best` is min) or the last (max) place from `lower` on and before `upper`, multiples of the width, at
/// which `number` stands, found by all lanes together.
Value ScatterAddEmitter::findPlace(Value number, Value lower, Value upper, kernel::Combine best) {
  Type integer = b.getI32Type();
  bool isFirst = best == kernel::Combine::min;
  index.width = placeWidth;
  SmallVector<int32_t> steps = llvm::to_vector(llvm::seq<int32_t>(0, placeWidth));
  Value none = elements.toVector(arith::ConstantOp::create(b, b.getI32IntegerAttr(isFirst ? places : -1)));
  auto loop = kernel::DistributeOp::create(b, lower, upper, placeWidth, none);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(&loop.getBody().front());
    ElementEmitter::Scope scope(elements);
    Value place = elements.toVector(arith::IndexCastOp::create(b, integer, loop.getInductionVar()));
    if (placeWidth > 1)
      place = arith::AddIOp::create(b, place, arith::ConstantOp::create(b, b.getI32VectorAttr(steps)));
    Value hit = isEqual(loadNumbers(loop.getInductionVar(), placeWidth), elements.toVector(number));
    Value found = arith::SelectOp::create(b, hit, place, none), before = loop.getRegionIterArgs().front();
    found = isFirst ? Value(arith::MinSIOp::create(b, before, found)) : Value(arith::MaxSIOp::create(b, before, found));
    kernel::YieldOp::create(b, found);
  }
  return kernel::ReduceOp::create(b, integer, best, loop.getResult(0));
}

/// `table[number, column] += updates[place, column]` for all columns. A lane has the same columns at every place.
void ScatterAddEmitter::addRow(Value number, Value place) {
  Value row = toIndex(number);
  index.width = columnWidth;
  auto loop = kernel::DistributeOp::create(b, index.constant(0), index.constant(columns), columnWidth, ValueRange());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(&loop.getBody().front());
  ElementEmitter::Scope scope(elements);
  Indices source, target{{row, 0, 1, {table[0]}}};
  if (!numbers.empty())
    source.push_back(index.group(place, numbers));
  if (table.size() > 1) {
    target.push_back(index.group(loop.getInductionVar(), table.drop_front(), /*lane=*/index.width > 1, index.width));
    source.push_back(target.back());
  }
  // The width divides the innermost size, so that no access can fail. The table is the output's buffer.
  Value before = elements.load(writer.output(0), target), update = elements.load(writer.input(2), source);
  Value sum = isa<FloatType>(getElementTypeOrSelf(before.getType())) ? Value(arith::AddFOp::create(b, before, update))
                                                                     : Value(arith::AddIOp::create(b, before, update));
  (void)elements.store(sum, writer.output(0), target);
  kernel::YieldOp::create(b, ValueRange());
}

/// Adds the rows of all places from `begin` on and before `end` that hold `number`; most vectors of places hold others.
void ScatterAddEmitter::addPlaces(Value number, Value begin, Value end, int64_t width) {
  inLoop(begin, end, width, [&](Value place) {
    index.width = width;
    Value hits = isEqual(loadNumbers(place, width), elements.toVector(number));
    if (width == 1)
      return inBranch(hits, [&] { addRow(number, place); });
    hits = arith::ExtUIOp::create(b, VectorType::get(width, b.getI32Type()), hits);
    Value any = vector::ReductionOp::create(b, vector::CombiningKind::MAXSI, hits);
    Value one = arith::ConstantOp::create(b, b.getI32IntegerAttr(1));
    inBranch(isEqual(any, one),
             [&] { addPlaces(number, place, index.add(place, width), width > placeWidth ? placeWidth : 1); });
  });
}

void ScatterAddEmitter::emit() {
  writer.kernel.setArgAttr(3, "kernel.alias", b.getI64IntegerAttr(0));
  if (places == 0)
    return writer.finish(/*grid=*/1);
  Value place = places == 1 ? index.constant(0) : Value(kernel::BlockIdOp::create(b, b.getIndexType()));
  Value number = loadNumbers(place, 1);
  // The vector of places that holds this one.
  Value own = index.mul(index.div(place, placeWidth), placeWidth);
  Value first = findPlace(number, index.constant(0), index.add(own, placeWidth), kernel::Combine::min);
  Value isInside = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, toIndex(number), index.constant(table[0]));
  inBranch(arith::AndIOp::create(b, isInside, isEqual(toIndex(first), place)), [&] {
    Value last = findPlace(number, own, index.constant(places), kernel::Combine::max);
    int64_t width = widthFor(numbers, std::max(kPlacesTogether, placeWidth));
    Value begin = index.mul(index.div(place, width), width);
    addPlaces(number, begin, index.add(toIndex(last), 1), width);
  });
  int64_t busy = std::max(columns / columnWidth, std::min(places / placeWidth, kUsualLanes));
  writer.kernel.setLanes(std::clamp<int64_t>(llvm::PowerOf2Ceil(busy), 32, kMaxLanes));
  writer.finish(places);
}

LogicalResult hfc::emitScatterAddKernel(func::FuncOp body, const EmitOptions &options) {
  auto op = dyn_cast<hf::ScatterAddOp>(body.getBody().front().front());
  if (!op || op->getOperands() != ValueRange(body.getArguments()))
    return body.emitError("a scatter_add kernel is one hf.scatter_add of its arguments, in order");
  ScatterAddEmitter(body, op, options).emit();
  return success();
}
