//===- ElementEmitter.cpp - the value of an hf op's result at some indices
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ElementEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"
#include <numeric>

using namespace hfc;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<ShapedType>(value.getType()).getShape(); }

ElementEmitter::Scope::~Scope() {
  while (emitter.log.size() > mark)
    emitter.memo[emitter.log.pop_back_val()].pop_back();
}

Value ElementEmitter::error(Operation *op, const Twine &message) {
  if (!invalid)
    op->emitError(message);
  invalid = true;
  return {};
}

Value ElementEmitter::emit(Value value, const Indices &indices) {
  for (const Entry &entry : memo[value])
    if (entry.indices == indices)
      return entry.result;
  Value result = known(value, indices);
  if (!result) {
    if (auto found = buffers.find(value); found != buffers.end())
      result = load(found->second, indices);
    else
      result = emitOp(value.getDefiningOp(), indices);
    if (result)
      computed(value, indices, result);
  }
  if (result) {
    memo[value].push_back({indices, result});
    log.push_back(value);
  }
  return result;
}

Value ElementEmitter::emitOp(Operation *op, const Indices &indices) {
  Location before = b.getLoc();
  b.setLoc(op->getLoc());
  Value result = llvm::TypeSwitch<Operation *, Value>(op)
                     .Case([&](hf::ConstantOp constantOp) { return emitConstant(constantOp); })
                     .Case([&](hf::IotaOp iota) { return emitIota(iota, indices); })
                     .Case([&](hf::BroadcastOp broadcast) { return emitBroadcast(broadcast, indices); })
                     .Case([&](hf::ReshapeOp reshape) {
                       return emit(reshape.getX(), index.reshape(indices, shapeOf(reshape.getX())));
                     })
                     .Case([&](hf::TransposeOp transpose) { return emitTranspose(transpose, indices); })
                     .Case([&](hf::SliceOp slice) { return emitSlice(slice, indices); })
                     .Case([&](hf::SliceAtOp slice) { return emitSliceAt(slice, indices); })
                     .Case([&](hf::ConcatOp concat) { return emitConcat(concat, indices); })
                     .Case([&](hf::GatherOp gather) { return emitGather(gather, indices); })
                     .Case([&](hf::TakeOp take) { return emitTake(take, indices); })
                     .Default([&](Operation *) { return emitElementwise(op, indices); });
  b.setLoc(before);
  return result;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// Whether lane `k` stands `k` elements after lane 0, inside the last dimension.
static bool isContiguous(const Indices &indices) {
  return !indices.empty() && indices.back().lane == 1 && isUniform(Indices(ArrayRef<IndexGroup>(indices).drop_back()));
}

/// A scalar's index is a group without dimensions, or none.
static LogicalResult splitDimensions(IndexBuilder &index, Indices &indices) {
  llvm::erase_if(indices, [](const IndexGroup &group) { return group.extents.empty(); });
  return index.splitAll(indices);
}

static SmallVector<Value> basesOf(const Indices &indices) {
  return llvm::map_to_vector(indices, [](const IndexGroup &group) { return group.base; });
}

/// The alignment that an access has beyond its element's, in bytes, or 0.
static int64_t provenAlignment(MemRefType type, const Indices &indices, int64_t width, int64_t bufferAlignment) {
  int64_t bytes = type.getElementTypeBitWidth() / 8, offset = 0, stride = 1;
  for (const IndexGroup &group : llvm::reverse(indices)) {
    offset = std::gcd(offset, group.multiple * stride);
    stride *= group.size();
  }
  int64_t alignment = std::gcd(std::gcd(offset * bytes, bufferAlignment), width * bytes);
  return alignment > bytes ? alignment : 0;
}

static llvm::MaybeAlign alignmentOf(int64_t bytes) { return bytes ? llvm::MaybeAlign(bytes) : llvm::MaybeAlign(); }

Value ElementEmitter::load(Value buffer, Indices indices) {
  if (failed(splitDimensions(index, indices)))
    return {};
  auto type = cast<MemRefType>(buffer.getType());
  Type element = type.getElementType();
  Value result;
  if (isUniform(indices)) {
    result = memref::LoadOp::create(b, buffer, basesOf(indices));
  } else if (isContiguous(indices) && !element.isInteger(1)) {
    int64_t alignment = provenAlignment(type, indices, index.width, bufferAlignment);
    result = vector::LoadOp::create(b, VectorType::get(index.width, element), buffer, basesOf(indices),
                                    /*nontemporal=*/false, alignmentOf(alignment));
  } else {
    return perLane(indices, [&](const Indices &at, int64_t) { return load(buffer, at); });
  }
  return toComputeType(b, result);
}

LogicalResult ElementEmitter::store(Value value, Value buffer, Indices indices) {
  if (failed(splitDimensions(index, indices)))
    return failure();
  auto type = cast<MemRefType>(buffer.getType());
  Type element = type.getElementType();
  if (!isUniform(indices))
    value = toVector(value);
  value = fromComputeType(b, value, element);
  if (isUniform(indices)) {
    memref::StoreOp::create(b, value, buffer, basesOf(indices));
    return success();
  }
  if (isContiguous(indices) && !element.isInteger(1)) {
    int64_t alignment = provenAlignment(type, indices, index.width, bufferAlignment);
    vector::StoreOp::create(b, value, buffer, basesOf(indices), /*nontemporal=*/false, alignmentOf(alignment));
    return success();
  }
  for (int64_t lane = 0; lane < index.width; ++lane)
    memref::StoreOp::create(b, vector::ExtractOp::create(b, value, lane), buffer, basesOf(index.atLane(indices, lane)));
  return success();
}

Value ElementEmitter::perLane(const Indices &indices, function_ref<Value(const Indices &, int64_t)> emitOne) {
  SmallVector<Value> lanes;
  for (int64_t lane = 0; lane < index.width; ++lane) {
    lanes.push_back(emitOne(index.atLane(indices, lane), lane));
    if (!lanes.back())
      return {};
  }
  return vector::FromElementsOp::create(b, VectorType::get(index.width, lanes[0].getType()), lanes);
}

//===----------------------------------------------------------------------===//
// Elementwise and constants
//===----------------------------------------------------------------------===//

Value ElementEmitter::toVector(Value value) {
  if (isa<VectorType>(value.getType()) || index.width == 1)
    return value;
  return vector::BroadcastOp::create(b, VectorType::get(index.width, value.getType()), value);
}

Value ElementEmitter::constant(Type type, double value) {
  if (isa<FloatType>(type))
    return arith::ConstantOp::create(b, b.getFloatAttr(type, value));
  return arith::ConstantOp::create(b, b.getIntegerAttr(type, static_cast<int64_t>(value)));
}

Value ElementEmitter::emitElementwise(Operation *op, const Indices &indices) {
  if (!op->hasTrait<OpTrait::Elementwise>())
    return error(op, "cannot be part of this kind of kernel body");
  SmallVector<Value> operands;
  for (Value operand : op->getOperands()) {
    operands.push_back(emit(operand, indices));
    if (!operands.back())
      return {};
  }
  if (llvm::any_of(operands, [](Value value) { return isa<VectorType>(value.getType()); }))
    for (Value &operand : operands)
      operand = toVector(operand);
  Value result = emitScalarOp(b, op, operands);
  return result ? result : error(op, "has no kernel code");
}

Value ElementEmitter::emitConstant(hf::ConstantOp op) {
  auto value = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!value || !value.isSplat())
    return error(op, "a dense constant cannot be inside a kernel body; pass it as an argument");
  Type type = computeType(value.getElementType());
  if (isa<FloatType>(type))
    return constant(type, value.getSplatValue<APFloat>().convertToDouble());
  return arith::ConstantOp::create(b, b.getIntegerAttr(type, value.getSplatValue<APInt>()));
}

Value ElementEmitter::emitIota(hf::IotaOp op, Indices indices) {
  int64_t dim = op.getDim();
  if (failed(index.splitAll(indices)))
    return {};
  const IndexGroup &group = indices[dim];
  Type element = computeType(op.getType().getElementType());
  Type integer = isa<FloatType>(element) ? b.getI32Type() : element;
  Value result = arith::IndexCastOp::create(b, integer, group.base);
  if (group.lane) {
    SmallVector<APInt> steps;
    for (int64_t lane = 0; lane < index.width; ++lane)
      steps.push_back(APInt(integer.getIntOrFloatBitWidth(), lane * group.lane));
    auto type = VectorType::get(index.width, integer);
    Value step = arith::ConstantOp::create(b, DenseElementsAttr::get(type, steps));
    result = arith::AddIOp::create(b, toVector(result), step);
  }
  if (integer == element)
    return result;
  Type type = element;
  if (auto vector = dyn_cast<VectorType>(result.getType()))
    type = vector.clone(element);
  return arith::SIToFPOp::create(b, type, result);
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

/// The dimensions at which groups begin.
static SmallVector<int64_t> startsOf(const Indices &indices) {
  SmallVector<int64_t> starts;
  int64_t start = 0;
  for (const IndexGroup &group : indices) {
    starts.push_back(start);
    start += group.extents.size();
  }
  return starts;
}

Value ElementEmitter::emitBroadcast(hf::BroadcastOp op, Indices indices) {
  ArrayRef<int64_t> from = shapeOf(op.getX()), to = op.getType().getShape();
  // Dimensions of size 1 belong to either side.
  enum { Neutral, Kept, Repeated };
  SmallVector<int> kinds(to.size(), Repeated);
  for (auto [dim, size] : llvm::zip(op.getDims(), from))
    kinds[dim] = size == to[dim] ? Kept : Repeated;
  for (auto [kind, size] : llvm::zip(kinds, to))
    kind = size == 1 ? static_cast<int>(Neutral) : kind;
  int previous = Neutral;
  for (int64_t dim = to.size() - 1; dim >= 0; --dim) {
    if (kinds[dim] == Neutral)
      continue;
    if (previous != Neutral && previous != kinds[dim] && failed(index.splitAt(indices, dim + 1)))
      return {};
    previous = kinds[dim];
  }
  Indices kept;
  for (const auto &[start, group] : llvm::zip(startsOf(indices), indices)) {
    auto inGroup = ArrayRef<int>(kinds).slice(start, group.extents.size());
    if (llvm::is_contained(inGroup, Kept))
      kept.push_back(group);
  }
  return emit(op.getX(), index.reshape(kept, from));
}

Value ElementEmitter::emitTranspose(hf::TransposeOp op, Indices indices) {
  ArrayRef<int64_t> permutation = op.getPermutation();
  for (int64_t dim = permutation.size() - 1; dim > 0; --dim)
    if (permutation[dim] != permutation[dim - 1] + 1 && failed(index.splitAt(indices, dim)))
      return {};
  SmallVector<std::pair<int64_t, IndexGroup>> groups;
  for (const auto &[start, group] : llvm::zip(startsOf(indices), indices))
    groups.push_back({permutation[start], group});
  llvm::sort(groups, [](const auto &lhs, const auto &rhs) { return lhs.first < rhs.first; });
  Indices result;
  for (auto &[dim, group] : groups)
    result.push_back(std::move(group));
  return emit(op.getX(), result);
}

/// The number of the group that begins with dimension `dim`, after splitting there.
static size_t groupAt(const Indices &indices, int64_t dim) {
  SmallVector<int64_t> starts = startsOf(indices);
  return llvm::find(starts, dim) - starts.begin();
}

/// The first dimension of `group` becomes `extent` long, and its index `offset` more.
static IndexGroup shifted(IndexBuilder &index, const IndexGroup &group, int64_t offset, int64_t extent) {
  SmallVector<int64_t, 4> extents(group.extents);
  int64_t stride = group.size() / extents[0];
  extents[0] = extent;
  Value base = index.add(group.base, offset * stride);
  return {base, group.lane, std::gcd(group.multiple, offset * stride), std::move(extents)};
}

LogicalResult ElementEmitter::storePart(Value value, Value buffer, Indices indices, int64_t dim, int64_t offset) {
  if (failed(index.splitAt(indices, dim)))
    return failure();
  IndexGroup &group = indices[groupAt(indices, dim)];
  group = shifted(index, group, offset, cast<MemRefType>(buffer.getType()).getDimSize(dim));
  return store(value, buffer, indices);
}

Value ElementEmitter::emitSlice(hf::SliceOp op, Indices indices) {
  ArrayRef<int64_t> from = shapeOf(op.getX()), to = op.getType().getShape();
  for (int64_t dim = to.size() - 1; dim >= 0; --dim) {
    if (from[dim] == to[dim])
      continue;
    if (failed(index.splitAt(indices, dim)))
      return {};
    IndexGroup &group = indices[groupAt(indices, dim)];
    group = shifted(index, group, op.getOffsets()[dim], from[dim]);
  }
  return emit(op.getX(), indices);
}

/// Reads some element inside where the place is outside, and takes 0 instead.
Value ElementEmitter::emitSliceAt(hf::SliceAtOp op, Indices indices) {
  int64_t dim = op.getDim(), extent = shapeOf(op.getX())[dim];
  if (failed(index.splitAt(indices, dim + 1)) || failed(index.splitAt(indices, dim)))
    return {};
  size_t number = groupAt(indices, dim);
  Value start = emit(op.getStart(), {});
  if (!start)
    return {};
  start = arith::IndexCastOp::create(b, b.getIndexType(), start);
  auto emitOne = [&](const Indices &at) -> Value {
    Value place = index.add(start, at[number].base);
    Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, place, index.constant(extent));
    Indices source = at;
    source[number] = index.group(arith::SelectOp::create(b, inside, place, index.constant(0)), {extent});
    Value value = emit(op.getX(), source);
    if (!value)
      return {};
    Value zero = arith::ConstantOp::create(b, b.getZeroAttr(getElementTypeOrSelf(value.getType())));
    if (auto vector = dyn_cast<VectorType>(value.getType()))
      zero = vector::BroadcastOp::create(b, vector, zero);
    return arith::SelectOp::create(b, inside, value, zero);
  };
  if (indices[number].lane == 0)
    return emitOne(indices);
  return perLane(indices, [&](const Indices &at, int64_t) { return emitOne(at); });
}

Value ElementEmitter::emitConcatPart(hf::ConcatOp op, const Indices &indices, size_t group, size_t part,
                                     int64_t offset) {
  Indices inPart = indices;
  inPart[group] = shifted(index, indices[group], -offset, shapeOf(op.getInputs()[part])[op.getDim()]);
  if (inPart[group].size() == 1)
    inPart[group] = index.group(index.constant(0), inPart[group].extents);
  return emit(op.getInputs()[part], inPart);
}

Value ElementEmitter::emitConcat(hf::ConcatOp op, Indices indices) {
  int64_t dim = op.getDim();
  if (failed(index.splitAt(indices, dim)))
    return {};
  size_t number = groupAt(indices, dim);
  if (FailureOr<Value> moved = emitMoved(op, indices, number); succeeded(moved))
    return *moved;
  IndexGroup group = indices[number];
  int64_t stride = group.size() / group.extents[0], step = group.lane * index.width;
  Type element = computeType(op.getType().getElementType());
  Type type = isUniform(indices) ? element : Type(VectorType::get(index.width, element));

  // A chain of choices, from the last part to the first; all lanes must choose the same.
  std::function<Value(size_t, int64_t)> choose = [&](size_t part, int64_t offset) -> Value {
    int64_t end = offset + shapeOf(op.getInputs()[part])[dim];
    auto emitPart = [&]() -> Value {
      Value result = emitConcatPart(op, indices, number, part, offset);
      return result && type != element ? toVector(result) : result;
    };
    if (part + 1 == op.getInputs().size())
      return emitPart();
    if (step && (group.multiple % step || end * stride % step))
      return {};
    Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, group.base, index.constant(end * stride));
    auto branch = scf::IfOp::create(b, TypeRange(type), inside, /*withElseRegion=*/true);
    auto fill = [&](Block *block, function_ref<Value()> emitValue) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToEnd(block);
      Scope scope(*this);
      Value value = emitValue();
      if (value)
        scf::YieldOp::create(b, value);
      return static_cast<bool>(value);
    };
    if (!fill(branch.thenBlock(), emitPart) || !fill(branch.elseBlock(), [&] { return choose(part + 1, end); }))
      return {};
    return branch.getResult(0);
  };
  return choose(0, 0);
}

//===----------------------------------------------------------------------===//
// Indexed access
//===----------------------------------------------------------------------===//

Value ElementEmitter::emitRow(Value source, const Indices &front, int64_t rows, Value number, const Indices &back) {
  auto at = [&](const Indices &before, Value row, const Indices &after) {
    Indices all = before;
    all.push_back(index.group(arith::IndexCastOp::create(b, b.getIndexType(), row), {rows}));
    llvm::append_range(all, after);
    return emit(source, all);
  };
  if (!isa<VectorType>(number.getType()))
    return at(front, number, back);
  Indices rest = front;
  llvm::append_range(rest, back);
  return perLane(rest, [&](const Indices &lane, int64_t k) {
    ArrayRef<IndexGroup> all(lane);
    Value row = vector::ExtractOp::create(b, number, k);
    return at(Indices(all.take_front(front.size())), row, Indices(all.drop_front(front.size())));
  });
}

Value ElementEmitter::emitGather(hf::GatherOp op, Indices indices) {
  int64_t rank = shapeOf(op.getIndices()).size();
  if (failed(index.splitAt(indices, rank)))
    return {};
  size_t count = groupAt(indices, rank);
  ArrayRef<IndexGroup> all(indices);
  Value number = emit(op.getIndices(), Indices(all.take_front(count)));
  if (!number)
    return {};
  return emitRow(op.getTable(), {}, shapeOf(op.getTable())[0], number, Indices(all.drop_front(count)));
}

Value ElementEmitter::emitTake(hf::TakeOp op, Indices indices) {
  if (failed(index.splitAt(indices, 1)))
    return {};
  ArrayRef<IndexGroup> all(indices);
  size_t count = groupAt(indices, 1);
  Indices batch(all.take_front(count));
  Value number = emit(op.getIndex(), batch);
  if (!number)
    return {};
  return emitRow(op.getX(), batch, shapeOf(op.getX())[1], number, Indices(all.drop_front(count)));
}
