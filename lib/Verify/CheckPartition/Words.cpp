//===- Words.cpp - what is wrong, in words
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Words.h"

#include "dialects/dist/Sharding.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace hfc;
using namespace hfc::verify;
using interpreter::Word;

static std::string placeOf(Location location) {
  if (auto name = dyn_cast<NameLoc>(location))
    return name.getName().empty() ? placeOf(name.getChildLoc()) : name.getName().str();
  if (auto file = dyn_cast<FileLineColLoc>(location))
    return llvm::formatv("{0}:{1}", file.getFilename().getValue(), file.getLine());
  if (auto fused = dyn_cast<FusedLoc>(location))
    for (Location part : fused.getLocations())
      if (std::string text = placeOf(part); !text.empty())
        return text;
  return "";
}

std::string verify::describe(Operation *op) {
  std::string text = "'" + op->getName().getStringRef().str() + "'", place = placeOf(op->getLoc());
  return place.empty() ? text : text + " at " + place;
}

std::string verify::describeAxes(ArrayRef<dist::AxisRefAttr> axes) { return "{" + dist::toString(axes) + "}"; }

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

/// The number that every element of `found` is times that of `expected`, if it is one that people know.
static std::optional<double> commonFactor(const interpreter::Domain &domain, const Tensor &expected,
                                          const Tensor &found) {
  SmallVector<Word> ratios;
  for (auto [from, to] : llvm::zip_equal(expected.words(), found.words())) {
    if (from == 0 && to == 0)
      continue;
    if (from == 0)
      return std::nullopt;
    Word ratio = 0;
    domain.binary(interpreter::Binary::Div, expected.getElement(), from == to ? ArrayRef<Word>(from) : ArrayRef(to),
                  ArrayRef(from), ratio);
    if (!ratios.empty() && ratio != ratios.front())
      return std::nullopt;
    ratios.push_back(ratio);
  }
  if (ratios.empty())
    return std::nullopt;
  double factor = domain.toReal(ratios.front());
  return std::isfinite(factor) ? std::optional<double>(factor) : std::nullopt;
}

static bool isReordered(const Tensor &expected, const Tensor &found) {
  SmallVector<Word> a(expected.words()), b(found.words());
  llvm::sort(a);
  llvm::sort(b);
  return a == b;
}

static std::string indexText(int64_t element, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> index;
  for (int64_t stride : interpreter::stridesOf(shape)) {
    index.push_back(element / stride);
    element %= stride;
  }
  return interpreter::shapeText(index);
}

std::string verify::describeDifference(const interpreter::Domain &domain, const Tensor &expected, const Tensor &found) {
  if (expected.size() != found.size())
    return "has " + std::to_string(found.size()) + " elements instead of " + std::to_string(expected.size());
  if (isFloat(expected.getElement()))
    if (std::optional<double> factor = commonFactor(domain, expected, found))
      return llvm::formatv("is {0} times what it should be", llvm::format("%g", *factor));
  auto different = std::mismatch(expected.words().begin(), expected.words().end(), found.words().begin());
  std::string place = indexText(different.first - expected.words().begin(), expected.getShape());
  if (isReordered(expected, found))
    return "has the right elements in a wrong order, from " + place + " on";
  int64_t wrong = 0;
  for (auto [from, to] : llvm::zip_equal(expected.words(), found.words()))
    wrong += from != to;
  return llvm::formatv("differs in {0} of {1} elements, first at {2}", wrong, expected.size(), place);
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

static dist::Axes partialAxes(Value value) {
  dist::ShardingAttr sharding = dist::getSharding(value);
  return sharding ? dist::Axes(sharding.getPartial().getAxes()) : dist::Axes();
}

static std::optional<dist::ReductionKind> reductionOf(Operation *op) {
  if (auto reduce = dyn_cast<dist::AllReduceOp>(op))
    return reduce.getKind();
  if (auto scatter = dyn_cast<dist::ReduceScatterOp>(op))
    return scatter.getKind();
  if (auto bucket = dyn_cast<dist::ReduceScatterBucketOp>(op))
    return bucket.getKind();
  return std::nullopt;
}

std::string verify::describeCollective(Operation *op, dist::MeshAttr mesh) {
  auto collective = dyn_cast<dist::CollectiveOpInterface>(op);
  std::optional<dist::ReductionKind> kind = reductionOf(op);
  if (!collective || !kind)
    return "";
  ArrayRef<dist::AxisRefAttr> axes = collective.getAxes().getAxes();
  for (Value operand : op->getOperands()) {
    dist::ShardingAttr sharding = dist::getSharding(operand);
    if (!sharding)
      continue;
    dist::Axes partial = partialAxes(operand);
    if (partial.empty())
      return "combines over " + describeAxes(axes) + " what is complete there already";
    if (sharding.getKind() != *kind)
      return llvm::formatv("combines by {0} what is partial by {1}", dist::stringifyReductionKind(*kind),
                           dist::stringifyReductionKind(sharding.getKind()));
    if (dist::Axes extra = dist::without(axes, partial, mesh); !extra.empty())
      return "combines over " + describeAxes(axes) + " what is partial over " + describeAxes(partial);
    dist::Axes left = dist::without(dist::without(partial, axes, mesh), partialAxes(op->getResult(0)), mesh);
    if (!left.empty())
      return "combines over " + describeAxes(axes) + " what is partial over " + describeAxes(partial) +
             ", so that a reduction over " + describeAxes(left) + " is missing";
  }
  return "";
}

Value verify::findIncomplete(Operation *op, dist::MeshAttr mesh) {
  if (isa<dist::CollectiveOpInterface>(op))
    return {};
  for (Value operand : op->getOperands()) {
    dist::Axes partial = partialAxes(operand);
    for (Value result : op->getResults())
      if (!partial.empty() && !dist::without(partial, partialAxes(result), mesh).empty())
        return operand;
  }
  return {};
}
