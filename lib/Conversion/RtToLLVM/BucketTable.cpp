//===- BucketTable.cpp - what lies where in buckets and arenas
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BucketTable.h"

#include "dialects/dist/BucketLayout.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;

static int64_t bytesOfElement(Type type) {
  return llvm::divideCeil(cast<ShapedType>(type).getElementTypeBitWidth(), 8);
}

int64_t hfc::bytesOf(Type type) { return cast<ShapedType>(type).getNumElements() * bytesOfElement(type); }

BucketTable::BucketTable(ModuleOp module) {
  for (auto bucket : module.getOps<hf::BucketOp>())
    buckets[FlatSymbolRefAttr::get(bucket.getSymNameAttr())].bytes = bytesOf(bucket.getType());
  for (auto parameter : module.getOps<hf::ParameterOp>())
    addTensor(parameter, parameter.getType());
  for (auto state : module.getOps<hf::StateOp>())
    addTensor(state, state.getType());
}

void BucketTable::addTensor(Operation *declaration, Type type) {
  auto symbol = FlatSymbolRefAttr::get(SymbolTable::getSymbolName(declaration));
  auto place = declaration->getAttrOfType<hf::PlaceAttr>("hf.bucket");
  if (!place) {
    ranges[symbol] = {symbol, 0, bytesOf(type)};
    return;
  }
  int64_t begin = place.getOffset() * bytesOfElement(type), end = begin + bytesOf(type);
  ranges[symbol] = {place.getBucket(), begin, end};
  int64_t &known = buckets[place.getBucket()].tensors[begin];
  known = std::max(known, end);
}

MemoryRange BucketTable::rangeOf(Value buffer) const {
  while (auto view = buffer.getDefiningOp<rt::ViewOp>())
    buffer = view.getSource();
  return llvm::TypeSwitch<Operation *, MemoryRange>(buffer.getDefiningOp())
      .Case([&](rt::ParameterOp op) { return ranges.lookup(op.getParameterAttr()); })
      .Case([&](rt::StateOp op) { return ranges.lookup(op.getStateAttr()); })
      .Case<rt::ArenaOp, rt::InputOp, rt::OutputOp>([&](auto op) {
        int64_t begin = op.getOffset();
        return MemoryRange{UnitAttr::get(op.getContext()), begin, begin + bytesOf(buffer.getType())};
      })
      .Case([&](rt::JoinOp op) {
        MemoryRange range = rangeOf(op.getParts().front());
        range.end = range.begin + bytesOf(op.getBuffer().getType());
        return range;
      })
      .Case([](rt::ConstantOp op) { return MemoryRange{op.getValueAttr(), 0, 0}; })
      .Case([](rt::CoordinateOp op) { return MemoryRange{op.getAxesAttr(), 0, 0}; })
      .Default(MemoryRange());
}

std::optional<MemoryRange> BucketTable::contiguousRange(ValueRange buffers) const {
  MemoryRange whole = rangeOf(buffers.front());
  for (auto [buffer, next] : llvm::zip(buffers, buffers.drop_front())) {
    if (!isBehind(buffer, next))
      return std::nullopt;
    whole.end = rangeOf(next).end;
  }
  return whole;
}

bool BucketTable::isBehind(Value buffer, Value next) const {
  MemoryRange range = rangeOf(buffer), behind = rangeOf(next);
  int64_t alignment = dist::bucketAlignment * bytesOfElement(buffer.getType());
  return range.region == behind.region &&
         behind.begin == range.begin + int64_t(llvm::alignTo(range.end - range.begin, alignment)) &&
         isFreeBehind(range, behind.begin);
}

bool BucketTable::isFreeBehind(const MemoryRange &range, int64_t end) const {
  if (end <= range.end)
    return true;
  auto bucket = buckets.find(range.region);
  if (bucket == buckets.end() || end > bucket->second.bytes)
    return false;
  auto next = bucket->second.tensors.lower_bound(range.end);
  return next == bucket->second.tensors.end() || next->first >= end;
}
