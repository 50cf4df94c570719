//===- VerifyDistribution.cpp - --hfc-verify-distribution
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/dist/Infer.h"
#include "hfc/Transforms/Shardings/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/DenseSet.h"

namespace hfc {
#define GEN_PASS_DEF_VERIFYDISTRIBUTION
#include "hfc/Transforms/Shardings/Passes.h.inc"
} // namespace hfc

using namespace hfc;
using dist::ShardingAttr;

namespace {

/// The last of an update's micro-steps: what it leaves in a state is complete.
constexpr StringLiteral lastMicroStep = "last_micro_step";

class DistributionVerifier {
public:
  explicit DistributionVerifier(ModuleOp module) : mesh(dist::meshOf(module)) {
    for (Operation &op : module.getOps())
      if (auto sharding = op.getAttrOfType<ShardingAttr>(dist::shardingName))
        declared[SymbolTable::getSymbolName(&op)] = sharding;
  }

  LogicalResult verify(func::FuncOp function) {
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      if (failed(verifyBoundary({function, "argument", i, function.getArgAttrDict(i)})))
        return failure();
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      if (failed(verifyBoundary({function, "result", i, function.getResultAttrDict(i)})))
        return failure();
    for (Operation &op : function.getBody().getOps())
      if (failed(verifyValues(op)))
        return failure();
    return verifyStates(function);
  }

private:
  /// An argument or a result of an entry.
  struct Place {
    func::FuncOp function;
    StringRef kind;
    unsigned number;
    DictionaryAttr attributes;

    Attribute get(StringRef name) const { return attributes ? attributes.get(name) : Attribute(); }
    bool isResult() const { return kind == "result"; }
    InFlightDiagnostic error() {
      InFlightDiagnostic error = function->emitOpError();
      error << kind << ' ' << number;
      for (StringRef name : {"hf.parameter", "hf.state", "hf.input", "hf.output"})
        if (Attribute value = get(name))
          error << " (" << value << ')';
      error << ' ';
      return error;
    }
  };

  LogicalResult verifyBoundary(Place place) {
    auto sharding = dyn_cast_or_null<ShardingAttr>(place.get(dist::shardingName));
    if (!sharding)
      return place.error() << "has no dist.sharding; every argument and result of an entry needs one";
    bool mustBeComplete = place.isResult() && (place.get("hf.output") || place.function.getName() == lastMicroStep);
    if (mustBeComplete && sharding.isPartial())
      return place.error() << "is partial (" << dist::stringifyReductionKind(sharding.getKind()) << ") over {"
                           << dist::toString(sharding.getPartial().getAxes())
                           << "}; hfc-insert-gradient-all-reduce completes what leaves the last micro-step";
    for (StringRef name : {"hf.parameter", "hf.state"})
      if (auto symbol = dyn_cast_or_null<FlatSymbolRefAttr>(place.get(name)))
        if (failed(verifyDeclared(place, symbol, sharding)))
          return failure();
    return success();
  }

  /// The cut is the declaration's; a state may be a sum meanwhile.
  LogicalResult verifyDeclared(Place place, FlatSymbolRefAttr symbol, ShardingAttr sharding) {
    ShardingAttr expected = declared.lookup(symbol.getAttr());
    ShardingAttr found = place.get("hf.state") ? sharding.withoutPartial() : sharding;
    if (expected && dist::sameSharding(expected.withoutPartial(), found, mesh))
      return success();
    InFlightDiagnostic error = place.error() << "lives as " << sharding << ", but " << symbol << " is declared ";
    if (expected)
      return error << "to live as " << expected;
    return error << "without a dist.sharding";
  }

  /// Every value lives somewhere, or is made of constants alone, or is a number of the rank's own.
  LogicalResult verifyValues(Operation &op) {
    auto isConstant = [&](Value operand) { return constants.contains(operand); };
    auto isOwn = [&](Value operand) { return own.contains(operand); };
    bool makesOwn = isa<dist::AxisIndexOp>(op) || llvm::any_of(op.getOperands(), isOwn);
    bool makesConstant = !makesOwn && llvm::all_of(op.getOperands(), isConstant);
    for (OpResult result : op.getResults()) {
      if (dist::getSharding(result))
        continue;
      if (!makesOwn && !makesConstant)
        return op.emitOpError("has no dist.shardings, and is no number of the rank's own; say where result ")
               << result.getResultNumber() << " lives" << dist::pathOf(&op);
      (makesOwn ? own : constants).insert(result);
    }
    return success();
  }

  /// An entry that takes and returns a state leaves it as partial as it found it; the last micro-step completes it.
  LogicalResult verifyStates(func::FuncOp function) {
    if (function.getName() == lastMicroStep)
      return success();
    DenseMap<Attribute, ShardingAttr> taken;
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      if (Attribute state = function.getArgAttr(i, "hf.state"))
        taken[state] = function.getArgAttrOfType<ShardingAttr>(i, dist::shardingName);
    for (unsigned i = 0; i < function.getNumResults(); ++i) {
      Attribute state = function.getResultAttr(i, "hf.state");
      ShardingAttr before = state ? taken.lookup(state) : ShardingAttr();
      auto after = function.getResultAttrOfType<ShardingAttr>(i, dist::shardingName);
      if (before && !dist::sameSharding(before, after, mesh))
        return function.emitOpError("takes state ") << state << " as " << before << " and returns it as " << after
                                                    << "; the next call would take it for something else";
    }
    return success();
  }

  dist::MeshAttr mesh;
  DenseMap<StringAttr, ShardingAttr> declared;
  DenseSet<Value> constants, own; ///< values without a sharding: the same everywhere; numbers of a rank's own
};

struct VerifyDistribution : hfc::impl::VerifyDistributionBase<VerifyDistribution> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    markAllAnalysesPreserved();
    if (!dist::findMesh(module))
      return;
    if (!dist::isMaterialized(module)) {
      module.emitOpError("is not local yet (no dist.materialized); run hfc-materialize-shardings first");
      return signalPassFailure();
    }
    DistributionVerifier verifier(module);
    for (auto function : module.getOps<func::FuncOp>())
      if (function.isPublic() && !function.isExternal() && failed(verifier.verify(function)))
        return signalPassFailure();
  }
};

} // namespace
