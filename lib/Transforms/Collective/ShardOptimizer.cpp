//===- ShardOptimizer.cpp - ZeRO: each rank updates its piece of a bucket
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ShardOptimizer.h"

#include "dialects/dist/BucketLayout.h"
#include "dialects/hf/TensorBuilder.h"

#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

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

Attribute collective::optimizerKeyOf(const Reduction &reduction) {
  hf::ParameterOp parameter = reduction.gradient.parameter;
  Builder builder(parameter.getContext());
  return builder.getArrayAttr({TypeAttr::get(typeOf(parameter).getElementType()),
                               builder.getBoolAttr(typeOf(parameter).getRank() > 1), cutOf(parameter)});
}

bool collective::canScatter(const Reduction &reduction) {
  auto reduce = dyn_cast<dist::AllReduceOp>(reduction.links.front());
  return reduce && reduce.getKind() == dist::ReductionKind::sum;
}

namespace {
/// A bucket, and what stands for it once each rank has its piece.
struct ShardedBucket {
  Bucket bucket;
  dist::AxisListAttr group;
  hf::BucketOp parameters;
  ShardingAttr sharding;
  int64_t piece;
  hf::StateOp gradient, moment1, moment2, master;
};

class OptimizerSharder {
public:
  OptimizerSharder(ModuleOp module, func::FuncOp last, BucketNames &names)
      : module(module), last(last), names(names), mesh(dist::meshOf(module)), builder(module.getContext()) {}

  LogicalResult run(ArrayRef<Bucket> buckets);

private:
  LogicalResult findOptimizer(ArrayRef<Bucket> buckets);
  InFlightDiagnostic unlikely(const Twine &what) {
    return optimizer.emitOpError(what) << "; so that ZeRO can divide it, it must be as --hfc-add-optimizer leaves it";
  }

  void declare(ShardedBucket &sharded);
  hf::StateOp declareState(const ShardedBucket &sharded, StringRef role, Type element);
  void scatterGradients(const ShardedBucket &sharded);
  void takePieces(ShardedBucket &sharded);
  Value squaredNorm(ArrayRef<ShardedBucket> sharded);
  void update(const ShardedBucket &sharded);
  LogicalResult dropReplaced(ArrayRef<ShardedBucket> sharded);

  FlatSymbolRefAttr symbolOf(Operation *op) { return FlatSymbolRefAttr::get(SymbolTable::getSymbolName(op)); }
  /// Says of the results of a new op where they live, and that they belong to the update.
  void annotate(Operation *op, ArrayRef<ShardingAttr> shardings);
  void annotate(Value value, ShardingAttr sharding) { annotate(value.getDefiningOp(), sharding); }
  void addResult(func::FuncOp entry, Value value, hf::StateOp state, ShardingAttr sharding);
  Value addArgument(hf::StateOp state, ShardingAttr sharding);

  ModuleOp module;
  func::FuncOp last, optimizer;
  BucketNames &names;
  dist::MeshAttr mesh;
  OpBuilder builder;
  /// The update of each gradient, by the state that holds it.
  llvm::DenseMap<StringAttr, hf::AdamWOp> updates;
  /// The gradients that keep their own update: complete ones.
  SmallVector<BlockArgument> whole;
  hf::SqrtOp norm;
  llvm::DenseMap<Operation *, SmallVector<BlockArgument, 4>> pieces;
};
} // namespace

//===----------------------------------------------------------------------===//
// What there is
//===----------------------------------------------------------------------===//

LogicalResult OptimizerSharder::findOptimizer(ArrayRef<Bucket> buckets) {
  optimizer = module.lookupSymbol<func::FuncOp>(optimizerStepName);
  if (!optimizer || optimizer.isDeclaration() || !optimizer.getBody().hasOneBlock())
    return module.emitError("ZeRO divides the optimizer's work, but there is no entry @")
           << optimizerStepName << "; run --hfc-add-optimizer first";
  Block &block = optimizer.getBody().front();
  for (OpOperand &returned : block.getTerminator()->getOpOperands())
    if (auto name = optimizer.getResultAttrOfType<StringAttr>(returned.getOperandNumber(), "hf.output");
        name && name.getValue() == "grad_norm")
      norm = returned.get().getDefiningOp<hf::SqrtOp>();
  if (!norm)
    return unlikely("has no output grad_norm that is a square root");
  for (auto update : block.getOps<hf::AdamWOp>())
    if (auto gradient = dyn_cast<BlockArgument>(update.getGradient()))
      if (auto state = optimizer.getArgAttrOfType<FlatSymbolRefAttr>(gradient.getArgNumber(), "hf.state")) {
        updates[state.getAttr()] = update;
        whole.push_back(gradient);
      }
  for (const Bucket &bucket : buckets)
    for (const Reduction &member : bucket.members) {
      hf::StateOp state = member.gradient.state;
      if (!updates.contains(state.getSymNameAttr()))
        return unlikely("has no hf.adamw of " + symbolOf(state).getValue());
    }
  return success();
}

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

hf::StateOp OptimizerSharder::declareState(const ShardedBucket &sharded, StringRef role, Type element) {
  hf::BucketOp bucket = sharded.parameters;
  builder.setInsertionPointAfter(bucket);
  auto state = hf::StateOp::create(builder, bucket.getLoc(), (role + "." + bucket.getSymName()).str(),
                                   RankedTensorType::get({sharded.piece}, element));
  state->setAttr("hf.of_bucket", symbolOf(bucket));
  state->setAttr("hf.role", builder.getStringAttr(role));
  state->setAttr(dist::shardingName, sharded.sharding);
  return state;
}

void OptimizerSharder::declare(ShardedBucket &sharded) {
  const Reduction &first = sharded.bucket.members.front();
  hf::StateOp gradient = first.gradient.state;
  hf::ParameterOp parameter = first.gradient.parameter;
  hf::AdamWOp update = updates.lookup(gradient.getSymNameAttr());
  sharded.group = cast<dist::AllReduceOp>(first.links.front()).getAxes();
  int64_t ranks = dist::sizeOf(sharded.group.getAxes(), mesh);
  sharded.piece = dist::alignedInBucket(llvm::divideCeil(sharded.bucket.elements(), ranks));

  // The flat buckets of all ranks that cut the parameters, one behind the other, are one cut tensor.
  dist::Axes axes(cutOf(parameter).getAxes());
  llvm::append_range(axes, sharded.group.getAxes());
  auto list = dist::AxisListAttr::get(module.getContext(), axes);
  sharded.sharding = ShardingAttr::replicated(module.getContext(), 1)
                         .withDim(0, list.getAxes())
                         .withGlobal({sharded.piece * dist::sizeOf(axes, mesh)});

  placeInBucket(sharded.bucket, names.declare("grads", sharded.bucket, sharded.piece * ranks));
  sharded.parameters = names.declare("parameters", gradient, sharded.piece * ranks, typeOf(parameter).getElementType());
  sharded.parameters->setAttr("hf.group", sharded.group);
  dist::BucketLayout layout;
  for (const Reduction &member : sharded.bucket.members) {
    hf::ParameterOp own = member.gradient.parameter;
    hf::StateOp accumulator = member.gradient.state;
    int64_t offset = layout.place(member.type().getNumElements());
    own->setAttr("hf.bucket", hf::PlaceAttr::get(module.getContext(), symbolOf(sharded.parameters), offset));
    accumulator->setAttr("hf.role", builder.getStringAttr("accumulator"));
  }
  sharded.master = declareState(sharded, "master", hf::elementOf(update.getParameter()));
  sharded.moment2 = declareState(sharded, "moment2", hf::elementOf(update.getMoment2()));
  sharded.moment1 = declareState(sharded, "moment1", hf::elementOf(update.getMoment1()));
  sharded.gradient = declareState(sharded, "gradient", first.type().getElementType());
}

//===----------------------------------------------------------------------===//
// Entries
//===----------------------------------------------------------------------===//

void OptimizerSharder::annotate(Operation *op, ArrayRef<ShardingAttr> shardings) {
  SmallVector<Attribute> attributes(shardings.begin(), shardings.end());
  op->setDiscardableAttr(dist::shardingsName, builder.getArrayAttr(attributes));
  op->setDiscardableAttr("hf.phase", builder.getStringAttr("update"));
}

static DictionaryAttr stateAttributes(hf::StateOp state, ShardingAttr sharding) {
  Builder builder(state.getContext());
  return builder.getDictionaryAttr({builder.getNamedAttr("hf.state", FlatSymbolRefAttr::get(state.getSymNameAttr())),
                                    builder.getNamedAttr(dist::shardingName, sharding)});
}

void OptimizerSharder::addResult(func::FuncOp entry, Value value, hf::StateOp state, ShardingAttr sharding) {
  Operation *terminator = entry.getBody().front().getTerminator();
  // The index is in range, so this does not fail.
  (void)entry.insertResult(entry.getNumResults(), value.getType(), stateAttributes(state, sharding));
  terminator->insertOperands(terminator->getNumOperands(), value);
}

Value OptimizerSharder::addArgument(hf::StateOp state, ShardingAttr sharding) {
  (void)optimizer.insertArgument(optimizer.getNumArguments(), state.getType(), stateAttributes(state, sharding),
                                 state.getLoc());
  return optimizer.getArguments().back();
}

/// In `last_micro_step`: the bucket's gradients stay as they are, sums of this rank; their piece is the result.
void OptimizerSharder::scatterGradients(const ShardedBucket &sharded) {
  SmallVector<Value> values;
  SmallVector<Location> locations;
  for (const Reduction &member : sharded.bucket.members) {
    Value value = member.gradientValue();
    values.push_back(value);
    locations.push_back(member.links.front()->getLoc());
    if (ShardingAttr partial = dist::getSharding(value))
      last.setResultAttr(member.result, dist::shardingName, partial);
    member.terminator->setOperand(member.result, value);
  }
  builder.setInsertionPoint(last.getBody().front().getTerminator());
  Location loc = builder.getFusedLoc(locations);
  hf::StateOp gradient = sharded.gradient;
  ArrayRef<Operation *> links = sharded.bucket.members.front().links;
  Value piece =
      dist::ReduceScatterBucketOp::create(builder, loc, gradient.getType(), dist::ReductionKind::sum, values,
                                          sharded.group, builder.getStringAttr("gradients"), IntegerAttr(), false);
  annotate(piece, sharded.sharding);
  for (Operation *link : links.drop_front()) {
    piece = dist::AgreeOp::create(builder, loc, piece.getType(), piece, cast<dist::AgreeOp>(link).getAxes(),
                                  builder.getStringAttr("agreed gradients"), IntegerAttr(), false)
                .getResult(0);
    annotate(piece, sharded.sharding);
  }
  for (Operation *op = piece.getDefiningOp(); op; op = op->getOperand(0).getDefiningOp()) {
    op->setDiscardableAttr("hf.phase", builder.getStringAttr("backward"));
    if (isa<dist::ReduceScatterBucketOp>(op))
      break;
  }
  for (const Reduction &member : sharded.bucket.members)
    for (Operation *link : llvm::reverse(member.links))
      link->erase();
  addResult(last, piece, sharded.gradient, sharded.sharding);
}

/// In `optimizer_step`: arguments for the pieces.
void OptimizerSharder::takePieces(ShardedBucket &sharded) {
  SmallVector<BlockArgument, 4> arguments;
  for (hf::StateOp state : {sharded.gradient, sharded.master, sharded.moment1, sharded.moment2})
    arguments.push_back(cast<BlockArgument>(addArgument(state, sharded.sharding)));
  pieces[sharded.parameters] = arguments;
  for (const Reduction &member : sharded.bucket.members) {
    hf::StateOp gradient = member.gradient.state;
    Value dropped = updates.lookup(gradient.getSymNameAttr()).getGradient();
    llvm::erase(whole, dropped);
  }
}

/// The sum of all gradients' squares: of each class of tensors that are cut over the same axes, then over these axes.
Value OptimizerSharder::squaredNorm(ArrayRef<ShardedBucket> sharded) {
  builder.setInsertionPoint(norm);
  hf::TensorBuilder ops(builder, norm.getLoc());
  auto scalar = ShardingAttr::replicated(module.getContext(), 0);
  llvm::MapVector<dist::AxisListAttr, Value> classes;
  auto count = [&](Value gradient, ShardingAttr sharding) {
    dist::Axes cut;
    for (dist::AxisListAttr dim : sharding.getDims())
      llvm::append_range(cut, dim.getAxes());
    // In one order, whatever the dimensions': a sum does not depend on it.
    llvm::sort(cut, [](dist::AxisRefAttr a, dist::AxisRefAttr b) {
      return std::pair(a.getName().getValue(), a.getPre()) < std::pair(b.getName().getValue(), b.getPre());
    });
    auto axes = dist::AxisListAttr::get(module.getContext(), dist::canonical(cut, mesh));
    ShardingAttr partial = axes.empty() ? scalar : scalar.withPartial(dist::ReductionKind::sum, axes.getAxes());
    Value wide = ops.convert(gradient, builder.getF32Type());
    if (wide != gradient)
      annotate(wide, sharding);
    Value square = ops.mul(wide, wide);
    annotate(square, sharding);
    if (size_t rank = hf::shapeOf(square).size()) {
      square = ops.reduce(hf::Reduction::sum, square, llvm::to_vector(llvm::seq<int64_t>(0, rank)));
      annotate(square, partial);
    }
    Value &sum = classes[axes];
    if (sum) {
      square = ops.add(sum, square);
      annotate(square, partial);
    }
    sum = square;
  };
  for (const ShardedBucket &bucket : sharded)
    count(pieces.lookup(bucket.parameters).front(), bucket.sharding);
  for (BlockArgument gradient : whole)
    count(gradient, dist::shardingOr(gradient));
  Value total;
  for (auto [axes, sum] : classes) {
    Value complete = sum;
    if (!axes.empty()) {
      complete = dist::AllReduceOp::create(builder, norm.getLoc(), sum.getType(), dist::ReductionKind::sum, sum, axes,
                                           builder.getStringAttr("gradient norm"), IntegerAttr(), false)
                     .getResult(0);
      annotate(complete, scalar);
    }
    if (total) {
      complete = ops.add(total, complete);
      annotate(complete, scalar);
    }
    total = complete;
  }
  return total;
}

/// One update of the flat piece, whose parameters are then gathered.
void OptimizerSharder::update(const ShardedBucket &sharded) {
  Operation *terminator = optimizer.getBody().front().getTerminator();
  builder.setInsertionPoint(terminator);
  hf::StateOp gradientState = sharded.bucket.members.front().gradient.state;
  hf::AdamWOp like = updates.lookup(gradientState.getSymNameAttr());
  ArrayRef<BlockArgument> piece = pieces[sharded.parameters];
  Value gradient = piece[0], master = piece[1], moment1 = piece[2], moment2 = piece[3];
  auto flat =
      hf::AdamWOp::create(builder, gradientState.getLoc(), master.getType(), moment1.getType(), moment2.getType(),
                          master, gradient, moment1, moment2, like.getStep(), like.getLearningRate(), like.getBeta1(),
                          like.getBeta2(), like.getEpsilon(), like.getWeightDecay(), like.getScale());
  annotate(flat, {sharded.sharding, sharded.sharding, sharded.sharding});
  hf::BucketOp bucket = sharded.parameters;
  hf::TensorBuilder ops(builder, flat.getLoc());
  Value updated = ops.convert(flat.getNewParameter(), cast<RankedTensorType>(bucket.getType()).getElementType());
  if (updated != flat.getNewParameter())
    annotate(updated, sharded.sharding);

  SmallVector<Type> types;
  SmallVector<ShardingAttr> shardings;
  llvm::DenseMap<Attribute, unsigned> numbers;
  for (const Reduction &member : sharded.bucket.members) {
    hf::ParameterOp parameter = member.gradient.parameter;
    auto type = typeOf(parameter);
    auto own = parameter->getAttrOfType<ShardingAttr>(dist::shardingName);
    numbers[symbolOf(parameter)] = types.size();
    types.push_back(type);
    shardings.push_back(own ? own : ShardingAttr::replicated(module.getContext(), type.getRank()));
  }
  auto gather = dist::AllGatherBucketOp::create(builder, flat.getLoc(), types, updated, sharded.group,
                                                builder.getStringAttr("updated parameters"), IntegerAttr(), false);
  annotate(gather, shardings);
  for (OpOperand &returned : terminator->getOpOperands())
    if (auto name = optimizer.getResultAttrOfType<FlatSymbolRefAttr>(returned.getOperandNumber(), "hf.parameter"))
      if (auto number = numbers.find(name); number != numbers.end())
        returned.set(gather.getResult(number->second));
  addResult(optimizer, flat.getNewParameter(), sharded.master, sharded.sharding);
  addResult(optimizer, flat.getNewMoment1(), sharded.moment1, sharded.sharding);
  addResult(optimizer, flat.getNewMoment2(), sharded.moment2, sharded.sharding);
}

//===----------------------------------------------------------------------===//
// What has been replaced
//===----------------------------------------------------------------------===//

LogicalResult OptimizerSharder::dropReplaced(ArrayRef<ShardedBucket> sharded) {
  llvm::DenseSet<Attribute> members;
  for (const ShardedBucket &bucket : sharded)
    for (const Reduction &member : bucket.bucket.members)
      members.insert(symbolOf(member.gradient.parameter));
  // The members' own moments and master weights, and their accumulators as arguments of the step.
  llvm::DenseSet<Attribute> states, gone;
  SmallVector<hf::StateOp> erased;
  for (auto state : module.getOps<hf::StateOp>()) {
    auto role = state->getAttrOfType<StringAttr>("hf.role");
    if (!role || !members.contains(state->getAttr("hf.of")))
      continue;
    gone.insert(symbolOf(state));
    if (role.getValue() != "accumulator")
      erased.push_back(state);
  }
  Operation *terminator = optimizer.getBody().front().getTerminator();
  llvm::BitVector results(optimizer.getNumResults());
  for (unsigned result : llvm::seq(optimizer.getNumResults()))
    if (gone.contains(optimizer.getResultAttr(result, "hf.state")))
      results.set(result);
  terminator->eraseOperands(results);
  (void)optimizer.eraseResults(results);

  SmallVector<Operation *> ops;
  for (Operation &op : optimizer.getBody().front().without_terminator())
    ops.push_back(&op);
  for (Operation *op : llvm::reverse(ops))
    if (op->use_empty() && (isOpTriviallyDead(op) || isa<dist::AllReduceOp>(op)))
      op->erase();
  llvm::BitVector arguments(optimizer.getNumArguments());
  for (BlockArgument argument : optimizer.getArguments()) {
    bool replaced = gone.contains(optimizer.getArgAttr(argument.getArgNumber(), "hf.state"));
    bool gathered = members.contains(optimizer.getArgAttr(argument.getArgNumber(), "hf.parameter"));
    if (replaced && !argument.use_empty())
      return unlikely("uses " +
                      cast<FlatSymbolRefAttr>(optimizer.getArgAttr(argument.getArgNumber(), "hf.state")).getValue() +
                      " for more than its update");
    if (replaced || (gathered && argument.use_empty()))
      arguments.set(argument.getArgNumber());
  }
  (void)optimizer.eraseArguments(arguments);
  for (hf::StateOp state : erased)
    state.erase();
  return success();
}

LogicalResult OptimizerSharder::run(ArrayRef<Bucket> buckets) {
  if (buckets.empty())
    return success();
  if (failed(findOptimizer(buckets)))
    return failure();
  SmallVector<ShardedBucket> sharded;
  for (const Bucket &bucket : buckets) {
    sharded.push_back({bucket, {}, {}, {}, 0, {}, {}, {}, {}});
    declare(sharded.back());
    takePieces(sharded.back());
    scatterGradients(sharded.back());
  }
  norm->setOperand(0, squaredNorm(sharded));
  for (const ShardedBucket &bucket : sharded)
    update(bucket);
  return dropReplaced(sharded);
}

LogicalResult collective::shardOptimizer(ModuleOp module, func::FuncOp last, ArrayRef<Bucket> buckets,
                                         BucketNames &names) {
  return OptimizerSharder(module, last, names).run(buckets);
}
