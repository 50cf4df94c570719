//===- TrainTask.cpp - training entries of an objective
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Transforms/Gradient/Tasks.h"

using namespace hfc;
using namespace hfc::gradient;

namespace {

/// Gradients of one function's parameters: states, accumulators and arguments, by number.
class TrainingTask {
public:
  TrainingTask(func::FuncOp function, const Request &request)
      : function(function), module(function->getParentOfType<ModuleOp>()), symbols(module), request(request),
        wanted(findWanted(function, symbols)) {}

  LogicalResult run() {
    beginStep = symbols.lookup<func::FuncOp>("begin_step");
    if (!beginStep || !beginStep.getBody().hasOneBlock())
      return function.emitError("has an objective, but there is no entry 'begin_step' of one block to zero gradients");
    declareStates();
    zeroStates();
    if (failed(addBackward()))
      return failure();
    nameEntries();
    return success();
  }

private:
  /// `@grad.NAME` behind the last declaration of a parameter or a state.
  void declareStates() {
    OpBuilder builder(function.getContext());
    for (Operation &op : module.getOps())
      if (isa<hf::ParameterOp, hf::StateOp>(op))
        builder.setInsertionPointAfter(&op);
    for (auto &[parameter, arguments] : wanted.trained) {
      RankedTensorType type = gradientTypeOf(arguments.front(), request);
      StringAttr name = builder.getStringAttr("grad." + hf::ParameterOp(parameter).getSymName());
      auto state = hf::StateOp::create(builder, parameter.getLoc(), name, TypeAttr::get(type));
      state->setAttr("hf.of", FlatSymbolRefAttr::get(parameter.getSymNameAttr()));
      state->setAttr("hf.role", builder.getStringAttr("gradient"));
      if (Attribute sharding = parameter->getAttr("dist.sharding"))
        state->setAttr("dist.sharding", sharding);
      types.push_back(type);
      attributes.push_back(
          entryAttribute(builder.getContext(), "hf.state", FlatSymbolRefAttr::get(state.getSymNameAttr())));
    }
  }

  void zeroStates() {
    Operation *terminator = beginStep.getBody().front().getTerminator();
    OpBuilder builder(terminator);
    SmallVector<Value> zeros = llvm::map_to_vector(types, [&](Type type) {
      return hf::TensorBuilder(builder, beginStep.getLoc()).splat(cast<RankedTensorType>(type), 0.0);
    });
    terminator->insertOperands(terminator->getNumOperands(), zeros);
    appendResults(beginStep, types, attributes);
  }

  LogicalResult addBackward() {
    int64_t objective = function->getAttrOfType<IntegerAttr>("hf.objective").getInt();
    Operation *terminator = function.getBody().front().getTerminator();
    Backward backward(function, request.recompute);
    SmallVector<BlockArgument> states = appendArguments(function, types, attributes);
    for (auto [entry, state] : llvm::zip(wanted.trained, states)) {
      unsigned accumulator = backward.addAccumulator(state, request.gradientType);
      for (BlockArgument argument : entry.second) {
        backward.setParameter(argument);
        backward.accumulate(argument, accumulator);
      }
    }
    for (BlockArgument argument : wanted.frozen)
      backward.setParameter(argument);
    SmallVector<unsigned> inputs;
    for (BlockArgument argument : wanted.inputs) {
      inputs.push_back(backward.addAccumulator(Value(), hf::elementOf(argument)));
      backward.accumulate(argument, inputs.back());
    }
    backward.seed(terminator->getOperand(objective), Value());
    if (failed(backward.run()))
      return failure();

    SmallVector<Value> results;
    for (unsigned number = 0; number < wanted.trained.size(); ++number)
      results.push_back(backward.finish(number, {}));
    addInputGradients(backward, inputs, results);
    terminator->insertOperands(terminator->getNumOperands(), results);
    backward.eraseUnused();
    return success();
  }

  void addInputGradients(Backward &backward, ArrayRef<unsigned> accumulators, SmallVectorImpl<Value> &results) {
    OpBuilder &builder = backward.getBuilder();
    SmallVector<Type> allTypes(types);
    SmallVector<DictionaryAttr> allAttributes(attributes);
    for (auto [argument, accumulator] : llvm::zip(wanted.inputs, accumulators)) {
      auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "hf.input");
      NamedAttrList named;
      named.set("hf.output", builder.getStringAttr("grad." + (name ? name.getValue() : "input")));
      if (Attribute sharding = function.getArgAttr(argument.getArgNumber(), "dist.sharding"))
        named.set("dist.sharding", sharding);
      results.push_back(backward.finish(accumulator, hf::shapeOf(argument)));
      allTypes.push_back(argument.getType());
      allAttributes.push_back(named.getDictionary(builder.getContext()));
    }
    appendResults(function, allTypes, allAttributes);
  }

  /// The last micro-batch has an entry of its own: that is where gradients are complete.
  void nameEntries() {
    function->removeAttr("hf.objective");
    std::string last = ("last_" + function.getName()).str();
    if (request.microBatches <= 1)
      return function.setName(last);
    auto copy = cast<func::FuncOp>(function->clone());
    copy.setName(last);
    module.getBody()->getOperations().insertAfter(function->getIterator(), copy);
  }

  func::FuncOp function, beginStep;
  ModuleOp module;
  SymbolTable symbols;
  const Request &request;
  WantedArguments wanted;
  SmallVector<Type> types;
  SmallVector<DictionaryAttr> attributes;
};

} // namespace

LogicalResult gradient::differentiateObjective(func::FuncOp function, const Request &request) {
  return TrainingTask(function, request).run();
}
