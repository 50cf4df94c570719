//===- BlockReduce.cpp - a block's reduction in terms of shuffles
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BlockReduce.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;
using kernel::Combine;

Value hfc::addSharedMemory(gpu::GPUFuncOp func, MemRefType shape, Location loc) {
  auto space = gpu::AddressSpaceAttr::get(func.getContext(), gpu::AddressSpace::Workgroup);
  auto type = MemRefType::get(shape.getShape(), shape.getElementType(), MemRefLayoutAttrInterface(), space);
  BlockArgument memory = func.addWorkgroupAttribution(type, loc);
  Builder builder(func.getContext());
  // Without it the memory is aligned for one element, and vectors come apart.
  func.setWorkgroupAttributionAttr(func.getNumWorkgroupAttributions() - 1, "llvm.align", builder.getI64IntegerAttr(16));
  return memory;
}

namespace {

/// Emits the steps of one reduction, all at the builder's place.
class Reducer {
public:
  Reducer(OpBuilder &builder, Location loc, const ThreadInfo &info, Combine kind)
      : builder(builder), loc(loc), info(info), kind(kind) {}

  /// What shuffles move: 32 bits or two times 32 bits.
  Value widen(Value value) {
    Type type = getElementTypeOrSelf(value.getType());
    unsigned bits = type.getIntOrFloatBitWidth();
    if (bits >= 32)
      return value;
    Type wide = isa<FloatType>(type) ? Type(builder.getF32Type()) : Type(builder.getI32Type());
    if (auto vector = dyn_cast<VectorType>(value.getType()))
      wide = vector.clone(wide);
    if (isa<FloatType>(type))
      return arith::ExtFOp::create(builder, loc, wide, value);
    return arith::ExtSIOp::create(builder, loc, wide, value);
  }

  Value narrow(Value value, Type type) {
    if (value.getType() == type)
      return value;
    if (isa<FloatType>(type))
      return arith::TruncFOp::create(builder, loc, type, value);
    return arith::TruncIOp::create(builder, loc, type, value);
  }

  /// The elements of a vector.
  Value reduceElements(Value value) {
    if (!isa<VectorType>(value.getType()))
      return value;
    return vector::ReductionOp::create(builder, loc, vectorKind(getElementTypeOrSelf(value.getType())), value);
  }

  /// Groups of `width` neighbouring lanes, a power of two: afterwards each lane has its group's value.
  Value reduceLanes(Value value, int64_t width) {
    for (int64_t offset = width / 2; offset >= 1; offset /= 2)
      value = combine(value, shuffle(value, offset));
    return value;
  }

  /// The warps of the block, whose lanes hold equal values.
  Value reduceWarps(Value value, bool barrierFirst) {
    Value memory = addMemory(1, value.getType());
    if (barrierFirst)
      gpu::BarrierOp::create(builder, loc);
    storeWarpValue(value, memory, info.warp, isPlace(info.lane, 0));
    gpu::BarrierOp::create(builder, loc);
    return reduceLanes(loadWarpValue(memory, 0), llvm::PowerOf2Ceil(warps()));
  }

  /// As many reductions as there are `values`, with one barrier: the block's value of each.
  SmallVector<Value> reduceTogether(ArrayRef<Value> values, bool barrierFirst) {
    Value memory = addMemory(values.size(), values.front().getType());
    if (barrierFirst)
      gpu::BarrierOp::create(builder, loc);
    for (size_t first = 0, count; first < values.size(); first += count) {
      count = std::min<size_t>(llvm::bit_floor(values.size() - first), kWarpSize);
      int64_t lanesOfOne = kWarpSize / count;
      Value own = scatterLanes(SmallVector<Value>(values.slice(first, count)));
      Value number = arith::DivUIOp::create(builder, loc, info.lane, index(lanesOfOne));
      Value place = arith::RemUIOp::create(builder, loc, info.lane, index(lanesOfOne));
      Value row = arith::MulIOp::create(builder, loc, number, index(warps()));
      row = arith::AddIOp::create(builder, loc, row, index(first * warps()));
      storeWarpValue(own, memory, arith::AddIOp::create(builder, loc, row, info.warp), isPlace(place, 0));
    }
    gpu::BarrierOp::create(builder, loc);
    SmallVector<Value> totals;
    for (size_t number = 0; number < values.size(); ++number)
      totals.push_back(addWarps(memory, number));
    return totals;
  }

private:
  Value index(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }

  int64_t warps() const { return info.lanes / kWarpSize; }

  Value addMemory(int64_t rows, Type element) {
    return addSharedMemory(info.func, MemRefType::get({rows * warps()}, element), loc);
  }

  Value isPlace(Value place, int64_t wanted) {
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, place, index(wanted));
  }

  void storeWarpValue(Value value, Value memory, Value place, Value condition) {
    scf::IfOp::create(builder, loc, condition, [&](OpBuilder &inner, Location loc) {
      memref::StoreOp::create(inner, loc, value, memory, place);
      scf::YieldOp::create(inner, loc);
    });
  }

  /// Reduces a power of two of values over the lanes of a warp: lane `l` then has that of value `l / (32 / count)`.
  /// In each step a lane gives half of its values away and keeps what it is given of the others, which takes a fifth
  /// of the shuffles that they would take one by one.
  Value scatterLanes(SmallVector<Value> values) {
    int64_t offset = kWarpSize / 2;
    for (; values.size() > 1; offset /= 2) {
      size_t half = values.size() / 2;
      Value bit = arith::AndIOp::create(builder, loc, info.lane, index(offset));
      Value isLower = isPlace(bit, 0);
      for (size_t number = 0; number < half; ++number) {
        Value lower = values[number], upper = values[half + number];
        Value kept = arith::SelectOp::create(builder, loc, isLower, lower, upper);
        Value given = arith::SelectOp::create(builder, loc, isLower, upper, lower);
        values[number] = combine(kept, shuffle(given, offset));
      }
      values.truncate(half);
    }
    return reduceLanes(values.front(), 2 * offset);
  }

  /// What the warps have stored in a row of `memory`: each lane reads it all where that is little.
  Value addWarps(Value memory, int64_t row) {
    if (warps() > 8)
      return reduceLanes(loadWarpValue(memory, row), llvm::PowerOf2Ceil(warps()));
    Type type = cast<MemRefType>(memory.getType()).getElementType();
    int64_t width = warps() % 4 == 0 ? 4 : warps() % 2 == 0 ? 2 : 1;
    Value total;
    for (int64_t first = 0; first < warps(); first += width) {
      Value part = reduceElements(vector::LoadOp::create(builder, loc, VectorType::get(width, type), memory,
                                                         ValueRange(index(row * warps() + first))));
      total = total ? combine(total, part) : part;
    }
    return total;
  }

  /// Lane `l` takes the value of warp `l`, counted round; where there is no such warp, the neutral element.
  Value loadWarpValue(Value memory, int64_t row) {
    int64_t width = llvm::PowerOf2Ceil(warps());
    Value place = info.lane;
    if (width < kWarpSize)
      place = arith::RemUIOp::create(builder, loc, place, index(width));
    auto load = [&](OpBuilder &at) -> Value {
      Value number = row ? arith::ConstantIndexOp::create(at, loc, row * warps()) : Value();
      Value offset = row ? Value(arith::AddIOp::create(at, loc, place, number)) : place;
      return memref::LoadOp::create(at, loc, memory, offset);
    };
    if (width == warps())
      return load(builder);
    Value exists = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, place, index(warps()));
    Type type = cast<MemRefType>(memory.getType()).getElementType();
    return scf::IfOp::create(
               builder, loc, exists,
               [&](OpBuilder &inner, Location loc) { scf::YieldOp::create(inner, loc, load(inner)); },
               [&](OpBuilder &inner, Location loc) {
                 Value none = arith::ConstantOp::create(inner, loc, neutral(type));
                 scf::YieldOp::create(inner, loc, none);
               })
        .getResult(0);
  }

  TypedAttr neutral(Type type) {
    if (auto floating = dyn_cast<FloatType>(type)) {
      if (kind == Combine::add)
        return builder.getFloatAttr(type, 0.0);
      return builder.getFloatAttr(type, APFloat::getInf(floating.getFloatSemantics(), kind == Combine::max));
    }
    unsigned bits = type.getIntOrFloatBitWidth();
    if (kind == Combine::add)
      return builder.getIntegerAttr(type, 0);
    return builder.getIntegerAttr(type, kind == Combine::max ? APInt::getSignedMinValue(bits)
                                                             : APInt::getSignedMaxValue(bits));
  }

  vector::CombiningKind vectorKind(Type type) {
    bool isFloat = isa<FloatType>(type);
    switch (kind) {
    case Combine::add:
      return vector::CombiningKind::ADD;
    case Combine::max:
      return isFloat ? vector::CombiningKind::MAXIMUMF : vector::CombiningKind::MAXSI;
    case Combine::min:
      return isFloat ? vector::CombiningKind::MINIMUMF : vector::CombiningKind::MINSI;
    }
    llvm_unreachable("a combine kind that the dialect does not have");
  }

  Value combine(Value lhs, Value rhs) {
    return vector::makeArithReduction(builder, loc, vectorKind(lhs.getType()), lhs, rhs);
  }

  Value shuffle(Value value, int64_t offset) {
    if (value.getType().getIntOrFloatBitWidth() == 32)
      return shuffle32(value, offset);
    Type type = value.getType();
    Type wide = builder.getI64Type(), half = builder.getI32Type();
    if (type != wide)
      value = arith::BitcastOp::create(builder, loc, wide, value);
    Value shift = arith::ConstantIntOp::create(builder, loc, wide, 32);
    Value low = shuffle32(arith::TruncIOp::create(builder, loc, half, value), offset);
    Value upper = arith::ShRUIOp::create(builder, loc, value, shift);
    Value high = shuffle32(arith::TruncIOp::create(builder, loc, half, upper), offset);
    low = arith::ExtUIOp::create(builder, loc, wide, low);
    high = arith::ShLIOp::create(builder, loc, arith::ExtUIOp::create(builder, loc, wide, high), shift);
    Value whole = arith::OrIOp::create(builder, loc, low, high);
    return type == wide ? whole : Value(arith::BitcastOp::create(builder, loc, type, whole));
  }

  Value shuffle32(Value value, int64_t offset) {
    return gpu::ShuffleOp::create(builder, loc, value, static_cast<int32_t>(offset), static_cast<int32_t>(kWarpSize),
                                  gpu::ShuffleMode::XOR)
        .getShuffleResult();
  }

  OpBuilder &builder;
  Location loc;
  const ThreadInfo &info;
  Combine kind;
};

} // namespace

SmallVector<Value> hfc::emitBlockReduces(OpBuilder &builder, Location loc, const ThreadInfo &info, Combine kind,
                                         ValueRange partials, bool barrierFirst, bool ordersMemory) {
  Reducer reducer(builder, loc, info, kind);
  Type element = getElementTypeOrSelf(partials.front().getType());
  SmallVector<Value> values =
      llvm::map_to_vector(partials, [&](Value partial) { return reducer.reduceElements(reducer.widen(partial)); });
  if (values.size() > 1 && info.lanes > kWarpSize) {
    values = reducer.reduceTogether(values, barrierFirst);
  } else {
    for (Value &value : values) {
      value = reducer.reduceLanes(value, kWarpSize);
      if (info.lanes > kWarpSize)
        value = reducer.reduceWarps(value, barrierFirst);
    }
    if (info.lanes <= kWarpSize && ordersMemory)
      gpu::BarrierOp::create(builder, loc);
  }
  return llvm::map_to_vector(values, [&](Value value) { return reducer.narrow(value, element); });
}
