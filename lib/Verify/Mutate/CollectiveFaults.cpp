//===- CollectiveFaults.cpp - a collective that is not there, there twice, or another
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Faults.h"

#include "dialects/hf/Hf.h"
#include "dialects/hf/TensorBuilder.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace hfc;
using namespace hfc::verify;

static bool isCollective(Operation *op) { return isa<dist::CollectiveOpInterface>(op) && isInEntry(op); }

//===----------------------------------------------------------------------===//
// Dropped
//===----------------------------------------------------------------------===//

/// What a rank has without its group, in the shape of the collective's result: a gather of its own piece, again and
/// again.
static Value gatherOwn(OpBuilder &builder, dist::AllGatherOp op, int64_t ranks) {
  hf::TensorBuilder tensors(builder, op.getLoc());
  auto type = cast<RankedTensorType>(op.getResult().getType());
  auto joined = SmallVector<int64_t>(cast<RankedTensorType>(op.getInput().getType()).getShape());
  joined[op.getDim()] *= ranks;
  SmallVector<Value> pieces(ranks, op.getInput());
  Value all = hf::ConcatOp::create(builder, op.getLoc(), type.clone(joined), pieces, op.getDim());
  if (all.getType() == type)
    return all;
  dist::setSharding(all, dist::getSharding(op.getResult()));
  return hf::SliceOp::create(builder, op.getLoc(), type, all, SmallVector<int64_t>(joined.size(), 0));
}

/// The rank's piece of its own addend.
static Value cutOwn(OpBuilder &builder, dist::ReduceScatterOp op) {
  auto type = cast<RankedTensorType>(op.getResult().getType());
  auto number = RankedTensorType::get({}, builder.getI32Type());
  Value place = dist::AxisIndexOp::create(builder, op.getLoc(), number, op.getAxes());
  auto size = DenseElementsAttr::get(number, builder.getI32IntegerAttr(type.getDimSize(op.getDim())).getValue());
  Value start = hf::MulOp::create(builder, op.getLoc(), number, place,
                                  hf::ConstantOp::create(builder, op.getLoc(), number, size));
  return hf::SliceAtOp::create(builder, op.getLoc(), type, op.getInput(), start, op.getDim());
}

static unsigned waysToDrop(Operation *op) {
  if (!isCollective(op))
    return 0;
  return isa<dist::AllReduceOp, dist::AgreeOp, dist::BroadcastOp, dist::SendReceiveOp, dist::AllGatherOp,
             dist::ReduceScatterOp>(op);
}

static void drop(Operation *op, unsigned, Mutation &mutation) {
  mutation.what = "is not there";
  Operation *end = endOf(op);
  OpBuilder builder(op);
  SmallVector<Value> instead(op->getOperands());
  if (auto gather = dyn_cast<dist::AllGatherOp>(op))
    instead = {gatherOwn(builder, gather, dist::sizeOf(gather.getAxes().getAxes(), dist::meshOf(op)))};
  else if (auto scatter = dyn_cast<dist::ReduceScatterOp>(op))
    instead = {cutOwn(builder, scatter)};
  if (instead.front() != op->getOperand(0)) {
    dist::setSharding(instead.front(), dist::getSharding(op->getResult(0)));
    blame(mutation, op->getOperand(0).getDefiningOp());
  }
  if (end != op)
    replaceOp(end, instead, mutation);
  else
    return replaceOp(op, instead, mutation);
  op->erase();
}

//===----------------------------------------------------------------------===//
// Doubled
//===----------------------------------------------------------------------===//

static unsigned waysToDouble(Operation *op) {
  return isCollective(op) && isa<dist::AllReduceOp, dist::AgreeOp, dist::SendReceiveOp, dist::ReduceScatterOp>(op);
}

static void doubleIt(Operation *op, unsigned, Mutation &mutation) {
  mutation.what = "is there twice";
  Operation *end = endOf(op), *again = nullptr;
  SmallVector<Value> results(end->getResults());
  if (auto scatter = dyn_cast<dist::ReduceScatterOp>(op)) {
    OpBuilder builder(op->getContext());
    builder.setInsertionPointAfter(end);
    again = dist::AllReduceOp::create(builder, op->getLoc(), TypeRange(results), scatter.getKind(), results,
                                      scatter.getAxes(), scatter.getCauseAttr(), /*id=*/nullptr);
    dist::setSharding(again->getResult(0), dist::getSharding(results.front()));
  } else {
    again = copyBehind(end, op, results);
  }
  for (auto [first, second] : llvm::zip_equal(results, again->getResults()))
    divert(first, second);
  blame(mutation, {op, end, again});
}

//===----------------------------------------------------------------------===//
// Another
//===----------------------------------------------------------------------===//

static constexpr dist::ReductionKind kinds[] = {dist::ReductionKind::sum, dist::ReductionKind::max,
                                                dist::ReductionKind::min, dist::ReductionKind::mean};

static dist::ReductionKindAttr kindOf(Operation *op) { return op->getAttrOfType<dist::ReductionKindAttr>("kind"); }

static unsigned waysToReduce(Operation *op) { return isCollective(op) && kindOf(op) ? std::size(kinds) - 1 : 0; }

static void reduceOtherwise(Operation *op, unsigned way, Mutation &mutation) {
  dist::ReductionKind is = kindOf(op).getValue(), becomes = kinds[way] == is ? kinds[std::size(kinds) - 1] : kinds[way];
  op->setAttr("kind", dist::ReductionKindAttr::get(op->getContext(), becomes));
  mutation.what =
      ("combines by " + dist::stringifyReductionKind(becomes) + " instead of " + dist::stringifyReductionKind(is))
          .str();
  blame(mutation, {op, endOf(op)});
}

/// Neighbours of one type, which nothing but their order tells apart.
static SmallVector<unsigned> alikeNeighbours(ValueRange values) {
  SmallVector<unsigned> numbers;
  for (unsigned i = 0; i + 1 < values.size(); ++i)
    if (values[i].getType() == values[i + 1].getType() && values[i] != values[i + 1])
      numbers.push_back(i);
  return numbers;
}

static unsigned waysToExchangeOperands(Operation *op) {
  return isCollective(op) ? alikeNeighbours(op->getOperands()).size() : 0;
}

static void exchangeOperands(Operation *op, unsigned way, Mutation &mutation) {
  unsigned number = alikeNeighbours(op->getOperands())[way];
  Value first = op->getOperand(number);
  op->setOperand(number, op->getOperand(number + 1));
  op->setOperand(number + 1, first);
  mutation.what = "takes operands " + std::to_string(number) + " and " + std::to_string(number + 1) + " exchanged";
  blame(mutation, {op, endOf(op)});
}

static unsigned waysToExchangeResults(Operation *op) {
  return isCollective(op) ? alikeNeighbours(endOf(op)->getResults()).size() : 0;
}

static void exchangeResults(Operation *op, unsigned way, Mutation &mutation) {
  Operation *end = endOf(op);
  unsigned number = alikeNeighbours(end->getResults())[way];
  Value first = end->getResult(number), second = end->getResult(number + 1);
  exchangeReaders(first, second, mutation);
  mutation.what = "gives results " + std::to_string(number) + " and " + std::to_string(number + 1) + " exchanged";
  blame(mutation, {op, end});
}

ArrayRef<FaultKind> verify::getCollectiveFaults() {
  constexpr FaultLevel local = FaultLevel::Local;
  static const FaultKind all[] = {
      {"collective-dropped", local, "a rank goes on with what it has", waysToDrop, drop},
      {"collective-doubled", local, "combined once more, or sent once more", waysToDouble, doubleIt},
      {"reduction-kind", local, "mean for sum, sum for max, …", waysToReduce, reduceOtherwise},
      {"operands-exchanged", local, "two operands of a collective", waysToExchangeOperands, exchangeOperands},
      {"results-exchanged", local, "two results of a collective", waysToExchangeResults, exchangeResults},
  };
  return all;
}
