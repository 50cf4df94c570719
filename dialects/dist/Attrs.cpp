//===- Attrs.cpp - syntax and verifiers of meshes, axes and shardings
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/dist/Sharding.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;
using namespace hfc::dist;

//===----------------------------------------------------------------------===//
// MeshAttr
//===----------------------------------------------------------------------===//

/// `"dp"`, as an attribute without a type.
static ParseResult parseName(AsmParser &parser, StringAttr &name) {
  std::string text;
  if (parser.parseString(&text))
    return failure();
  name = StringAttr::get(parser.getContext(), text);
  return success();
}

Attribute MeshAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  SmallVector<StringAttr> names;
  SmallVector<int64_t> sizes;
  auto parseAxis = [&] {
    return failure(parseName(parser, names.emplace_back()) || parser.parseEqual() ||
                   parser.parseInteger(sizes.emplace_back()));
  };
  if (parser.parseLess())
    return {};
  if (failed(parser.parseOptionalGreater()))
    if (parser.parseCommaSeparatedList(parseAxis) || parser.parseGreater())
      return {};
  return parser.getChecked<MeshAttr>(loc, parser.getContext(), ArrayRef(names), ArrayRef(sizes));
}

void MeshAttr::print(AsmPrinter &printer) const {
  printer << '<';
  llvm::interleaveComma(llvm::zip(getNames(), getSizes()), printer, [&](auto axis) {
    printer.printString(std::get<0>(axis).getValue());
    printer << " = " << std::get<1>(axis);
  });
  printer << '>';
}

LogicalResult MeshAttr::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<StringAttr> names,
                               ArrayRef<int64_t> sizes) {
  int64_t ranks = 1;
  if (names.size() != sizes.size())
    return emitError() << "(C1) a mesh of " << names.size() << " names has " << sizes.size() << " sizes";
  for (auto [index, name, size] : llvm::enumerate(names, sizes)) {
    if (name.empty() || llvm::is_contained(names.take_front(index), name))
      return emitError() << "(C1) a mesh's axes need names of their own, got " << name
                         << (name.empty() ? "" : " twice");
    if (size < 1 || llvm::MulOverflow(ranks, size, ranks))
      return emitError() << "(C1) axis " << name << " of the mesh has " << size
                         << " ranks; give at least 1, and no more in all than can be counted";
  }
  return success();
}

int64_t MeshAttr::sizeOf(StringRef name) const {
  for (auto [axis, size] : llvm::zip(getNames(), getSizes()))
    if (axis.getValue() == name)
      return size;
  return 1;
}

int64_t MeshAttr::ranks() const {
  int64_t product = 1;
  for (int64_t size : getSizes())
    product *= size;
  return product;
}

//===----------------------------------------------------------------------===//
// AxisRefAttr
//===----------------------------------------------------------------------===//

/// `"tp"` or `"tp":(1)2`.
static FailureOr<AxisRefAttr> parseAxis(AsmParser &parser) {
  SMLoc loc = parser.getCurrentLocation();
  StringAttr name;
  int64_t pre = 0, size = 0;
  if (parseName(parser, name))
    return failure();
  if (succeeded(parser.parseOptionalColon()))
    if (parser.parseLParen() || parser.parseInteger(pre) || parser.parseRParen() || parser.parseInteger(size))
      return failure();
  auto axis = parser.getChecked<AxisRefAttr>(loc, parser.getContext(), name, pre, size);
  if (!axis)
    return failure();
  return axis;
}

static void printAxis(AsmPrinter &printer, AxisRefAttr axis) {
  printer.printString(axis.getName().getValue());
  if (!axis.isWhole())
    printer << ":(" << axis.getPre() << ')' << axis.getSize();
}

Attribute AxisRefAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  FailureOr<AxisRefAttr> axis = parseAxis(parser);
  if (failed(axis) || parser.parseGreater())
    return {};
  return *axis;
}

void AxisRefAttr::print(AsmPrinter &printer) const {
  printer << '<';
  printAxis(printer, *this);
  printer << '>';
}

LogicalResult AxisRefAttr::verify(function_ref<InFlightDiagnostic()> emitError, StringAttr name, int64_t pre,
                                  int64_t size) {
  if (name.empty())
    return emitError() << "(C1) an axis must have a name";
  int64_t end = 0;
  bool isWhole = pre == 0 && size == 0;
  if (!isWhole && (pre < 1 || size < 2 || llvm::MulOverflow(pre, size, end)))
    return emitError() << "(C1) sub-axis " << name << ":(" << pre << ')' << size
                       << " must have at least 1 in parentheses and a size of at least 2";
  return success();
}

//===----------------------------------------------------------------------===//
// AxisListAttr
//===----------------------------------------------------------------------===//

/// Whether two axes of one name may share information, whatever the mesh.
static bool mayOverlap(AxisRefAttr a, AxisRefAttr b) {
  if (a.getName() != b.getName())
    return false;
  if (a.isWhole() || b.isWhole())
    return true;
  if (a.getPre() > b.getPre())
    std::swap(a, b);
  return b.getPre() % (a.getPre() * a.getSize()) != 0;
}

/// The first pair of axes that overlap.
static std::optional<std::pair<AxisRefAttr, AxisRefAttr>> findOverlap(ArrayRef<AxisRefAttr> axes) {
  for (auto [index, axis] : llvm::enumerate(axes))
    for (AxisRefAttr earlier : axes.take_front(index))
      if (mayOverlap(earlier, axis))
        return std::make_pair(earlier, axis);
  return std::nullopt;
}

FailureOr<AxisListAttr> dist::parseAxisList(AsmParser &parser) {
  SMLoc loc = parser.getCurrentLocation();
  SmallVector<AxisRefAttr> axes;
  auto parseOne = [&]() -> ParseResult {
    FailureOr<AxisRefAttr> axis = parseAxis(parser);
    if (failed(axis))
      return failure();
    axes.push_back(*axis);
    return success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Braces, parseOne))
    return failure();
  auto list = parser.getChecked<AxisListAttr>(loc, parser.getContext(), ArrayRef(axes));
  if (!list)
    return failure();
  return list;
}

void dist::printAxisList(AsmPrinter &printer, AxisListAttr axes) {
  printer << '{';
  llvm::interleaveComma(axes.getAxes(), printer, [&](AxisRefAttr axis) { printAxis(printer, axis); });
  printer << '}';
}

Attribute AxisListAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  FailureOr<AxisListAttr> axes = parseAxisList(parser);
  if (failed(axes) || parser.parseGreater())
    return {};
  return *axes;
}

void AxisListAttr::print(AsmPrinter &printer) const {
  printer << '<';
  printAxisList(printer, *this);
  printer << '>';
}

LogicalResult AxisListAttr::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<AxisRefAttr> axes) {
  if (auto pair = findOverlap(axes))
    return emitError() << "(C1) axes " << toString(pair->first) << " and " << toString(pair->second)
                       << " overlap; a list has each rank's place once";
  return success();
}

//===----------------------------------------------------------------------===//
// ShardingAttr
//===----------------------------------------------------------------------===//

namespace {
/// What stands between a sharding's brackets.
struct ShardingParts {
  SmallVector<AxisListAttr> dims;
  AxisListAttr partial;
  ReductionKind kind = ReductionKind::sum;
  SmallVector<int64_t> global;
  bool hasGlobal = false;
};
} // namespace

static ParseResult parsePartial(AsmParser &parser, ShardingParts &parts) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef keyword;
  if (parser.parseKeyword(&keyword))
    return failure();
  std::optional<ReductionKind> kind = symbolizeReductionKind(keyword);
  if (!kind)
    return parser.emitError(loc, "expected how partial values combine (sum, max or min), got '") << keyword << "'";
  FailureOr<AxisListAttr> axes = parseAxisList(parser);
  if (failed(axes))
    return failure();
  if (axes->empty())
    return parser.emitError(loc, "a partial sharding must name the axes over which it is");
  parts.kind = *kind;
  parts.partial = *axes;
  return success();
}

static ParseResult parseGlobal(AsmParser &parser, ShardingParts &parts) {
  parts.hasGlobal = true;
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square,
                                        [&] { return parser.parseInteger(parts.global.emplace_back()); });
}

/// The dimensions, then `partial` and `global`, each after a comma, if they are there.
static ParseResult parseSharding(AsmParser &parser, ShardingParts &parts) {
  auto parseDim = [&]() -> ParseResult {
    FailureOr<AxisListAttr> axes = parseAxisList(parser);
    if (failed(axes))
      return failure();
    parts.dims.push_back(*axes);
    return success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseDim))
    return failure();
  while (succeeded(parser.parseOptionalComma())) {
    SMLoc loc = parser.getCurrentLocation();
    if (!parts.partial && !parts.hasGlobal && succeeded(parser.parseOptionalKeyword("partial"))) {
      if (parsePartial(parser, parts))
        return failure();
    } else if (!parts.hasGlobal && succeeded(parser.parseOptionalKeyword("global"))) {
      if (parseGlobal(parser, parts))
        return failure();
    } else {
      return parser.emitError(loc, "expected 'partial KIND {axes}', then 'global [sizes]', each at most once");
    }
  }
  return success();
}

Attribute ShardingAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  ShardingParts parts;
  if (parser.parseLess() || parseSharding(parser, parts) || parser.parseGreater())
    return {};
  if (!parts.partial)
    parts.partial = AxisListAttr::get(parser.getContext(), {});
  if (parts.hasGlobal && parts.global.size() != parts.dims.size()) {
    // Of a scalar `global []` and no `global` are the same; what else differs in length is wrong.
    parser.emitError(loc, "(C3) a sharding of ")
        << parts.dims.size() << " dimensions has " << parts.global.size() << " global sizes";
    return {};
  }
  return parser.getChecked<ShardingAttr>(loc, parser.getContext(), ArrayRef(parts.dims), parts.partial, parts.kind,
                                         ArrayRef(parts.global));
}

void ShardingAttr::print(AsmPrinter &printer) const {
  printer << "<[";
  llvm::interleaveComma(getDims(), printer, [&](AxisListAttr axes) { printAxisList(printer, axes); });
  printer << ']';
  if (isPartial()) {
    printer << ", partial " << stringifyReductionKind(getKind()) << ' ';
    printAxisList(printer, getPartial());
  }
  if (!getGlobal().empty())
    printer << ", global [" << getGlobal() << ']';
  printer << '>';
}

LogicalResult ShardingAttr::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<AxisListAttr> dims,
                                   AxisListAttr partial, ReductionKind kind, ArrayRef<int64_t> global) {
  SmallVector<AxisRefAttr> all;
  for (AxisListAttr axes : dims)
    llvm::append_range(all, axes.getAxes());
  llvm::append_range(all, partial.getAxes());
  if (auto pair = findOverlap(all))
    return emitError() << "(C1) a sharding uses axes " << toString(pair->first) << " and " << toString(pair->second)
                       << ", which overlap; an axis cuts one dimension, or is one over which the tensor is partial";
  if (!partial.empty() && kind == ReductionKind::mean)
    return emitError() << "(C2) partial values combine by sum, max or min; 'mean' is none";
  if (!global.empty() && global.size() != dims.size())
    return emitError() << "(C3) a sharding of " << dims.size() << " dimensions has " << global.size()
                       << " global sizes";
  if (llvm::any_of(global, [](int64_t size) { return size < 0; }))
    return emitError() << "(C3) global sizes are not negative, got [" << global << "]";
  return success();
}

ShardingAttr ShardingAttr::replicated(MLIRContext *context, size_t rank) {
  auto none = AxisListAttr::get(context, {});
  SmallVector<AxisListAttr> dims(rank, none);
  return get(context, ArrayRef(dims), none, ReductionKind::sum, ArrayRef<int64_t>());
}

bool ShardingAttr::isReplicated() const {
  return !isPartial() && llvm::all_of(getDims(), [](AxisListAttr axes) { return axes.empty(); });
}

ShardingAttr ShardingAttr::withPartial(ReductionKind kind, ArrayRef<AxisRefAttr> axes) const {
  if (axes.empty()) // One spelling of "complete".
    kind = ReductionKind::sum;
  return get(getContext(), getDims(), AxisListAttr::get(getContext(), axes), kind, getGlobal());
}

ShardingAttr ShardingAttr::withoutPartial() const { return withPartial(ReductionKind::sum, {}); }

ShardingAttr ShardingAttr::withDim(size_t dim, ArrayRef<AxisRefAttr> axes) const {
  SmallVector<AxisListAttr> dims(getDims());
  dims[dim] = AxisListAttr::get(getContext(), axes);
  return get(getContext(), ArrayRef(dims), getPartial(), getKind(), getGlobal());
}

ShardingAttr ShardingAttr::withGlobal(ArrayRef<int64_t> shape) const {
  return get(getContext(), getDims(), getPartial(), getKind(), shape);
}

//===----------------------------------------------------------------------===//
// SizeAttr
//===----------------------------------------------------------------------===//

Attribute SizeAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  int64_t dim = 0, plus = 0;
  SmallVector<int64_t> shape;
  AxisListAttr axes = AxisListAttr::get(parser.getContext(), {});
  auto parseSize = [&] { return parser.parseInteger(shape.emplace_back()); };
  if (parser.parseLess() || parser.parseKeyword("dim") || parser.parseInteger(dim) || parser.parseKeyword("of") ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseSize))
    return {};
  if (succeeded(parser.parseOptionalKeyword("over"))) {
    FailureOr<AxisListAttr> parsed = parseAxisList(parser);
    if (failed(parsed))
      return {};
    axes = *parsed;
  }
  if (succeeded(parser.parseOptionalKeyword("plus")) && parser.parseInteger(plus))
    return {};
  if (parser.parseGreater())
    return {};
  return parser.getChecked<SizeAttr>(loc, parser.getContext(), dim, ArrayRef(shape), axes, plus);
}

void SizeAttr::print(AsmPrinter &printer) const {
  printer << "<dim " << getDim() << " of [";
  llvm::interleaveComma(getShape(), printer);
  printer << ']';
  if (!getAxes().empty()) {
    printer << " over ";
    printAxisList(printer, getAxes());
  }
  if (getPlus() != 0)
    printer << " plus " << getPlus();
  printer << '>';
}

LogicalResult SizeAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t dim, ArrayRef<int64_t> shape,
                               AxisListAttr, int64_t) {
  if (dim < 0 || dim >= static_cast<int64_t>(shape.size()))
    return emitError() << "(C1) a tensor of " << shape.size() << " dimensions has no dimension " << dim;
  if (llvm::any_of(shape, [](int64_t size) { return size < 0; }))
    return emitError() << "(C1) no dimension's size is negative, got [" << shape << "]";
  return success();
}

int64_t SizeAttr::valueOn(MeshAttr mesh) const {
  return llvm::divideCeil(getShape()[getDim()], dist::sizeOf(getAxes().getAxes(), mesh)) + getPlus();
}
