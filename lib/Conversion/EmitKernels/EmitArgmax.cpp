//===- EmitArgmax.cpp - where the largest elements of long rows stand
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block takes a row, and its lanes pass over it once: each element of a lane's vectors remembers the largest that
// has stood there, and where. NaN is larger than everything for the maximum of all lanes and equal to nothing, so that
// no lane has the largest element of a row that holds some.
//
//===----------------------------------------------------------------------===//

#include "Emitters.h"
#include "Reduction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;

/// Vectors that a lane takes, if the row is long enough, and the lanes of the largest block.
static constexpr int64_t kVectorsOfLane = 4, kFewestLanes = 32, kMostLanes = 1024;

namespace {
class ArgmaxEmitter {
public:
  ArgmaxEmitter(func::FuncOp body, hf::ArgmaxOp op, const EmitOptions &options)
      : lead(op.getX().getType().getShape().drop_back()), length(op.getX().getType().getShape().back()),
        width(widthOf(length, options)), writer(body, optionsOf(options)), b(writer.b),
        elements(b, writer.entry(), options.bufferAlignment), index(elements.index),
        type(computeType(op.getX().getType().getElementType())), numberType(op.getType().getElementType()) {}

  LogicalResult emit();

private:
  static int64_t widthOf(int64_t length, const EmitOptions &options) {
    int64_t width = options.width * options.interleave;
    while (length % width)
      width /= 2;
    return width;
  }
  EmitOptions optionsOf(EmitOptions options) const {
    int64_t busy = llvm::PowerOf2Ceil(llvm::divideCeil(length, width * kVectorsOfLane));
    options.lanes = std::clamp(busy, kFewestLanes, kMostLanes);
    return options;
  }

  Indices at(Value row) { return lead.empty() ? Indices() : Indices{index.group(row, lead)}; }
  Value number(int64_t value) { return arith::ConstantOp::create(b, b.getIntegerAttr(numberType, value)).getResult(); }
  Value numbersFrom(Value column);
  /// What each place of each lane has found: the largest element, and where it stands.
  kernel::DistributeOp emitWalk(Value row);
  Value emitPlace(ValueRange found);

  ArrayRef<int64_t> lead;
  int64_t length, width;
  KernelWriter writer;
  ImplicitLocOpBuilder &b;
  ElementEmitter elements;
  IndexBuilder &index;
  Type type, numberType;
};
} // namespace

/// The numbers of a vector of columns.
Value ArgmaxEmitter::numbersFrom(Value column) {
  Value first = elements.toVector(arith::IndexCastOp::create(b, numberType, column));
  if (width == 1)
    return first;
  SmallVector<Attribute> steps = llvm::map_to_vector(
      llvm::seq(width), [&](int64_t step) -> Attribute { return b.getIntegerAttr(numberType, step); });
  auto lanes = DenseElementsAttr::get(VectorType::get(width, numberType), steps);
  return arith::AddIOp::create(b, first, arith::ConstantOp::create(b, lanes));
}

kernel::DistributeOp ArgmaxEmitter::emitWalk(Value row) {
  Value none = elements.toVector(number(length));
  Value lowest = elements.toVector(neutralElement(b, hf::Reduction::max, type));
  auto loop = kernel::DistributeOp::create(b, index.constant(0), index.constant(length), width, {lowest, none});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(&loop.getBody().front());
  ElementEmitter::Scope scope(elements);
  Value column = loop.getInductionVar(), largest = loop.getRegionIterArgs()[0], place = loop.getRegionIterArgs()[1];
  Indices from = at(row);
  from.push_back(index.group(column, {length}, /*lane=*/width > 1, width));
  Value value = elements.toVector(elements.load(writer.input(0), from));
  // The first element counts however small it is.
  Value isLarger = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, value, largest);
  Value isFirst = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, place, none);
  Value taken = arith::OrIOp::create(b, isLarger, isFirst);
  Value next = arith::SelectOp::create(b, taken, numbersFrom(column), place);
  kernel::YieldOp::create(b, {combine(b, hf::Reduction::max, largest, value), next});
  return loop;
}

/// The least of the places at which the largest element of all lanes has been found.
Value ArgmaxEmitter::emitPlace(ValueRange found) {
  Value largest = kernel::ReduceOp::create(b, type, kernel::Combine::max, found[0]);
  Value isLargest = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, found[0], elements.toVector(largest));
  Value candidates = arith::SelectOp::create(b, isLargest, found[1], elements.toVector(number(length)));
  return kernel::ReduceOp::create(b, numberType, kernel::Combine::min, candidates);
}

LogicalResult ArgmaxEmitter::emit() {
  int64_t rows = llvm::product_of(lead);
  Value row = rows == 1 ? index.constant(0) : Value(kernel::BlockIdOp::create(b, b.getIndexType()));
  index.width = width;
  Value place = emitPlace(emitWalk(row).getResults());
  index.width = 1;
  auto once = kernel::DistributeOp::create(b, index.constant(0), index.constant(1), /*vector=*/1, ValueRange());
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(&once.getBody().front());
    (void)elements.store(place, writer.output(0), at(row));
    kernel::YieldOp::create(b, ValueRange());
  }
  writer.finish(rows);
  return success();
}

LogicalResult hfc::emitArgmaxKernel(func::FuncOp body, const EmitOptions &options) {
  auto op = dyn_cast<hf::ArgmaxOp>(body.getBody().front().front());
  if (!op || op->getOperands() != ValueRange(body.getArguments()) || op.getType().getNumElements() == 0)
    return body.emitError("an argmax kernel is one hf.argmax of its argument, which has rows");
  return ArgmaxEmitter(body, op, options).emit();
}
