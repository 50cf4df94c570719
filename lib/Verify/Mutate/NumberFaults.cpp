//===- NumberFaults.cpp - a factor, term, sign or constant
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Faults.h"

#include "dialects/hf/Hf.h"

using namespace hfc;
using namespace hfc::verify;

/// An op of two operands of its result's type, floats.
template <typename... OpTys>
static bool isBinary(Operation *op) {
  Value result = isInEntry(op) && isa<OpTys...>(op) ? floatResult(op) : Value();
  return result && op->getNumOperands() == 2 && op->getOperand(0).getType() == result.getType() &&
         op->getOperand(1).getType() == result.getType();
}

//===----------------------------------------------------------------------===//
// Missing
//===----------------------------------------------------------------------===//

static unsigned waysToOmit(Operation *op) {
  return isBinary<hf::MulOp>(op) ? 2 : isBinary<hf::DivOp>(op) || isBinary<hf::MinOp>(op) ? 1 : 0;
}

static unsigned waysToOmitTerm(Operation *op) { return isBinary<hf::AddOp>(op) ? 2 : isBinary<hf::SubOp>(op) ? 1 : 0; }

static void omit(Operation *op, unsigned way, Mutation &mutation) {
  Value kept = op->getOperand(way);
  mutation.what = "gives operand " + std::to_string(way) + " as it is";
  blameAround(mutation, op->getOperand(1 - way));
  llvm::erase(mutation.guilty, op);
  replaceOp(op, kept, mutation);
}

/// A step that leaves its operand's type and place: an activation, a rotation, a mask, a conversion to itself.
static unsigned waysToSkip(Operation *op) {
  Value result = isInEntry(op) ? floatResult(op) : Value();
  bool hasOwnKind = !result || isa<dist::CollectiveOpInterface, dist::DoneOp>(op) ||
                    isBinary<hf::AddOp, hf::MulOp, hf::DivOp, hf::SubOp, hf::MinOp>(op);
  if (hasOwnKind || op->getNumOperands() == 0)
    return 0;
  for (Value operand : op->getOperands())
    if (operand.getType() == result.getType() && dist::getSharding(operand) == dist::getSharding(result))
      return 1;
  return 0;
}

static void skip(Operation *op, unsigned, Mutation &mutation) {
  Value result = op->getResult(0);
  Value kept = *llvm::find_if(op->getOperands(), [&](Value operand) {
    return operand.getType() == result.getType() && dist::getSharding(operand) == dist::getSharding(result);
  });
  mutation.what = "is left out";
  replaceOp(op, kept, mutation);
}

//===----------------------------------------------------------------------===//
// Too much
//===----------------------------------------------------------------------===//

static unsigned waysToAddTwice(Operation *op) { return isBinary<hf::AddOp>(op) ? 2 : 0; }

static void addTwice(Operation *op, unsigned way, Mutation &mutation) {
  Operation *again = copyBehind(op, op, {op->getResult(0), op->getOperand(way)});
  divert(op->getResult(0), again->getResult(0));
  mutation.what = "counts operand " + std::to_string(way) + " twice";
  blame(mutation, {op, again});
}

//===----------------------------------------------------------------------===//
// Another
//===----------------------------------------------------------------------===//

template <typename OpTy>
static void become(Operation *op, StringRef what, Mutation &mutation) {
  OpBuilder builder(op);
  Operation *other =
      OpTy::create(builder, op->getLoc(), op->getResult(0).getType(), op->getOperand(0), op->getOperand(1));
  other->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  op->replaceAllUsesWith(other);
  op->erase();
  mutation.what = what.str();
  blame(mutation, other);
}

static unsigned waysToTurn(Operation *op) { return isBinary<hf::AddOp, hf::SubOp>(op); }

static void turn(Operation *op, unsigned, Mutation &mutation) {
  if (isa<hf::AddOp>(op))
    return become<hf::SubOp>(op, "subtracts instead of adding", mutation);
  become<hf::AddOp>(op, "adds instead of subtracting", mutation);
}

static unsigned waysToExchange(Operation *op) {
  if (isBinary<hf::SubOp, hf::DivOp, hf::PowOp>(op))
    return op->getOperand(0) != op->getOperand(1);
  return isInEntry(op) && isa<hf::SelectOp>(op);
}

static void exchange(Operation *op, unsigned, Mutation &mutation) {
  unsigned first = isa<hf::SelectOp>(op) ? 1 : 0;
  Value operand = op->getOperand(first);
  op->setOperand(first, op->getOperand(first + 1));
  op->setOperand(first + 1, operand);
  mutation.what = "takes its operands exchanged";
  blame(mutation, op);
}

static unsigned waysToReduce(Operation *op) { return isInEntry(op) && isa<hf::ReduceOp>(op); }

static void reduceOtherwise(Operation *op, unsigned, Mutation &mutation) {
  auto reduce = cast<hf::ReduceOp>(op);
  hf::Reduction becomes = reduce.getKind() == hf::Reduction::sum ? hf::Reduction::max : hf::Reduction::sum;
  reduce.setKind(becomes);
  mutation.what = ("reduces by " + hf::stringifyReduction(becomes)).str();
  blame(mutation, op);
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

static DenseElementsAttr numbersOf(Operation *op) {
  auto constant = isInEntry(op) ? dyn_cast<hf::ConstantOp>(op) : hf::ConstantOp();
  auto value = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : DenseElementsAttr();
  return value && value.isSplat() ? value : DenseElementsAttr();
}

static unsigned waysToChange(Operation *op) {
  DenseElementsAttr value = numbersOf(op);
  if (!value)
    return 0;
  return isa<FloatType>(value.getElementType()) ? 2 : value.getElementType().isInteger(1) ? 0 : 2;
}

/// Floats become twice as large, or half; zeros and infinities one. Integers become one more, or less.
static Attribute changed(Attribute element, unsigned way) {
  if (auto integer = dyn_cast<IntegerAttr>(element))
    return IntegerAttr::get(integer.getType(), integer.getValue() + (way ? -1 : 1));
  auto number = cast<FloatAttr>(element);
  double value = number.getValueAsDouble();
  if (value == 0 || !number.getValue().isFinite())
    return FloatAttr::get(number.getType(), way ? -1.0 : 1.0);
  return FloatAttr::get(number.getType(), way ? value / 2 : value * 2);
}

/// What it said of itself goes: it is no size any more.
static void change(Operation *op, unsigned way, Mutation &mutation) {
  DenseElementsAttr value = numbersOf(op);
  Attribute becomes = changed(value.getSplatValue<Attribute>(), way);
  cast<hf::ConstantOp>(op).setValueAttr(DenseElementsAttr::get(value.getType(), ArrayRef(becomes)));
  op->removeAttr(dist::sizeName);
  llvm::raw_string_ostream(mutation.what) << "is " << becomes;
  blame(mutation, op);
}

ArrayRef<FaultKind> verify::getNumberFaults() {
  constexpr FaultLevel local = FaultLevel::Local;
  static const FaultKind all[] = {
      {"scale-missing", local, "a factor, or a divisor, left out", waysToOmit, omit},
      {"term-dropped", local, "one of two terms left out", waysToOmitTerm, omit},
      {"term-doubled", local, "a term added twice", waysToAddTwice, addTwice},
      {"step-skipped", local, "an op that keeps its operand's type left out", waysToSkip, skip},
      {"sign-wrong", local, "added instead of subtracted, or the other way", waysToTurn, turn},
      {"operands-turned", local, "the operands of a difference, a quotient or a choice", waysToExchange, exchange},
      {"reduce-wrong", local, "a local maximum for a sum, or the other way", waysToReduce, reduceOtherwise},
      {"constant-wrong", local, "twice or half as large, or one more or less", waysToChange, change},
  };
  return all;
}
