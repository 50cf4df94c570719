//===- Localize.cpp - one rank's part of ops that count positions in the whole tensor
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/Dropout.h"
#include "dialects/hf/ShardingRules.h"

#include "llvm/Support/MathExtras.h"

using namespace hfc;
using namespace hfc::hf;
using dist::MeshAttr;
using dist::ShardingAttr;

namespace {

/// What `localize` is called with.
struct Local {
  TensorBuilder tb;
  ValueRange operands;
  ArrayRef<ShardingAttr> operandShardings, results;
  MeshAttr mesh;

  // Of types only the element types are asked for: some operands' and results' are local already.
  ArrayRef<int64_t> globalResult() const { return results[0].getGlobal(); }
  RankedTensorType resultType(Operation *op) const {
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    return type.clone(dist::localShape(globalResult(), results[0], mesh));
  }
};

/// The interface of `OpTy` by a function that builds the local form.
template <typename OpTy, SmallVector<Value> (*localizeOp)(OpTy, Local &)>
struct Localizer : dist::LocalizeOpInterface::ExternalModel<Localizer<OpTy, localizeOp>, OpTy> {
  SmallVector<Value> localize(Operation *op, OpBuilder &builder, ValueRange operands,
                              ArrayRef<ShardingAttr> operandShardings, ArrayRef<ShardingAttr> results,
                              MeshAttr mesh) const {
    Local local{TensorBuilder(builder, op->getLoc()), operands, operandShardings, results, mesh};
    return localizeOp(cast<OpTy>(op), local);
  }
};

} // namespace

/// The number of elements of a dimension, or of a rank's piece of it.
static dist::SizeAttr sizeAttribute(Local &local, ShardingAttr sharding, size_t dim, bool ofPiece) {
  MLIRContext *context = local.tb.get().getContext();
  auto axes = ofPiece ? sharding.getDims()[dim] : dist::AxisListAttr::get(context, {});
  return dist::SizeAttr::get(context, dim, sharding.getGlobal(), axes, /*plus=*/0);
}

static Value sizeLike(Local &local, Value like, ShardingAttr sharding, size_t dim, bool ofPiece) {
  return local.tb.size(tensorType(like), sizeAttribute(local, sharding, dim, ofPiece), local.mesh);
}

/// The index of a rank's first element in a dimension of `size` elements, as a scalar; null where the dimension is
/// whole.
static Value firstIndex(Local &local, ShardingAttr sharding, size_t dim, Type element) {
  ArrayRef<dist::AxisRefAttr> axes = sharding.axesOf(dim);
  if (axes.empty())
    return {};
  OpBuilder &builder = local.tb.get();
  Value place = dist::AxisIndexOp::create(builder, local.tb.getLoc(), RankedTensorType::get({}, builder.getI32Type()),
                                          dist::AxisListAttr::get(builder.getContext(), axes));
  Value piece = sizeLike(local, place, sharding, dim, /*ofPiece=*/true);
  return local.tb.convert(local.tb.mul(place, piece), element);
}

/// Indices into a whole dimension as indices into a rank's piece of it.
static Value shifted(Local &local, Value indices, Value first) {
  return first ? local.tb.sub(indices, local.tb.broadcast(first, shapeOf(indices), {})) : indices;
}

/// Each element's index in the whole tensor, along one dimension.
static Value globalIota(Local &local, RankedTensorType type, ShardingAttr sharding, int64_t dim) {
  Value index = local.tb.iota(type, dim);
  Value first = firstIndex(local, sharding, dim, type.getElementType());
  return first ? local.tb.add(index, local.tb.broadcast(first, type.getShape(), {})) : index;
}

static SmallVector<Value> localizeIota(IotaOp op, Local &local) {
  int64_t dim = op.getDim();
  return {globalIota(local, local.resultType(op), local.results[0], dim)};
}

/// A rank's piece of a tensor that every rank has. Zeros stand behind its end.
static Value pieceOf(Local &local, Value whole, ShardingAttr sharding) {
  SmallVector<int64_t> global(shapeOf(whole));
  SmallVector<int64_t> piece = dist::localShape(global, sharding, local.mesh);
  for (size_t dim = 0; dim < global.size(); ++dim)
    if (Value first = firstIndex(local, sharding, dim, local.tb.get().getI32Type()))
      whole = local.tb.sliceAt(whole, first, dim, piece[dim]);
  return whole;
}

static SmallVector<Value> localizeConstant(ConstantOp op, Local &local) {
  if (auto splat = dyn_cast<SplatElementsAttr>(op.getValue())) {
    Value piece = local.tb.constant(splat.resizeSplat(local.resultType(op)));
    if (Attribute size = op->getAttr(dist::sizeName))
      piece.getDefiningOp()->setAttr(dist::sizeName, size);
    return {piece};
  }
  return {pieceOf(local, local.tb.constant(op.getValue()), local.results[0])};
}

/// Rows that this rank has, and zeros for those of others.
static Value localRows(Local &local, function_ref<Value(Value, Value)> lookUp) {
  TensorBuilder &tb = local.tb;
  Value table = local.operands[0], indices = local.operands[1];
  ShardingAttr sharding = local.operandShardings[0];
  Value first = firstIndex(local, sharding, 0, elementOf(indices));
  if (!first)
    return lookUp(table, indices);
  Value own = shifted(local, indices, first);
  Value zero = tb.splatLike(own, 0.0);
  Value isHere = tb.logicalAnd(tb.compare(Compare::ge, own, zero),
                               tb.compare(Compare::lt, own, sizeLike(local, own, sharding, 0, /*ofPiece=*/true)));
  Value found = lookUp(table, tb.select(isHere, own, zero));
  SmallVector<int64_t> dims = llvm::to_vector(llvm::seq<int64_t>(0, static_cast<int64_t>(shapeOf(own).size())));
  return tb.select(tb.broadcast(isHere, shapeOf(found), dims), found, tb.splatLike(found, 0.0));
}

static SmallVector<Value> localizeGather(GatherOp op, Local &local) {
  return {localRows(local, [&](Value table, Value indices) { return local.tb.gather(table, indices); })};
}

static SmallVector<Value> localizeEmbedding(EmbeddingOp op, Local &local) {
  return {localRows(local, [&](Value table, Value indices) { return local.tb.embedding(table, indices); })};
}

/// Indices outside a rank's rows are skipped, as `hf.scatter_add` does; those behind the end of the whole table too,
/// where a rank has padding, which stays zero.
static SmallVector<Value> localizeScatterAdd(ScatterAddOp op, Local &local) {
  TensorBuilder &tb = local.tb;
  Value base = local.operands[0], indices = local.operands[1];
  ShardingAttr sharding = local.operandShardings[0];
  int64_t rows = sharding.getGlobal()[0];
  Value first = firstIndex(local, sharding, 0, elementOf(indices));
  Value own = shifted(local, indices, first);
  if (first && dist::isPadded(rows, sharding.axesOf(0), local.mesh)) {
    // Behind the table's end, counted from the rank's first row as `own` is.
    Value left = tb.sub(sizeLike(local, first, sharding, 0, /*ofPiece=*/false), first);
    Value exists = tb.compare(Compare::lt, own, tb.broadcast(left, shapeOf(own), {}));
    own = tb.select(exists, own, tb.splatLike(own, -1.0));
  }
  return {tb.scatterAdd(base, own, local.operands[2])};
}

static SmallVector<Value> localizeSliceAt(SliceAtOp op, Local &local) {
  TensorBuilder &tb = local.tb;
  int64_t dim = op.getDim();
  Value start = local.operands[1];
  if (Value first = firstIndex(local, local.results[0], dim, elementOf(start)))
    start = tb.add(start, first);
  return {tb.sliceAt(local.operands[0], start, dim, local.resultType(op).getDimSize(dim))};
}

/// Draws for each element by its row and column in the whole tensor.
static SmallVector<Value> localizeDropout(DropoutOp op, Local &local) {
  TensorBuilder &tb = local.tb;
  ArrayRef<int64_t> global = local.globalResult();
  RankedTensorType space = local.resultType(op).clone(tb.get().getI32Type());
  SmallVector<Value> index;
  for (size_t dim = 0; dim < global.size(); ++dim)
    index.push_back(globalIota(local, space, local.results[0], dim));
  Value column = index.pop_back_val(), row = tb.splat(space, 0.0);
  for (auto [dim, each] : llvm::enumerate(index))
    row = tb.add(tb.mul(row, sizeLike(local, row, local.results[0], dim, /*ofPiece=*/false)), each);
  // Everything else here is a number of the rank's own; a key that is spread lives as what it is for.
  Value keys = tb.broadcast(local.operands[1], space.getShape(), {});
  dist::setSharding(keys, local.results[0].withoutPartial());
  return {dropoutAt(tb, local.operands[0], keys, op.getP().convertToDouble(), row, column)};
}

void hf::attachLocalizers(MLIRContext *context) {
  IotaOp::attachInterface<Localizer<IotaOp, localizeIota>>(*context);
  ConstantOp::attachInterface<Localizer<ConstantOp, localizeConstant>>(*context);
  GatherOp::attachInterface<Localizer<GatherOp, localizeGather>>(*context);
  EmbeddingOp::attachInterface<Localizer<EmbeddingOp, localizeEmbedding>>(*context);
  ScatterAddOp::attachInterface<Localizer<ScatterAddOp, localizeScatterAdd>>(*context);
  SliceAtOp::attachInterface<Localizer<SliceAtOp, localizeSliceAt>>(*context);
  DropoutOp::attachInterface<Localizer<DropoutOp, localizeDropout>>(*context);
}
