//===- InsertReshards.cpp - --hfc-insert-reshards
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Transforms/Partition/Passes.h"
#include "lib/Partition/Causes.h"
#include "lib/Partition/FreeValues.h"
#include "lib/Partition/Plan.h"

#include "dialects/hf/Hf.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/STLExtras.h"

namespace hfc {
#define GEN_PASS_DEF_INSERTRESHARDS
#include "hfc/Transforms/Partition/Passes.h.inc"
} // namespace hfc

using namespace hfc;
using namespace hfc::dist;
using namespace hfc::partition;

namespace {

class Resharder {
public:
  Resharder(func::FuncOp function, const Declarations &declarations)
      : function(function), placement(function, declarations), mesh(placement.getMesh()), free(placement) {}

  LogicalResult run();

private:
  LogicalResult visit(Operation *op);
  void visitReturn(func::ReturnOp op);
  /// Whether an op reduces rows of logits of which this rank has pieces.
  bool reducesCutLogits(Operation *op) const;
  /// Replaces the op by its decomposition, and returns the first of it.
  Operation *decompose(hf::CompositeOpInterface op);

  /// The value as it lives under `to`, for `user`.
  Value reshard(Value value, ShardingAttr to, Operation *user);
  Value makeReshard(OpBuilder &builder, Value value, ShardingAttr to, Cause cause);

  /// What costs nothing to make, made for `user`.
  Value makeAgain(Value value, ShardingAttr to, Operation *user);
  void eraseDead();

  using Key = std::tuple<Value, Attribute, Attribute>; // value, sharding, phase
  func::FuncOp function;
  Placement placement;
  MeshAttr mesh;
  llvm::DenseMap<Key, Value> made;
  FreeValues free;
};

} // namespace

//===----------------------------------------------------------------------===//
// Making again
//===----------------------------------------------------------------------===//

Value Resharder::makeAgain(Value value, ShardingAttr to, Operation *user) {
  OpBuilder builder(user);
  Operation *clone = builder.clone(*value.getDefiningOp());
  if (auto phase = user->getAttr("hf.phase"))
    clone->setAttr("hf.phase", phase);
  OpPlan plan = planOp(clone, placement, {to});
  ShardingAttr result = isZero(value) ? to : plan.results.front();
  for (auto [operand, sharding] : llvm::zip_equal(clone->getOpOperands(), plan.operands))
    operand.set(reshard(operand.get(), sharding, clone));
  setSharding(clone->getResult(0), result);
  placement.set(clone->getResult(0), result);
  return clone->getResult(0);
}

//===----------------------------------------------------------------------===//
// Reshards
//===----------------------------------------------------------------------===//

Value Resharder::makeReshard(OpBuilder &builder, Value value, ShardingAttr to, Cause cause) {
  Location loc = cause.serves ? cause.serves->getLoc() : value.getLoc();
  auto reshard = ReshardOp::create(builder, loc, value.getType(), value, to, builder.getStringAttr(cause.words));
  if (cause.serves)
    for (StringRef name : {"hf.block", "hf.phase"})
      if (Attribute attribute = cause.serves->getAttr(name))
        reshard->setAttr(name, attribute);
  setSharding(reshard, to);
  placement.set(reshard, to);
  return reshard;
}

Value Resharder::reshard(Value value, ShardingAttr to, Operation *user) {
  ShardingAttr from = placement.get(value);
  if (from == to)
    return value;
  Value &result = made[{value, to, user->getAttr("hf.phase")}];
  if (result)
    return result;
  Value resharded;
  if (free.canMake(value, to))
    resharded = makeAgain(value, to, user); // may make others: `result` is stale after it
  if (!resharded || placement.get(resharded) != to) {
    OpBuilder builder(user);
    Value source = resharded ? resharded : value;
    bool completes = placement.get(source).isPartial() && placement.get(source).getPartial() != to.getPartial();
    resharded = makeReshard(builder, source, to, completes ? causeOfPartial(source) : causeOfMove(source, user));
  }
  made[{value, to, user->getAttr("hf.phase")}] = resharded;
  return resharded;
}

//===----------------------------------------------------------------------===//
// The walk
//===----------------------------------------------------------------------===//

bool Resharder::reducesCutLogits(Operation *op) const {
  return isa<hf::CrossEntropyOp, hf::ArgmaxOp>(op) && !placement.get(op->getOperand(0)).getDims().back().empty();
}

Operation *Resharder::decompose(hf::CompositeOpInterface op) {
  OpBuilder builder(op);
  Operation *before = op->getPrevNode();
  bool isLoss = isa<hf::CrossEntropyOp>(op);
  SmallVector<Value> values = op.decompose(builder);
  Operation *first = before ? before->getNextNode() : &op->getBlock()->front();
  for (Operation *part = first; part != op; part = part->getNextNode()) {
    Attribute size = part->getDiscardableAttr(sizeName);
    part->setDiscardableAttrs(op->getDiscardableAttrDictionary());
    if (size)
      part->setDiscardableAttr(sizeName, size);
    part->removeAttr(shardingsName);
    part->removeAttr(ruleName); // which is one of the whole
    if (isLoss && isa<hf::ReduceOp>(part))
      part->setAttr(crossEntropyName, builder.getUnitAttr());
  }
  for (auto [value, result] : llvm::zip_equal(values, op->getResults()))
    if (ShardingAttr wanted = getSharding(result))
      setSharding(value, wanted);
  op->replaceAllUsesWith(values);
  op->erase();
  return first;
}

LogicalResult Resharder::visit(Operation *op) {
  SmallVector<ShardingAttr> wanted = wantedOf(op, placement);
  OpPlan plan = planOp(op, placement, wanted);
  if (plan.countsBiasTwice)
    return op->emitOpError("has a bias that every rank would count; run hfc-propagate-shardings first");
  for (auto [operand, sharding] : llvm::zip_equal(op->getOpOperands(), plan.operands))
    operand.set(reshard(operand.get(), sharding, op));
  if (op->getNumResults() == 0)
    return success();
  op->setAttr(shardingsName,
              ArrayAttr::get(op->getContext(), SmallVector<Attribute>(plan.results.begin(), plan.results.end())));
  for (OpResult result : op->getResults()) {
    ShardingAttr produced = plan.results[result.getResultNumber()];
    ShardingAttr seen = seenAs(result, produced, wanted[result.getResultNumber()], placement);
    placement.set(result, produced);
    if (seen == produced || result.use_empty())
      continue;
    OpBuilder builder(op->getContext());
    builder.setInsertionPointAfter(op);
    Cause cause = produced.isPartial() ? causeOfPartial(result) : causeOfMove(result, op);
    Value moved = makeReshard(builder, result, seen, cause);
    result.replaceAllUsesExcept(moved, moved.getDefiningOp());
  }
  return success();
}

void Resharder::visitReturn(func::ReturnOp op) {
  for (OpOperand &operand : op->getOpOperands())
    if (auto sharding = function.getResultAttrOfType<ShardingAttr>(operand.getOperandNumber(), shardingName))
      operand.set(reshard(operand.get(), canonical(sharding, mesh), op));
}

void Resharder::eraseDead() {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.front())))
    if (isOpTriviallyDead(&op))
      op.erase();
}

LogicalResult Resharder::run() {
  Operation *next = nullptr;
  for (Operation *op = &function.front().front(); op; op = next) {
    if (reducesCutLogits(op))
      op = decompose(cast<hf::CompositeOpInterface>(op));
    next = op->getNextNode();
    if (auto terminator = dyn_cast<func::ReturnOp>(op))
      visitReturn(terminator);
    else if (failed(visit(op)))
      return failure();
  }
  eraseDead();
  return success();
}

namespace {
struct InsertReshards : hfc::impl::InsertReshardsBase<InsertReshards> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (isMaterialized(module) || !findMesh(module))
      return markAllAnalysesPreserved();
    Declarations declarations = collectDeclarations(module);
    for (auto function : module.getOps<func::FuncOp>())
      if (!function.isDeclaration() &&
          (failed(verifyPartitionable(function)) || failed(Resharder(function, declarations).run())))
        return signalPassFailure();
  }
};
} // namespace
