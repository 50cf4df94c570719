//===- InsertGradientAllReduce.cpp - --hfc-insert-gradient-all-reduce
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Transforms/Collective/Passes.h"

#include "TrainingProgram.h"
#include "dialects/dist/Sharding.h"

namespace hfc {
#define GEN_PASS_DEF_INSERTGRADIENTALLREDUCE
#include "hfc/Transforms/Collective/Passes.h.inc"
} // namespace hfc

using namespace hfc;
using namespace hfc::collective;
using dist::ShardingAttr;

namespace {
/// Completes the results of one entry.
class EntryCompleter {
public:
  EntryCompleter(func::FuncOp entry, const TrainingProgram &program)
      : entry(entry), program(program), mesh(dist::meshOf(entry)), terminator(entry.getBody().front().getTerminator()),
        builder(terminator) {}

  LogicalResult run() {
    if (failed(checkArguments()))
      return failure();
    for (OpOperand &returned : terminator->getOpOperands())
      if (failed(complete(returned)))
        return failure();
    return success();
  }

  unsigned reductions = 0, agreements = 0;

private:
  FlatSymbolRefAttr stateOf(unsigned result) {
    return entry.getResultAttrOfType<FlatSymbolRefAttr>(result, "hf.state");
  }

  /// What accumulates may come in partial only where it goes out so, or is completed.
  LogicalResult checkArguments() {
    llvm::DenseMap<Attribute, unsigned> returned;
    for (unsigned result : llvm::seq(entry.getNumResults()))
      if (FlatSymbolRefAttr state = stateOf(result))
        returned[state] = result;
    for (BlockArgument argument : entry.getArguments()) {
      ShardingAttr sharding = dist::getSharding(argument);
      if (!sharding || !sharding.isPartial())
        continue;
      auto state = entry.getArgAttrOfType<FlatSymbolRefAttr>(argument.getArgNumber(), "hf.state");
      if (!state || !returned.contains(state))
        return entry.emitOpError("takes ") << describe(argument.getArgNumber()) << " partial over "
                                           << dist::toString(sharding.getPartial().getAxes())
                                           << "; only what it adds to and returns again may be partial";
    }
    return success();
  }

  std::string describe(unsigned argument) {
    for (StringRef name : {"hf.state", "hf.parameter", "hf.input"})
      if (Attribute value = entry.getArgAttr(argument, name)) {
        if (auto symbol = dyn_cast<FlatSymbolRefAttr>(value))
          return ("'" + symbol.getValue() + "'").str();
        return ("'" + cast<StringAttr>(value).getValue() + "'").str();
      }
    return "argument " + std::to_string(argument);
  }

  LogicalResult complete(OpOperand &returned) {
    unsigned result = returned.getOperandNumber();
    FlatSymbolRefAttr state = stateOf(result);
    Gradient gradient = program.gradientOf(state);
    bool accumulates = state && (entry.getName() == microStepName || program.isAccumulator(state));
    Value value = returned.get();
    ShardingAttr sharding = dist::shardingOr(value);
    if (gradient && failed(checkCut(gradient, value, sharding)))
      return failure();
    if (accumulates)
      return success();
    if (sharding.isPartial())
      value = reduce(value, sharding, gradient, result);
    if (gradient)
      value = agree(value, gradient);
    if (!value)
      return failure();
    returned.set(value);
    if (ShardingAttr now = dist::getSharding(value))
      entry.setResultAttr(result, dist::shardingName, now);
    return success();
  }

  /// A gradient is cut as its parameter is, and a sum over what it is partial over.
  LogicalResult checkCut(Gradient gradient, Value value, ShardingAttr sharding) {
    auto parameter = gradient.parameter->getAttrOfType<ShardingAttr>(dist::shardingName);
    auto fail = [&] {
      auto diagnostic = emitError(value.getLoc()) << "the gradient of '" << gradient.parameter.getSymName() << "' ";
      diagnostic.attachNote(gradient.parameter.getLoc()) << "the parameter is declared here";
      return diagnostic;
    };
    for (size_t dim = 0; dim < sharding.getDims().size(); ++dim) {
      bool isSaid = parameter && dim < parameter.getDims().size();
      dist::AxisListAttr wanted = isSaid ? parameter.getDims()[dim] : dist::AxisListAttr();
      ArrayRef<dist::AxisRefAttr> cut = sharding.axesOf(dim), axes = wanted ? wanted.getAxes() : cut.take_front(0);
      if (dist::canonical(cut, mesh) != dist::canonical(axes, mesh))
        return fail() << "is cut over {" << dist::toString(cut) << "} in dimension " << dim << ", the parameter over {"
                      << dist::toString(axes) << "}; no reduction completes it";
    }
    if (sharding.isPartial() && sharding.getKind() != dist::ReductionKind::sum)
      return fail() << "combines over {" << dist::toString(sharding.getPartial().getAxes()) << "} as "
                    << stringifyReductionKind(sharding.getKind()) << ", but gradients are sums";
    return success();
  }

  /// Attributes of ops made for `value`: where it stands in the model.
  void describe(Operation *op, Value value, ShardingAttr sharding) {
    if (Operation *source = value.getDefiningOp())
      for (StringRef name : {"hf.block", "hf.phase"})
        if (Attribute attribute = source->getDiscardableAttr(name))
          op->setDiscardableAttr(name, attribute);
    op->setDiscardableAttr(dist::shardingsName, builder.getArrayAttr({sharding}));
  }

  Value reduce(Value value, ShardingAttr sharding, Gradient gradient, unsigned result) {
    Value &complete = completed[value];
    if (complete)
      return complete;
    StringAttr cause;
    if (gradient)
      cause = builder.getStringAttr("gradient");
    else if (FlatSymbolRefAttr state = stateOf(result))
      cause = builder.getStringAttr(state.getValue());
    else
      cause = entry.getResultAttrOfType<StringAttr>(result, "hf.output");
    auto axes = dist::AxisListAttr::get(entry.getContext(), dist::canonical(sharding.getPartial().getAxes(), mesh));
    auto op =
        dist::AllReduceOp::create(builder, value.getLoc(), value.getType(), sharding.getKind(), value, axes, cause,
                                  /*id=*/IntegerAttr(), /*start=*/false);
    describe(op, value, sharding.withoutPartial());
    ++reductions;
    return complete = op.getResult(0);
  }

  /// Makes replicas equal where a strategy asks for it. Null, with a message, if they are none.
  Value agree(Value value, Gradient gradient) {
    auto wanted = gradient.parameter->getAttrOfType<dist::AxisListAttr>(dist::agreeName);
    // A step's first zeros are equal as they are.
    if (!wanted || value.getDefiningOp<dist::AgreeOp>() || value.getDefiningOp<hf::ConstantOp>())
      return value;
    ShardingAttr sharding = dist::shardingOr(value);
    for (dist::AxisListAttr cut : sharding.getDims())
      if (dist::overlap(wanted.getAxes(), cut.getAxes(), mesh)) {
        gradient.parameter.emitOpError("is to agree over {")
            << dist::toString(wanted.getAxes()) << "}, but it is cut over {" << dist::toString(cut.getAxes())
            << "}; only replicas can agree";
        return {};
      }
    // What a reduction has combined is equal already.
    dist::Axes axes(wanted.getAxes());
    if (auto reduction = value.getDefiningOp<dist::AllReduceOp>())
      axes = dist::without(axes, reduction.getAxes().getAxes(), mesh);
    axes = dist::canonical(axes, mesh);
    if (axes.empty())
      return value;
    auto op = dist::AgreeOp::create(builder, value.getLoc(), value.getType(), value,
                                    dist::AxisListAttr::get(entry.getContext(), axes),
                                    builder.getStringAttr("agreed gradient"), /*id=*/IntegerAttr(), /*start=*/false);
    describe(op, value, sharding);
    ++agreements;
    return op.getResult(0);
  }

  func::FuncOp entry;
  const TrainingProgram &program;
  dist::MeshAttr mesh;
  Operation *terminator;
  OpBuilder builder;
  /// A value that is returned twice is reduced once.
  llvm::DenseMap<Value, Value> completed;
};

class InsertGradientAllReducePass : public hfc::impl::InsertGradientAllReduceBase<InsertGradientAllReducePass> {
public:
  using InsertGradientAllReduceBase::InsertGradientAllReduceBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (dist::meshOf(module).ranks() == 1)
      return markAllAnalysesPreserved();
    if (!dist::isMaterialized(module)) {
      module.emitError("the program is global, so no gradient is partial yet; run --hfc-materialize-shardings first");
      return signalPassFailure();
    }
    FailureOr<TrainingProgram> program = TrainingProgram::get(module);
    if (failed(program))
      return signalPassFailure();
    for (func::FuncOp entry : entriesOf(module)) {
      EntryCompleter completer(entry, *program);
      if (failed(completer.run()))
        return signalPassFailure();
      numReductions += completer.reductions;
      numAgreements += completer.agreements;
    }
  }
};
} // namespace
