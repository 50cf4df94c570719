//===- Spec.cpp - partition specifications: patterns on names, and axes
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Partition/Strategy.h"

#include "dialects/hf/Hf.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/GlobPattern.h"

using namespace hfc;
using namespace hfc::dist;
using namespace hfc::partition;

namespace {
/// One line: `PATTERN: AXES, AXES, …`.
class SpecLine {
public:
  SpecLine(AnnotationContext &context, size_t number, StringRef text) : context(context), number(number), text(text) {}

  LogicalResult apply();

private:
  InFlightDiagnostic error() {
    return context.getModule().emitError("partition specification, line ") << number << ": ";
  }
  LogicalResult parse();
  LogicalResult parseDim(StringRef dim);
  LogicalResult cut(hf::ParameterOp parameter);

  AnnotationContext &context;
  size_t number;
  StringRef text, pattern;
  SmallVector<Axes> dims;
};
} // namespace

/// `tp`, `dp+tp`, or `-`.
LogicalResult SpecLine::parseDim(StringRef dim) {
  Axes &axes = dims.emplace_back();
  if (dim == "-")
    return success();
  SmallVector<StringRef> names;
  dim.split(names, '+');
  for (StringRef name : names) {
    if (!llvm::is_contained(
            llvm::map_range(context.getMesh().getNames(), [](StringAttr axis) { return axis.getValue(); }), name))
      return error() << "the mesh has no axis '" << name << "'";
    axes.append(context.axis(name));
  }
  return success();
}

LogicalResult SpecLine::parse() {
  auto [left, right] = text.split(':');
  pattern = left.trim();
  SmallVector<StringRef> parts;
  right.split(parts, ',');
  if (pattern.empty() || right.trim().empty())
    return error() << "'" << text.trim() << "' is not PATTERN: AXES, …, with the axes of each dimension, or - for none";
  for (StringRef part : parts)
    if (failed(parseDim(part.trim())))
      return failure();
  return success();
}

LogicalResult SpecLine::cut(hf::ParameterOp parameter) {
  auto type = cast<RankedTensorType>(parameter.getType());
  if (static_cast<size_t>(type.getRank()) != dims.size())
    return error() << "gives axes for " << dims.size() << " dimensions, but '" << parameter.getSymName() << "' is "
                   << type;
  MLIRContext *context = parameter.getContext();
  SmallVector<AxisListAttr> lists;
  for (const Axes &axes : dims)
    lists.push_back(AxisListAttr::get(context, axes));
  AxisListAttr none = AxisListAttr::get(context, {});
  if (failed(ShardingAttr::verify([&] { return error(); }, lists, none, ReductionKind::sum, {})))
    return failure();
  parameter->setAttr(shardingName, ShardingAttr::get(context, lists, none, ReductionKind::sum, {}));
  this->context.keep(parameter);
  return success();
}

LogicalResult SpecLine::apply() {
  if (failed(parse()))
    return failure();
  llvm::Expected<llvm::GlobPattern> glob = llvm::GlobPattern::create(pattern);
  if (!glob)
    return error() << "'" << pattern << "': " << llvm::toString(glob.takeError());
  bool isUsed = false;
  for (auto parameter : context.getModule().getOps<hf::ParameterOp>()) {
    if (!glob->match(parameter.getSymName()))
      continue;
    isUsed = true;
    if (failed(cut(parameter)))
      return failure();
  }
  return isUsed ? success() : error() << "no parameter's name matches '" << pattern << "'";
}

LogicalResult partition::applySpecification(AnnotationContext &context, StringRef text) {
  SmallVector<StringRef> lines;
  text.split(lines, '\n');
  for (auto [index, line] : llvm::enumerate(lines)) {
    StringRef content = line.split('#').first.trim();
    if (!content.empty() && failed(SpecLine(context, index + 1, content).apply()))
      return failure();
  }
  return success();
}
