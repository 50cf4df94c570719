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
    int64_t warps = info.lanes / kWarpSize;
    Value memory = addSharedMemory(info.func, MemRefType::get({warps}, value.getType()), loc);
    if (barrierFirst)
      gpu::BarrierOp::create(builder, loc);
    Value isFirst = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, info.lane, index(0));
    scf::IfOp::create(builder, loc, isFirst, [&](OpBuilder &inner, Location loc) {
      memref::StoreOp::create(inner, loc, value, memory, info.warp);
      scf::YieldOp::create(inner, loc);
    });
    gpu::BarrierOp::create(builder, loc);
    return reduceLanes(loadWarpValue(memory, warps), llvm::PowerOf2Ceil(warps));
  }

private:
  Value index(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }

  /// Lane `l` takes the value of warp `l`, counted round; where there is no such warp, the neutral element.
  Value loadWarpValue(Value memory, int64_t warps) {
    int64_t width = llvm::PowerOf2Ceil(warps);
    Value place = info.lane;
    if (width < kWarpSize)
      place = arith::RemUIOp::create(builder, loc, place, index(width));
    if (width == warps)
      return memref::LoadOp::create(builder, loc, memory, place);
    Value exists = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, place, index(warps));
    Type type = cast<MemRefType>(memory.getType()).getElementType();
    return scf::IfOp::create(
               builder, loc, exists,
               [&](OpBuilder &inner, Location loc) {
                 Value loaded = memref::LoadOp::create(inner, loc, memory, place);
                 scf::YieldOp::create(inner, loc, loaded);
               },
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

Value hfc::emitBlockReduce(OpBuilder &builder, Location loc, const ThreadInfo &info, Combine kind, Value partial,
                           bool barrierFirst, bool ordersMemory) {
  Reducer reducer(builder, loc, info, kind);
  Value value = reducer.reduceElements(reducer.widen(partial));
  value = reducer.reduceLanes(value, kWarpSize);
  if (info.lanes > kWarpSize)
    value = reducer.reduceWarps(value, barrierFirst);
  else if (ordersMemory)
    gpu::BarrierOp::create(builder, loc);
  return reducer.narrow(value, getElementTypeOrSelf(partial.getType()));
}
