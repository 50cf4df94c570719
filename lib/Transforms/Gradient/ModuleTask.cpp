//===- ModuleTask.cpp - a module's backward entry
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Transforms/Gradient/Tasks.h"

#include "dialects/dist/Dist.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace hfc;
using namespace hfc::gradient;

namespace {

/// `backward` begins as a copy of `forward`. It gets the backward part; then what that reads of the copy becomes
/// residuals, and the rest of the copy goes.
class ModuleTask {
public:
  ModuleTask(func::FuncOp forward, const Request &request)
      : forward(forward), module(forward->getParentOfType<ModuleOp>()), request(request) {}

  LogicalResult run() {
    IRMapping toBackward;
    backward = cast<func::FuncOp>(forward->clone(toBackward));
    backward.setName("backward");
    module.getBody()->getOperations().insertAfter(forward->getIterator(), backward);
    for (auto [from, to] : toBackward.getValueMap())
      toForward[to] = from;
    if (failed(addBackward()))
      return failure();
    cutResiduals();
    eraseUnused();
    return success();
  }

private:
  LogicalResult addBackward() {
    WantedArguments wanted = findWanted(backward, SymbolTable(module));
    Operation *terminator = backward.getBody().front().getTerminator();
    Backward builder(backward, request.recompute);
    for (auto [argument, output] : llvm::zip(appendCotangents(), floatOutputs))
      builder.seed(terminator->getOperand(output), argument);

    SmallVector<std::pair<BlockArgument, StringRef>> places; // Of each accumulator, with the output's name.
    auto add = [&](ArrayRef<BlockArgument> arguments, Type element, StringRef name) {
      unsigned accumulator = builder.addAccumulator(Value(), element);
      for (BlockArgument argument : arguments)
        builder.accumulate(argument, accumulator);
      places.push_back({arguments.front(), name});
    };
    for (auto &[parameter, arguments] : wanted.trained) {
      add(arguments, request.gradientType, hf::ParameterOp(parameter).getSymName());
      llvm::for_each(arguments, [&](BlockArgument argument) { builder.setParameter(argument); });
    }
    for (BlockArgument argument : wanted.frozen)
      builder.setParameter(argument);
    for (BlockArgument argument : wanted.inputs)
      add(argument, hf::elementOf(argument),
          cast<StringAttr>(backward.getArgAttr(argument.getArgNumber(), "hf.input")).getValue());
    if (failed(builder.run()))
      return failure();
    replaceResults(builder, places);
    builder.eraseUnused();
    return success();
  }

  /// An input for the cotangent of each float output.
  SmallVector<BlockArgument> appendCotangents() {
    Builder builder(module.getContext());
    SmallVector<Type> types;
    SmallVector<DictionaryAttr> attributes;
    for (auto [index, type] : llvm::enumerate(backward.getResultTypes())) {
      auto name = backward.getResultAttrOfType<StringAttr>(index, "hf.output");
      if (!name || !hf::isDifferentiable(type))
        continue;
      NamedAttrList named;
      named.set("hf.input", builder.getStringAttr("grad." + name.getValue()));
      if (Attribute sharding = backward.getResultAttr(index, "dist.sharding"))
        named.set("dist.sharding", sharding);
      floatOutputs.push_back(index);
      types.push_back(type);
      attributes.push_back(named.getDictionary(module.getContext()));
    }
    return appendArguments(backward, types, attributes);
  }

  void replaceResults(Backward &builder, ArrayRef<std::pair<BlockArgument, StringRef>> places) {
    SmallVector<Value> results;
    SmallVector<Type> types;
    SmallVector<DictionaryAttr> attributes;
    Builder attributeBuilder(module.getContext());
    for (auto [accumulator, place] : llvm::enumerate(places)) {
      auto [argument, name] = place;
      results.push_back(builder.finish(accumulator, hf::shapeOf(argument)));
      types.push_back(results.back().getType());
      NamedAttrList named;
      named.set("hf.output", attributeBuilder.getStringAttr("grad." + name));
      if (Attribute sharding = backward.getArgAttr(argument.getArgNumber(), "dist.sharding"))
        named.set("dist.sharding", sharding);
      attributes.push_back(named.getDictionary(module.getContext()));
    }
    backward.getBody().front().getTerminator()->setOperands(results);
    llvm::BitVector all(backward.getNumResults(), true);
    (void)backward.eraseResults(all);
    appendResults(backward, types, attributes);
  }

  static bool isBackward(Operation *op) {
    auto phase = op->getAttrOfType<StringAttr>("hf.phase");
    return (phase && phase.getValue() == "backward") || op->hasTrait<OpTrait::IsTerminator>();
  }

  /// What is made from nothing, in a few steps, is made again.
  static bool isCheapToMake(Value value, unsigned depth = 4) {
    Operation *op = value.getDefiningOp();
    if (!op || depth == 0 ||
        !(op->hasTrait<OpTrait::Elementwise>() || op->hasTrait<OpTrait::ConstantLike>() ||
          isa<hf::IotaOp, hf::BroadcastOp, hf::ReshapeOp>(op)))
      return false;
    return llvm::all_of(op->getOperands(), [&](Value operand) { return isCheapToMake(operand, depth - 1); });
  }

  /// Turns what crosses from the forward to the backward part into states.
  void cutResiduals() {
    llvm::MapVector<Value, SmallVector<OpOperand *>> crossing;
    for (Operation &op : backward.getBody().front())
      if (isBackward(&op))
        for (OpOperand &operand : op.getOpOperands())
          if (isResidual(operand.get()))
            crossing[operand.get()].push_back(&operand);

    OpBuilder builder(module.getContext());
    builder.setInsertionPoint(forward);
    SmallVector<Type> types;
    SmallVector<DictionaryAttr> attributes;
    SmallVector<Value> values;
    for (auto &[value, uses] : crossing) {
      StringAttr name = builder.getStringAttr("residual." + Twine(types.size()));
      auto state = hf::StateOp::create(builder, value.getLoc(), name, TypeAttr::get(value.getType()));
      Value original = toForward.lookup(value);
      // What is kept for another entry is complete.
      if (auto sharding = dyn_cast_or_null<dist::ShardingAttr>(shardingOf(original)))
        state->setAttr("dist.sharding", sharding.withoutPartial());
      types.push_back(value.getType());
      values.push_back(original);
      attributes.push_back(
          entryAttribute(module.getContext(), "hf.state", FlatSymbolRefAttr::get(state.getSymNameAttr())));
    }
    for (auto [argument, entry] : llvm::zip(appendArguments(backward, types, attributes), crossing))
      for (OpOperand *use : entry.second)
        use->set(argument);
    Operation *terminator = forward.getBody().front().getTerminator();
    terminator->insertOperands(terminator->getNumOperands(), values);
    appendResults(forward, types, attributes);
  }

  bool isResidual(Value value) {
    if (auto argument = dyn_cast<BlockArgument>(value))
      return toForward.contains(value) && !backward.getArgAttr(argument.getArgNumber(), "hf.parameter");
    return !isBackward(value.getDefiningOp()) && !isCheapToMake(value);
  }

  /// The copy's forward ops, and the arguments that only they read.
  void eraseUnused() {
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(backward.getBody().front())))
      if (isOpTriviallyDead(&op))
        op.erase();
    llvm::BitVector unused(backward.getNumArguments());
    for (BlockArgument argument : backward.getArguments())
      if (argument.use_empty() && toForward.contains(argument))
        unused.set(argument.getArgNumber());
    (void)backward.eraseArguments(unused);
    for (unsigned index = 0; index < backward.getNumArguments(); ++index)
      backward.removeArgAttr(index, "hf.differentiate");
  }

  func::FuncOp forward, backward;
  ModuleOp module;
  const Request &request;
  /// The original of each value of the copy.
  DenseMap<Value, Value> toForward;
  SmallVector<unsigned> floatOutputs;
};

} // namespace

LogicalResult gradient::makeModule(func::FuncOp forward, const Request &request) {
  return ModuleTask(forward, request).run();
}
