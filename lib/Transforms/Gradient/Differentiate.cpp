//===- Differentiate.cpp - hfc-differentiate
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Transforms/Gradient/Passes.h"
#include "lib/Transforms/Gradient/Tasks.h"

namespace hfc {
#define GEN_PASS_DEF_DIFFERENTIATE
#include "hfc/Transforms/Gradient/Passes.h.inc"
} // namespace hfc

using namespace hfc;
using namespace hfc::gradient;

WantedArguments gradient::findWanted(func::FuncOp function, const SymbolTable &symbols) {
  WantedArguments wanted;
  for (BlockArgument argument : function.getArguments()) {
    unsigned index = argument.getArgNumber();
    if (function.getArgAttr(index, "hf.differentiate"))
      wanted.inputs.push_back(argument);
    auto symbol = function.getArgAttrOfType<FlatSymbolRefAttr>(index, "hf.parameter");
    auto parameter = symbol ? symbols.lookup<hf::ParameterOp>(symbol.getAttr()) : hf::ParameterOp();
    if (!parameter)
      continue;
    if (parameter->hasAttr("hf.frozen"))
      wanted.frozen.push_back(argument);
    else
      wanted.trained[parameter].push_back(argument);
  }
  return wanted;
}

SmallVector<BlockArgument> gradient::appendArguments(func::FuncOp function, TypeRange types,
                                                     ArrayRef<DictionaryAttr> attributes) {
  unsigned before = function.getNumArguments();
  SmallVector<unsigned> places(types.size(), before);
  SmallVector<Location> locations(types.size(), function.getLoc());
  (void)function.insertArguments(places, types, attributes, locations);
  return SmallVector<BlockArgument>(function.getArguments().drop_front(before));
}

void gradient::appendResults(func::FuncOp function, TypeRange types, ArrayRef<DictionaryAttr> attributes) {
  SmallVector<unsigned> places(types.size(), function.getNumResults());
  (void)function.insertResults(places, types, attributes);
}

DictionaryAttr gradient::entryAttribute(MLIRContext *context, StringRef name, Attribute value) {
  Builder builder(context);
  return builder.getDictionaryAttr(builder.getNamedAttr(name, value));
}

RankedTensorType gradient::gradientTypeOf(Value argument, const Request &request) {
  return RankedTensorType::get(hf::shapeOf(argument), request.gradientType);
}

namespace {

class DifferentiatePass : public hfc::impl::DifferentiateBase<DifferentiatePass> {
  using DifferentiateBase::DifferentiateBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto program = module->getAttrOfType<DictionaryAttr>("hf.program");
    StringRef wantedTask = task.getValue();
    if (auto said = program ? program.getAs<StringAttr>("task") : StringAttr(); said && task.empty())
      wantedTask = said.getValue();
    FailureOr<Request> request = readRequest(module, program);
    if (failed(request) || failed(wantedTask == "module" ? runModule(module, *request) : runTraining(module, *request)))
      signalPassFailure();
  }

  FailureOr<Request> readRequest(ModuleOp module, DictionaryAttr program) {
    Request request;
    request.gradientType = Float32Type::get(module.getContext());
    StringRef policy = recompute.getValue();
    if (program) {
      if (auto count = program.getAs<IntegerAttr>("micro_batches"))
        request.microBatches = count.getInt();
      if (auto type = program.getAs<StringAttr>("grad_dtype"); type && type.getValue() == "bfloat16")
        request.gradientType = BFloat16Type::get(module.getContext());
      if (auto said = program.getAs<StringAttr>("recompute"); said && recompute.empty())
        policy = said.getValue();
    }
    std::optional<Recompute> parsed = parseRecompute(policy.empty() ? "none" : policy);
    if (!parsed)
      return module.emitError("recompute must be none, selective or full, got '") << policy << "'";
    request.recompute = *parsed;
    return request;
  }

  static LogicalResult checkBody(func::FuncOp function) {
    if (function.getBody().hasOneBlock())
      return success();
    return function.emitError("cannot be differentiated: it has ")
           << function.getBody().getBlocks().size() << " blocks, and must have one";
  }

  LogicalResult runTraining(ModuleOp module, const Request &request) {
    func::FuncOp found;
    for (auto function : module.getOps<func::FuncOp>()) {
      if (!function->hasAttr("hf.objective"))
        continue;
      if (found)
        return function.emitError("has an objective, and so has '")
               << found.getName() << "'; a program has one at most";
      found = function;
    }
    if (!found)
      return success();
    auto objective = found->getAttrOfType<IntegerAttr>("hf.objective");
    if (!objective || objective.getValue().isNegative() || objective.getValue().uge(found.getNumResults()))
      return found.emitError("hf.objective must be the number of one of the ")
             << found.getNumResults() << " results, got " << found->getAttr("hf.objective");
    auto type = dyn_cast<RankedTensorType>(found.getResultTypes()[objective.getInt()]);
    if (!type || type.getRank() != 0 || !hf::isDifferentiable(type))
      return found.emitError("hf.objective is result ") << objective.getInt() << ", which must be a float scalar, got "
                                                        << found.getResultTypes()[objective.getInt()];
    return failed(checkBody(found)) ? failure() : differentiateObjective(found, request);
  }

  LogicalResult runModule(ModuleOp module, const Request &request) {
    // Whatever the phase.
    if (module.lookupSymbol("backward"))
      return success();
    auto forward = module.lookupSymbol<func::FuncOp>("forward");
    if (!forward)
      return module.emitError("is a program of task module without an entry 'forward'");
    return failed(checkBody(forward)) ? failure() : makeModule(forward, request);
  }
};

} // namespace
