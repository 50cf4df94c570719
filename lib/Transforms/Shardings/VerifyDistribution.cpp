//===- VerifyDistribution.cpp - --hfc-verify-distribution
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/dist/Infer.h"
#include "hfc/Transforms/Shardings/Passes.h"

#include "lib/Partition/Placement.h"

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

// The entries of a training program, in the order in which a step runs them.
constexpr StringLiteral beginStep = "begin_step", microStep = "micro_step", lastMicroStep = "last_micro_step",
                        optimizerStep = "optimizer_step";

/// Whether the entry `after` takes a state as the entry `before` leaves it. Entries of other tasks may run in any
/// order.
bool mayFollow(StringRef before, StringRef after) {
  if (before == beginStep || before == microStep)
    return after == microStep || after == lastMicroStep;
  return before != lastMicroStep || after == optimizerStep;
}

/// Whether the entries' values are in kernel bodies already, which know nothing of ranks.
bool isFused(ModuleOp module) {
  return llvm::any_of(module.getOps<func::FuncOp>(),
                      [](func::FuncOp function) { return function->hasAttr("kernel.kind"); });
}

class DistributionVerifier {
public:
  DistributionVerifier(ModuleOp module, bool isReduced)
      : mesh(dist::meshOf(module)), hasValues(!isFused(module)), isReduced(isReduced) {
    for (Operation &op : module.getOps()) {
      if (auto sharding = op.getAttrOfType<ShardingAttr>(dist::shardingName))
        declared[SymbolTable::getSymbolName(&op)] = sharding;
      if (auto role = op.getAttrOfType<StringAttr>("hf.role"); role && role.getValue() == "accumulator")
        accumulators.insert(SymbolTable::getSymbolName(&op));
    }
    for (auto function : module.getOps<func::FuncOp>())
      if (function.isPublic() && !function.isExternal())
        entries.push_back(function);
  }

  LogicalResult run() {
    // What one entry says by itself comes first: hand-overs are judged by it.
    for (func::FuncOp entry : entries)
      if (failed(verify(entry)))
        return failure();
    if (!isReduced)
      return success();
    for (func::FuncOp entry : entries)
      for (BlockArgument argument : entry.getArguments())
        if (auto state = entry.getArgAttrOfType<FlatSymbolRefAttr>(argument.getArgNumber(), "hf.state"))
          takers[state.getAttr()].push_back(argument);
    for (func::FuncOp entry : entries)
      if (failed(verifyHandOver(entry)))
        return failure();
    return success();
  }

private:
  LogicalResult verify(func::FuncOp function) {
    if (!function.getBody().hasOneBlock())
      return function.emitOpError("is an entry, and entries have one block");
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      if (failed(verifyBoundary({function, "argument", i, function.getArgAttrDict(i)})))
        return failure();
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      if (failed(verifyBoundary({function, "result", i, function.getResultAttrDict(i)})))
        return failure();
    for (Operation &op : function.getBody().getOps())
      if (hasValues && failed(verifyValues(op)))
        return failure();
    return success();
  }

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
    if (isReduced && mustBeComplete(place) && sharding.isPartial())
      return place.error() << "is partial (" << dist::stringifyReductionKind(sharding.getKind()) << ") over {"
                           << dist::toString(sharding.getPartial().getAxes())
                           << "}; hfc-insert-gradient-all-reduce completes what leaves the last micro-step";
    for (StringRef name : {"hf.parameter", "hf.state"})
      if (auto symbol = dyn_cast_or_null<FlatSymbolRefAttr>(place.get(name)))
        if (failed(verifyDeclared(place, symbol, sharding)))
          return failure();
    return success();
  }

  /// What leaves the program, and what leaves the last micro-step for the host and the optimizer. Not ZeRO's
  /// accumulators: their sums leave the step as pieces of buckets, and nobody reads them before they are zeros again.
  bool mustBeComplete(Place place) const {
    if (!place.isResult() || place.get("hf.output"))
      return place.isResult();
    auto state = dyn_cast_or_null<FlatSymbolRefAttr>(place.get("hf.state"));
    return place.function.getName() == lastMicroStep && !(state && accumulators.contains(state.getAttr()));
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

  /// What an entry leaves in a state is what the entries that may follow take it for. A sum's zeros are no ranks' in
  /// particular: they are left complete, and taken as any sum.
  LogicalResult verifyHandOver(func::FuncOp entry) {
    for (OpOperand &returned : entry.getBody().front().getTerminator()->getOpOperands()) {
      auto state = entry.getResultAttrOfType<FlatSymbolRefAttr>(returned.getOperandNumber(), "hf.state");
      if (!state)
        continue;
      auto left = entry.getResultAttrOfType<ShardingAttr>(returned.getOperandNumber(), dist::shardingName);
      for (BlockArgument taker : takers[state.getAttr()]) {
        auto next = cast<func::FuncOp>(taker.getOwner()->getParentOp());
        auto taken = next.getArgAttrOfType<ShardingAttr>(taker.getArgNumber(), dist::shardingName);
        bool isZeros = !left.isPartial() && (!hasValues || partition::isZero(returned.get()));
        bool agrees = dist::sameSharding(left, isZeros ? taken.withoutPartial() : taken, mesh);
        if (agrees || !mayFollow(entry.getName(), next.getName()))
          continue;
        InFlightDiagnostic error = entry.emitOpError("leaves state ")
                                   << state << " as " << left << ", and @" << next.getName() << " takes it as " << taken
                                   << "; it would be counted wrongly";
        if (Operation *maker = returned.get().getDefiningOp())
          error.attachNote(maker->getLoc()) << "it is made by " << dist::originOf(returned.get());
        return error;
      }
    }
    return success();
  }

  dist::MeshAttr mesh;
  bool hasValues; ///< not in kernel bodies
  bool isReduced; ///< no gradient is still a sum
  SmallVector<func::FuncOp> entries;
  DenseMap<StringAttr, ShardingAttr> declared;
  DenseSet<StringAttr> accumulators;
  DenseMap<StringAttr, SmallVector<BlockArgument>> takers;
  DenseSet<Value> constants, own; ///< values without a sharding: the same everywhere; numbers of a rank's own
};

struct VerifyDistribution : hfc::impl::VerifyDistributionBase<VerifyDistribution> {
  using VerifyDistributionBase::VerifyDistributionBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    markAllAnalysesPreserved();
    if (!dist::findMesh(module))
      return;
    if (!dist::isMaterialized(module)) {
      module.emitOpError("is not local yet (no dist.materialized); run hfc-materialize-shardings first");
      return signalPassFailure();
    }
    if (failed(DistributionVerifier(module, !beforeReduction).run()))
      signalPassFailure();
  }
};

} // namespace
