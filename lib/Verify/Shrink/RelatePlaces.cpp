//===- RelatePlaces.cpp - numbers that a rank makes of its place
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A rank's place along axes times a constant is an index, into what the constant is a size of. A constant that does not
// say which (`dist.size`) may as well be the number of ranks: then neither the axes nor anything of that size changes.
//
//===----------------------------------------------------------------------===//

#include "Relations.h"

#include "mlir/IR/Matchers.h"

using namespace hfc;
using namespace hfc::verify;
using dist::AxisListAttr;

/// A constant integer that may be a size, but does not say so: neither 0 nor 1, which no other size becomes.
static std::optional<int64_t> unsaidSize(Value value) {
  DenseElementsAttr elements;
  Operation *constant = value.getDefiningOp();
  if (!constant || constant->hasAttr(dist::sizeName) || !matchPattern(value, m_Constant(&elements)) ||
      !elements.isSplat() || !elements.getElementType().isInteger())
    return std::nullopt;
  int64_t number = std::abs(elements.getSplatValue<APInt>().getSExtValue());
  return number > 1 ? std::optional(number) : std::nullopt;
}

void Relations::followPlace(Operation *op) {
  if (auto index = dyn_cast<dist::AxisIndexOp>(op)) {
    places[index.getResult()] = {index.getAxes()};
    return;
  }
  if (places.empty() || op->getNumResults() == 0)
    return;
  SmallVector<AxisListAttr, 1> from;
  for (Value operand : op->getOperands())
    if (auto found = places.find(operand); found != places.end())
      llvm::append_range(from, found->second);
  if (from.empty())
    return;
  for (Value operand : op->getOperands())
    if (std::optional<int64_t> number = unsaidSize(operand)) {
      keptAxes.append(from.begin(), from.end());
      unsaidSizes.insert(*number);
    }
  for (Value result : op->getResults())
    if (auto type = dyn_cast<RankedTensorType>(result.getType());
        type && type.getElementType().isSignlessInteger() && !type.getElementType().isInteger(1))
      places[result] = from;
}

void Relations::keepUnsaidSizes() {
  for (Size atom = 0, end = atoms.count(); atom < end && !unsaidSizes.empty(); ++atom)
    if (unsaidSizes.contains(atoms.sizeOf(atom)))
      atoms.keep(atom);
}
