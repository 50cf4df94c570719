//===- AnnotationContext.cpp - what a strategy reads and writes with
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Partition/Strategy.h"
#include "lib/Partition/Placement.h"

#include "dialects/hf/TensorBuilder.h"

using namespace hfc;
using namespace hfc::dist;
using namespace hfc::partition;

static int64_t programNumber(ModuleOp module, StringRef key, int64_t otherwise) {
  auto program = module->getAttrOfType<DictionaryAttr>("hf.program");
  auto number = program ? program.getAs<IntegerAttr>(key) : IntegerAttr();
  return number ? number.getInt() : otherwise;
}

static bool isSequenceFirst(ModuleOp module) {
  auto program = module->getAttrOfType<DictionaryAttr>("hf.program");
  auto layout = program ? program.getAs<StringAttr>("layout") : StringAttr();
  return layout && layout.getValue() == "sequence-first";
}

AnnotationContext::AnnotationContext(ModuleOp module, MeshAttr mesh) : module(module), mesh(mesh) {
  declarations = collectDeclarations(module);
  for (auto function : module.getOps<func::FuncOp>()) {
    // What cannot be partitioned is refused by propagation, which says why.
    if (function.isDeclaration() || !function.isPublic() || !function.getBody().hasOneBlock())
      continue;
    functions.emplace_back(function, findRoles(function));
    findBatches(function);
  }
}

AnnotationContext::~AnnotationContext() = default;

Axes AnnotationContext::axis(StringRef name) {
  if (mesh.sizeOf(name) == 1)
    return {};
  return {AxisRefAttr::get(module.getContext(), StringAttr::get(module.getContext(), name), 0, 0)};
}

//===----------------------------------------------------------------------===//
// The batch
//===----------------------------------------------------------------------===//

/// The dimension in which an input has the batch: the first, or the second of activations that come sequence-first.
std::optional<size_t> AnnotationContext::batchDim(Operation *op, unsigned argument) {
  auto function = cast<func::FuncOp>(op);
  auto type = cast<RankedTensorType>(function.getArgumentTypes()[argument]);
  if (!function.getArgAttr(argument, "hf.input") || type.getRank() == 0)
    return std::nullopt;
  size_t dim = isSequenceFirst(module) && isa<FloatType>(type.getElementType()) && type.getRank() == 3 ? 1 : 0;
  int64_t batch = programNumber(module, "batch", type.getDimSize(dim));
  int64_t microBatches = std::max<int64_t>(1, programNumber(module, "micro_batches", 1));
  bool isBatch = type.getDimSize(dim) == batch || type.getDimSize(dim) * microBatches == batch;
  return isBatch ? std::optional<size_t>(dim) : std::nullopt;
}

/// Follows the batch from the inputs through every op, and into the states that it is written to.
void AnnotationContext::findBatches(Operation *op) {
  auto function = cast<func::FuncOp>(op);
  for (BlockArgument argument : function.getArguments())
    if (auto dim = batchDim(function, argument.getArgNumber()))
      batches[argument] = *dim;
  for (Operation &op : function.front()) {
    FailureOr<Rule> rule = getRule(&op);
    if (failed(rule))
      continue;
    llvm::SmallDenseSet<unsigned> factors;
    auto majorOf = [&](const Rule::Dim &dim) -> std::optional<unsigned> {
      auto factor = llvm::find_if(dim, [&](unsigned factor) { return rule->sizes[factor] > 1 || dim.size() == 1; });
      return factor == dim.end() ? std::nullopt : std::optional(*factor);
    };
    for (auto [operand, tensor] : llvm::zip_equal(op.getOperands(), rule->operands))
      if (auto batch = batches.find(operand); batch != batches.end())
        if (auto factor = majorOf(tensor[batch->second]))
          factors.insert(*factor);
    auto mark = [&](Value value, const Rule::Tensor &tensor) {
      for (auto [index, dim] : llvm::enumerate(tensor))
        if (auto factor = majorOf(dim); factor && factors.contains(*factor))
          batches.try_emplace(value, index);
    };
    for (auto [result, tensor] : llvm::zip_equal(op.getResults(), rule->results))
      mark(result, tensor);
    for (auto [operand, tensor] : llvm::zip_equal(op.getOperands(), rule->operands))
      if (auto argument = dyn_cast<BlockArgument>(operand);
          argument && function.getArgAttr(argument.getArgNumber(), "hf.state"))
        mark(operand, tensor);
  }
}

LogicalResult AnnotationContext::cutBatch(ArrayRef<AxisRefAttr> axes) {
  batchAxes.assign(axes.begin(), axes.end());
  int64_t ranks = sizeOf(axes, mesh);
  for (auto &[op, roles] : functions) {
    auto function = cast<func::FuncOp>(op);
    for (BlockArgument argument : function.getArguments()) {
      auto batch = batches.find(argument);
      if (batch == batches.end() || axes.empty())
        continue;
      int64_t size = hf::shapeOf(argument)[batch->second];
      if (size % ranks != 0)
        return function.emitError("a batch of ")
               << size << " in '" << function.getName() << "' cannot be cut into " << ranks << " (axis "
               << toString(axes) << "): choose --batch so that every micro-batch is a multiple of " << ranks;
      cut(argument, batch->second, axes);
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Heads
//===----------------------------------------------------------------------===//

FailureOr<std::pair<Axes, Axes>> AnnotationContext::headAxes(const AttentionRole &attention,
                                                             ArrayRef<AxisRefAttr> axes) {
  int64_t ranks = sizeOf(axes, mesh);
  if (attention.queryHeads % ranks != 0)
    return attention.op->emitError() << attention.queryHeads
                                     << " attention heads (num_attention_heads) cannot be cut into " << ranks
                                     << " (axis " << toString(axes) << "): choose an axis size that divides them";
  if (attention.keyHeads % ranks == 0)
    return std::make_pair(Axes(axes), Axes(axes));
  if (attention.keyHeads == 1)
    return std::make_pair(Axes(axes), Axes());
  auto split = ranks % attention.keyHeads == 0 ? splitMajor(axes, attention.keyHeads, mesh) : std::nullopt;
  if (!split)
    return attention.op->emitError() << attention.keyHeads << " key and value heads (num_key_value_heads) and " << ranks
                                     << " ranks (axis " << toString(axes)
                                     << ") do not fit: one number must be a multiple of the other";
  return std::make_pair(Axes(axes), split->first);
}

//===----------------------------------------------------------------------===//
// Annotations
//===----------------------------------------------------------------------===//

ShardingAttr AnnotationContext::declared(Operation *declaration) {
  if (auto sharding = declaration->getAttrOfType<ShardingAttr>(shardingName))
    return sharding;
  auto type = cast<RankedTensorType>(declaration->getAttrOfType<TypeAttr>("type").getValue());
  return ShardingAttr::replicated(module.getContext(), type.getRank());
}

void AnnotationContext::cut(Value value, size_t dim, ArrayRef<AxisRefAttr> axes) {
  auto argument = dyn_cast_or_null<BlockArgument>(value);
  if (!argument || axes.empty())
    return;
  auto function = cast<func::FuncOp>(argument.getOwner()->getParentOp());
  for (StringRef kind : {"hf.parameter", "hf.state"})
    if (auto symbol = function.getArgAttrOfType<FlatSymbolRefAttr>(argument.getArgNumber(), kind)) {
      Operation *declaration = declarations.lookup(symbol.getAttr());
      if (!declaration || kept.contains(declaration))
        return;
      ShardingAttr sharding = declared(declaration);
      if (sharding.axesOf(dim).empty())
        declaration->setAttr(shardingName, sharding.withDim(dim, axes));
      return;
    }
  ShardingAttr sharding = shardingOr(argument);
  if (sharding.axesOf(dim).empty())
    setSharding(argument, sharding.withDim(dim, axes));
}

void AnnotationContext::cutOutputs(const Product &product, ArrayRef<AxisRefAttr> axes) {
  cut(product.weight, 0, axes);
  cut(product.bias, 0, axes);
}

LogicalResult AnnotationContext::cutHeads(const AttentionRole &attention, ArrayRef<AxisRefAttr> axes) {
  FailureOr<std::pair<Axes, Axes>> heads = headAxes(attention, axes);
  if (failed(heads))
    return failure();
  cutOutputs(attention.query, heads->first);
  for (const Product &product : {attention.key, attention.value})
    cutOutputs(product, heads->second);
  cutInputs(attention.output, heads->first);
  for (Value cache : attention.caches)
    cut(cache, attention.headDim, heads->second);
  return success();
}

void AnnotationContext::cutExperts(Operation *op, ArrayRef<AxisRefAttr> axes) {
  auto experts = cast<hf::ExpertsOp>(op);
  cut(experts.getGate(), 1, axes);
  cut(experts.getUp(), 1, axes);
  cut(experts.getDown(), 2, axes);
}

bool AnnotationContext::place(Value activation, ArrayRef<AxisRefAttr> sequence, ArrayRef<AxisRefAttr> features) {
  if (!activation.getDefiningOp())
    return false;
  ArrayRef<int64_t> shape = hf::shapeOf(activation);
  ShardingAttr sharding = ShardingAttr::replicated(module.getContext(), shape.size());
  auto batch = batches.find(activation);
  if (batch != batches.end())
    sharding = sharding.withDim(batch->second, batchAxes);
  if (!shape.empty() && !features.empty())
    sharding = sharding.withDim(shape.size() - 1, features);
  // [batch, sequence, hidden] or [sequence, batch, hidden].
  std::optional<size_t> dim;
  if (shape.size() == 3)
    dim = batch != batches.end() && batch->second == 0 ? 1 : 0;
  bool isCut = dim && !sequence.empty() && shape[*dim] > 1 && shape[*dim] % sizeOf(sequence, mesh) == 0;
  if (isCut)
    sharding = sharding.withDim(*dim, sequence);
  else if (dim && !sequence.empty() && shape[*dim] > 1 && whole.insert(shape[*dim]).second)
    activation.getDefiningOp()->emitWarning("a sequence of ")
        << shape[*dim] << " does not divide by " << sizeOf(sequence, mesh) << " (axis " << toString(sequence)
        << "): what runs on it is not sequence-parallel";
  setSharding(activation, sharding);
  return isCut;
}

void AnnotationContext::agree(ArrayRef<AxisRefAttr> axes) {
  for (auto parameter : module.getOps<hf::ParameterOp>()) {
    // Along an axis that cuts a parameter it has no replicas.
    dist::ShardingAttr sharding = declared(parameter);
    dist::Axes along;
    for (AxisRefAttr axis : axes)
      if (llvm::none_of(sharding.getDims(), [&](AxisListAttr dim) { return overlap(dim.getAxes(), axis, mesh); }))
        along.push_back(axis);
    if (!along.empty())
      parameter->setAttr(agreeName, AxisListAttr::get(module.getContext(), along));
  }
}
