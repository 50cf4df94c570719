//===- FlatOptimizer.cpp - the optimizer's work on flat tensors
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FlatOptimizer.h"

#include "dialects/dist/BucketLayout.h"
#include "dialects/hf/TensorBuilder.h"
#include "hfc/Support/ReductionParts.h"

#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/MapVector.h"

using namespace hfc;
using namespace hfc::collective;
using dist::ShardingAttr;

/// The axes that cut any dimension of a parameter.
static dist::AxisListAttr cutOf(hf::ParameterOp parameter) {
  dist::Axes axes;
  if (auto sharding = parameter->getAttrOfType<ShardingAttr>(dist::shardingName))
    for (dist::AxisListAttr dim : sharding.getDims())
      llvm::append_range(axes, dim.getAxes());
  return dist::AxisListAttr::get(parameter.getContext(), dist::canonical(axes, dist::meshOf(parameter)));
}

static RankedTensorType typeOf(hf::ParameterOp parameter) { return cast<RankedTensorType>(parameter.getType()); }

Attribute collective::optimizerKeyOf(hf::ParameterOp parameter) {
  Builder builder(parameter.getContext());
  return builder.getArrayAttr({TypeAttr::get(typeOf(parameter).getElementType()),
                               builder.getBoolAttr(typeOf(parameter).getRank() > 1), cutOf(parameter)});
}

int64_t collective::flatSizeFor(int64_t elements) {
  return llvm::alignTo(elements, partsOfReduction(elements) * dist::bucketAlignment);
}

//===----------------------------------------------------------------------===//
// What there is
//===----------------------------------------------------------------------===//

std::optional<std::string> FlatOptimizer::find() {
  optimizer = module.lookupSymbol<func::FuncOp>(optimizerStepName);
  if (!optimizer || optimizer.isDeclaration() || !optimizer.getBody().hasOneBlock())
    return ("there is no entry @" + optimizerStepName).str();
  Block &block = optimizer.getBody().front();
  for (OpOperand &returned : block.getTerminator()->getOpOperands())
    if (auto name = optimizer.getResultAttrOfType<StringAttr>(returned.getOperandNumber(), "hf.output");
        name && name.getValue() == "grad_norm")
      norm = returned.get().getDefiningOp<hf::SqrtOp>();
  if (!norm)
    return "has no output grad_norm that is a square root";
  for (auto update : block.getOps<hf::AdamWOp>())
    if (auto gradient = dyn_cast<BlockArgument>(update.getGradient()))
      if (auto state = optimizer.getArgAttrOfType<FlatSymbolRefAttr>(gradient.getArgNumber(), "hf.state")) {
        updates[state.getAttr()] = update;
        whole.push_back(gradient);
      }
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

ShardingAttr FlatOptimizer::shardingOf(hf::ParameterOp parameter, dist::AxisListAttr group, int64_t elements) const {
  if (mesh.ranks() == 1 && !dist::findMesh(module))
    return ShardingAttr();
  dist::Axes axes(cutOf(parameter).getAxes());
  if (group)
    llvm::append_range(axes, group.getAxes());
  return ShardingAttr::replicated(mesh.getContext(), 1)
      .withDim(0, dist::AxisListAttr::get(mesh.getContext(), axes).getAxes())
      .withGlobal({elements * dist::sizeOf(axes, mesh)});
}

hf::StateOp FlatOptimizer::declareState(const FlatUpdate &flat, StringRef role, Type element) {
  hf::BucketOp bucket = flat.parameters;
  builder.setInsertionPointAfter(bucket);
  auto state = hf::StateOp::create(builder, bucket.getLoc(), (role + "." + bucket.getSymName()).str(),
                                   RankedTensorType::get({flat.elements}, element));
  state->setAttr("hf.of_bucket", symbolOf(bucket));
  state->setAttr("hf.role", builder.getStringAttr(role));
  if (flat.sharding)
    state->setAttr(dist::shardingName, flat.sharding);
  return state;
}

void FlatOptimizer::declare(FlatUpdate &flat, int64_t elements) {
  const Gradient &first = flat.members.front();
  hf::AdamWOp update = updateOf(first.state);
  flat.parameters = names.declare("parameters", first.state, elements, typeOf(first.parameter).getElementType());
  dist::BucketLayout layout;
  for (const Gradient &member : flat.members) {
    hf::ParameterOp parameter = member.parameter;
    int64_t offset = layout.place(typeOf(parameter).getNumElements());
    parameter->setAttr("hf.bucket", hf::PlaceAttr::get(module.getContext(), symbolOf(flat.parameters), offset));
  }
  flat.master = declareState(flat, "master", hf::elementOf(update.getParameter()));
  flat.moment2 = declareState(flat, "moment2", hf::elementOf(update.getMoment2()));
  flat.moment1 = declareState(flat, "moment1", hf::elementOf(update.getMoment1()));
  flat.gradient = declareState(flat, "gradient", hf::elementOf(update.getGradient()));
}

//===----------------------------------------------------------------------===//
// Entries
//===----------------------------------------------------------------------===//

void FlatOptimizer::annotate(Operation *op, ArrayRef<ShardingAttr> shardings) const {
  Builder builder(op->getContext());
  op->setDiscardableAttr("hf.phase", builder.getStringAttr("update"));
  if (!dist::findMesh(module))
    return;
  SmallVector<Attribute> attributes(shardings.begin(), shardings.end());
  op->setDiscardableAttr(dist::shardingsName, builder.getArrayAttr(attributes));
}

static DictionaryAttr stateAttributes(hf::StateOp state, ShardingAttr sharding) {
  Builder builder(state.getContext());
  SmallVector<NamedAttribute> attributes{
      builder.getNamedAttr("hf.state", FlatSymbolRefAttr::get(state.getSymNameAttr()))};
  if (sharding)
    attributes.push_back(builder.getNamedAttr(dist::shardingName, sharding));
  return builder.getDictionaryAttr(attributes);
}

void FlatOptimizer::addResult(func::FuncOp entry, Value value, hf::StateOp state, ShardingAttr sharding) {
  Operation *terminator = entry.getBody().front().getTerminator();
  // The index is in range, so this does not fail.
  (void)entry.insertResult(entry.getNumResults(), value.getType(), stateAttributes(state, sharding));
  terminator->insertOperands(terminator->getNumOperands(), value);
}

BlockArgument FlatOptimizer::addArgument(hf::StateOp state, ShardingAttr sharding) {
  (void)optimizer.insertArgument(optimizer.getNumArguments(), state.getType(), stateAttributes(state, sharding),
                                 state.getLoc());
  return optimizer.getArguments().back();
}

void FlatOptimizer::takeStates(const FlatUpdate &flat) {
  arguments[flat.parameters] = {addArgument(flat.gradient, flat.sharding), addArgument(flat.master, flat.sharding),
                                addArgument(flat.moment1, flat.sharding), addArgument(flat.moment2, flat.sharding)};
  llvm::DenseSet<Value> replaced;
  for (const Gradient &member : flat.members)
    replaced.insert(updateOf(member.state).getGradient());
  llvm::erase_if(whole, [&](BlockArgument gradient) { return replaced.contains(gradient); });
}

namespace {
/// The sum of gradients' squares: of each class of tensors that are cut over the same axes, then over these axes.
class SquareSum {
public:
  SquareSum(const FlatOptimizer &optimizer, OpBuilder &builder, Location loc, dist::MeshAttr mesh)
      : optimizer(optimizer), builder(builder), loc(loc), mesh(mesh), ops(builder, loc),
        scalar(ShardingAttr::replicated(mesh.getContext(), 0)) {}

  void add(Value gradient, ShardingAttr sharding);
  Value total();

private:
  const FlatOptimizer &optimizer;
  OpBuilder &builder;
  Location loc;
  dist::MeshAttr mesh;
  hf::TensorBuilder ops;
  ShardingAttr scalar;
  /// Those that are divided into as many parts are added first: then one kernel adds the parts of all.
  llvm::MapVector<dist::AxisListAttr, llvm::MapVector<int64_t, Value>> classes;
};
} // namespace

void SquareSum::add(Value gradient, ShardingAttr sharding) {
  dist::Axes cut;
  if (sharding)
    for (dist::AxisListAttr dim : sharding.getDims())
      llvm::append_range(cut, dim.getAxes());
  // In one order, whatever the dimensions': a sum does not depend on it.
  llvm::sort(cut, [](dist::AxisRefAttr a, dist::AxisRefAttr b) {
    return std::pair(a.getName().getValue(), a.getPre()) < std::pair(b.getName().getValue(), b.getPre());
  });
  auto axes = dist::AxisListAttr::get(mesh.getContext(), dist::canonical(cut, mesh));
  ShardingAttr partial = axes.empty() ? scalar : scalar.withPartial(dist::ReductionKind::sum, axes.getAxes());
  Value wide = ops.convert(gradient, builder.getF32Type());
  if (wide != gradient)
    optimizer.annotate(wide, sharding);
  Value square = ops.mul(wide, wide);
  optimizer.annotate(square, sharding);
  if (size_t rank = hf::shapeOf(square).size()) {
    square = ops.reduce(hf::Reduction::sum, square, llvm::to_vector(llvm::seq<int64_t>(0, rank)));
    optimizer.annotate(square, partial);
  }
  Value &sum = classes[axes][partsOfReduction(cast<RankedTensorType>(gradient.getType()).getNumElements())];
  if (sum) {
    square = ops.add(sum, square);
    optimizer.annotate(square, partial);
  }
  sum = square;
}

Value SquareSum::total() {
  Value total;
  for (auto &[axes, sums] : classes) {
    Value complete = sums.front().second;
    ShardingAttr partial = axes.empty() ? scalar : scalar.withPartial(dist::ReductionKind::sum, axes.getAxes());
    for (auto [parts, sum] : llvm::drop_begin(sums)) {
      complete = ops.add(complete, sum);
      optimizer.annotate(complete, partial);
    }
    if (!axes.empty()) {
      complete = dist::AllReduceOp::create(builder, loc, complete.getType(), dist::ReductionKind::sum, complete, axes,
                                           builder.getStringAttr("gradient norm"), IntegerAttr(), false)
                     .getResult(0);
      optimizer.annotate(complete, scalar);
    }
    if (total) {
      complete = ops.add(total, complete);
      optimizer.annotate(complete, scalar);
    }
    total = complete;
  }
  return total;
}

void FlatOptimizer::replaceNorm(ArrayRef<FlatUpdate> flats) {
  builder.setInsertionPoint(norm);
  SquareSum sum(*this, builder, norm.getLoc(), mesh);
  for (const FlatUpdate &flat : flats)
    sum.add(arguments.lookup(flat.parameters).gradient, flat.sharding);
  for (BlockArgument gradient : whole)
    sum.add(gradient, dist::shardingOr(gradient));
  norm->setOperand(0, sum.total());
}

Value FlatOptimizer::update(const FlatUpdate &flat) {
  builder.setInsertionPoint(optimizer.getBody().front().getTerminator());
  hf::StateOp gradient = flat.members.front().state;
  hf::AdamWOp like = updateOf(gradient);
  Arguments with = arguments.lookup(flat.parameters);
  auto update = hf::AdamWOp::create(builder, gradient.getLoc(), with.master.getType(), with.moment1.getType(),
                                    with.moment2.getType(), with.master, with.gradient, with.moment1, with.moment2,
                                    like.getStep(), like.getLearningRate(), like.getBeta1(), like.getBeta2(),
                                    like.getEpsilon(), like.getWeightDecay(), like.getScale());
  annotate(update, {flat.sharding, flat.sharding, flat.sharding});
  addResult(optimizer, update.getNewParameter(), flat.master, flat.sharding);
  addResult(optimizer, update.getNewMoment1(), flat.moment1, flat.sharding);
  addResult(optimizer, update.getNewMoment2(), flat.moment2, flat.sharding);
  hf::BucketOp bucket = flat.parameters;
  hf::TensorBuilder ops(builder, update.getLoc());
  Value updated = ops.convert(update.getNewParameter(), cast<RankedTensorType>(bucket.getType()).getElementType());
  if (updated != update.getNewParameter())
    annotate(updated, flat.sharding);
  return updated;
}

//===----------------------------------------------------------------------===//
// What has been replaced
//===----------------------------------------------------------------------===//

/// States that hold what the entries before the optimizer give, and go on doing so.
static bool holdsGradient(hf::StateOp state) {
  auto role = state->getAttrOfType<StringAttr>("hf.role");
  return role && (role.getValue() == "gradient" || role.getValue() == "accumulator");
}

LogicalResult FlatOptimizer::dropReplaced(ArrayRef<FlatUpdate> flats) {
  llvm::DenseSet<Attribute> members;
  for (const FlatUpdate &flat : flats)
    for (const Gradient &member : flat.members)
      members.insert(symbolOf(member.parameter));
  // The members' own moments and master weights, and their gradients as arguments of the step.
  llvm::DenseSet<Attribute> gone;
  SmallVector<hf::StateOp> erased;
  for (auto state : module.getOps<hf::StateOp>()) {
    if (!state->hasAttr("hf.role") || !members.contains(state->getAttr("hf.of")))
      continue;
    gone.insert(symbolOf(state));
    if (!holdsGradient(state))
      erased.push_back(state);
  }
  llvm::DenseSet<Attribute> results = gone;
  for (const FlatUpdate &flat : flats)
    if (flat.values)
      for (const Gradient &member : flat.members)
        results.insert(symbolOf(member.parameter));
  dropResults(results);
  if (failed(dropArguments(gone, members)))
    return failure();
  for (hf::StateOp state : erased)
    state.erase();
  return success();
}

void FlatOptimizer::dropResults(const llvm::DenseSet<Attribute> &gone) {
  Operation *terminator = optimizer.getBody().front().getTerminator();
  llvm::BitVector results(optimizer.getNumResults());
  for (unsigned result : llvm::seq(optimizer.getNumResults()))
    for (StringRef kind : {"hf.state", "hf.parameter"})
      if (gone.contains(optimizer.getResultAttr(result, kind)))
        results.set(result);
  terminator->eraseOperands(results);
  (void)optimizer.eraseResults(results);
  SmallVector<Operation *> ops;
  for (Operation &op : optimizer.getBody().front().without_terminator())
    ops.push_back(&op);
  for (Operation *op : llvm::reverse(ops))
    if (op->use_empty() && (isOpTriviallyDead(op) || isa<dist::AllReduceOp>(op)))
      op->erase();
}

LogicalResult FlatOptimizer::dropArguments(const llvm::DenseSet<Attribute> &gone,
                                           const llvm::DenseSet<Attribute> &members) {
  llvm::BitVector dropped(optimizer.getNumArguments());
  for (BlockArgument argument : optimizer.getArguments()) {
    auto state = optimizer.getArgAttrOfType<FlatSymbolRefAttr>(argument.getArgNumber(), "hf.state");
    bool replaced = gone.contains(state);
    bool gathered = members.contains(optimizer.getArgAttr(argument.getArgNumber(), "hf.parameter"));
    if (replaced && !argument.use_empty())
      return optimizer.emitOpError("uses ") << state.getValue()
                                            << " for more than its update; so that flat tensors can be updated, it "
                                               "must be as --hfc-add-optimizer leaves it";
    if (replaced || (gathered && argument.use_empty()))
      dropped.set(argument.getArgNumber());
  }
  (void)optimizer.eraseArguments(dropped);
  return success();
}
