//===- BucketPlaces.cpp - what lies one behind the other
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/BucketPlaces.h"

#include "dialects/hf/TensorBuilder.h"

#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/STLExtras.h"

using namespace hfc;
using namespace hfc::hf;

BucketPlaces::BucketPlaces(ModuleOp module) {
  auto add = [&](Operation *op, Type type) {
    auto place = op->getAttrOfType<PlaceAttr>("hf.bucket");
    if (auto tensor = dyn_cast<RankedTensorType>(type); tensor && place)
      places[FlatSymbolRefAttr::get(SymbolTable::getSymbolName(op))] = {place, tensor.getNumElements()};
  };
  for (auto parameter : module.getOps<ParameterOp>())
    add(parameter, parameter.getType());
  for (auto state : module.getOps<StateOp>())
    add(state, state.getType());
}

bool BucketPlaces::areConsecutive(ArrayRef<FlatSymbolRefAttr> symbols) const {
  Slice before;
  for (FlatSymbolRefAttr symbol : symbols) {
    Slice slice = places.lookup(symbol);
    if (!slice.place || (before.place && (slice.place.getBucket() != before.place.getBucket() ||
                                          slice.place.getOffset() != before.place.getOffset() + before.elements)))
      return false;
    before = slice;
  }
  return true;
}

FlatSymbolRefAttr hf::symbolOf(Value value) {
  auto argument = dyn_cast_or_null<BlockArgument>(value);
  auto entry = argument ? dyn_cast<FunctionOpInterface>(argument.getOwner()->getParentOp()) : FunctionOpInterface();
  if (!entry)
    return {};
  if (auto symbol = entry.getArgAttrOfType<FlatSymbolRefAttr>(argument.getArgNumber(), "hf.parameter"))
    return symbol;
  return entry.getArgAttrOfType<FlatSymbolRefAttr>(argument.getArgNumber(), "hf.state");
}

/// Whether a cut along `dim` leaves pieces of `shape` in one range each.
static bool cutsRanges(ArrayRef<int64_t> shape, int64_t dim) {
  return llvm::all_of(shape.take_front(dim), [](int64_t size) { return size == 1; });
}

bool BucketPlaces::isOneBuffer(ConcatOp concat) const {
  auto symbols = llvm::map_to_vector(concat.getInputs(), symbolOf);
  return symbols.size() > 1 && llvm::all_of(symbols, [](FlatSymbolRefAttr symbol) { return bool(symbol); }) &&
         cutsRanges(shapeOf(concat.getResult()), concat.getDim()) && areConsecutive(symbols);
}

/// The dimension that `slice` cuts, if that leaves one range; the last if it cuts none.
static std::optional<int64_t> cutOf(SliceOp slice) {
  ArrayRef<int64_t> from = shapeOf(slice.getX()), to = shapeOf(slice.getResult());
  for (int64_t dim = from.size() - 1; dim >= 0; --dim)
    if (from[dim] != to[dim])
      return cutsRanges(from, dim) ? std::optional<int64_t>(dim) : std::nullopt;
  return std::nullopt;
}

SmallVector<SliceOp> hf::dividingSlices(Value value) {
  if (!isa_and_nonnull<LinearWgradOp, AddOp>(value.getDefiningOp()))
    return {};
  SmallVector<SliceOp> slices;
  for (Operation *user : value.getUsers())
    if (auto slice = dyn_cast<SliceOp>(user); slice && cutOf(slice))
      slices.push_back(slice);
    else
      return {};
  auto beginOf = [](SliceOp slice) { return slice.getOffsets()[*cutOf(slice)]; };
  llvm::sort(slices, [&](SliceOp a, SliceOp b) { return beginOf(a) < beginOf(b); });
  int64_t end = 0;
  for (SliceOp slice : slices) {
    if (beginOf(slice) != end || cutOf(slice) != cutOf(slices.front()))
      return {};
    end += shapeOf(slice.getResult())[*cutOf(slice)];
  }
  if (slices.empty() || end != shapeOf(value)[*cutOf(slices.front())])
    return {};
  return slices;
}
