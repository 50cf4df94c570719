//===- MaterializeShardings.cpp - --hfc-materialize-shardings
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Transforms/Partition/Passes.h"
#include "lib/Partition/LowerReshard.h"
#include "lib/Partition/Padding.h"
#include "lib/Partition/Placement.h"

#include "dialects/hf/Hf.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace hfc {
#define GEN_PASS_DEF_MATERIALIZESHARDINGS
#include "hfc/Transforms/Partition/Passes.h.inc"
} // namespace hfc

using namespace hfc;
using namespace hfc::dist;
using namespace hfc::partition;

static RankedTensorType localType(RankedTensorType type, ShardingAttr sharding, MeshAttr mesh) {
  return type.clone(localShape(type.getShape(), sharding, mesh));
}

/// The sharding with the shape of the type, which is global still.
static ShardingAttr withGlobalOf(ShardingAttr sharding, Type type, MeshAttr mesh) {
  auto tensor = cast<RankedTensorType>(type);
  if (!sharding)
    sharding = ShardingAttr::replicated(type.getContext(), tensor.getRank());
  return canonical(sharding, mesh).withGlobal(tensor.getShape());
}

namespace {

/// Writes the local body of a function beside the global one, op by op, and puts it in its place.
class Materializer {
public:
  explicit Materializer(func::FuncOp function)
      : function(function), mesh(meshOf(function)), padding(function), builder(function.getContext()) {}

  LogicalResult run();

private:
  void startBody();
  LogicalResult visit(Operation *op);
  LogicalResult localize(LocalizeOpInterface op, ArrayRef<ShardingAttr> results);
  void cloneLocal(Operation *op, ArrayRef<ShardingAttr> results);
  void finishBody(Block *global);

  func::FuncOp function;
  MeshAttr mesh;
  Padding padding;
  OpBuilder builder;
  IRMapping local; ///< of each global value
};

} // namespace

//===----------------------------------------------------------------------===//
// The function
//===----------------------------------------------------------------------===//

void Materializer::startBody() {
  Block &global = function.front();
  SmallVector<ShardingAttr> arguments, results;
  for (BlockArgument argument : global.getArguments())
    arguments.push_back(withGlobalOf(getSharding(argument), argument.getType(), mesh));
  for (auto [index, type] : llvm::enumerate(function.getFunctionType().getResults()))
    results.push_back(withGlobalOf(function.getResultAttrOfType<ShardingAttr>(index, shardingName), type, mesh));
  setShardings(function, arguments, results);

  auto *body = new Block();
  function.getBody().push_front(body);
  for (auto [argument, sharding] : llvm::zip_equal(global.getArguments(), arguments)) {
    auto type = localType(cast<RankedTensorType>(argument.getType()), sharding, mesh);
    local.map(argument, body->addArgument(type, argument.getLoc()));
  }
  builder.setInsertionPointToEnd(body);
}

void Materializer::finishBody(Block *global) {
  global->dropAllReferences();
  global->erase();
  Block &body = function.front();
  function.setFunctionType(
      FunctionType::get(function.getContext(), body.getArgumentTypes(), body.getTerminator()->getOperandTypes()));
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

LogicalResult Materializer::localize(LocalizeOpInterface op, ArrayRef<ShardingAttr> results) {
  SmallVector<Value> operands;
  SmallVector<ShardingAttr> shardings;
  for (Value operand : op->getOperands()) {
    operands.push_back(local.lookup(operand));
    shardings.push_back(getSharding(operands.back()));
  }
  Block *body = builder.getInsertionBlock();
  Operation *before = body->empty() ? nullptr : &body->back();
  SmallVector<Value> values = op.localize(builder, operands, shardings, results, mesh);
  if (values.size() != op->getNumResults())
    return op->emitOpError("cannot be cut as its sharding says");
  for (Operation *part = before ? before->getNextNode() : &body->front(); part; part = part->getNextNode()) {
    for (StringRef name : {"hf.block", "hf.phase"})
      if (Attribute attribute = op->getAttr(name))
        part->setAttr(name, attribute);
    padding.maskOperands(part);
  }
  for (auto [result, value, sharding] : llvm::zip_equal(op->getResults(), values, results)) {
    setSharding(value, sharding);
    local.map(result, value);
  }
  return success();
}

void Materializer::cloneLocal(Operation *op, ArrayRef<ShardingAttr> results) {
  Operation *clone = builder.clone(*op, local);
  for (auto [result, sharding] : llvm::zip_equal(clone->getResults(), results)) {
    result.setType(localType(cast<RankedTensorType>(result.getType()), sharding, mesh));
    setSharding(result, sharding);
  }
  padding.maskOperands(clone);
}

LogicalResult Materializer::visit(Operation *op) {
  SmallVector<ShardingAttr> results;
  bool isCut = false;
  for (OpResult result : op->getResults()) {
    results.push_back(withGlobalOf(getSharding(result), result.getType(), mesh));
    isCut |= !results.back().isReplicated();
  }
  for (Value operand : op->getOperands())
    isCut |= !shardingOr(local.lookup(operand)).isReplicated();
  if (auto reshard = dyn_cast<ReshardOp>(op)) {
    Value x = local.lookup(reshard.getX());
    local.map(reshard.getResult(),
              lowerReshard(builder, reshard, reshard.getCauseAttr(), x, getSharding(x), results.front(), mesh));
    return success();
  }
  auto localizable = dyn_cast<LocalizeOpInterface>(op);
  if (localizable && isCut)
    return localize(localizable, results);
  cloneLocal(op, results);
  return success();
}

LogicalResult Materializer::run() {
  Block *global = &function.front();
  startBody();
  for (Operation &op : *global)
    if (failed(visit(&op)))
      return failure();
  finishBody(global);
  return success();
}

/// Parameters and states are what a rank holds of them.
static void makeDeclarationLocal(Operation *op, MeshAttr mesh) {
  auto type = cast<RankedTensorType>(op->getAttrOfType<TypeAttr>("type").getValue());
  ShardingAttr sharding = withGlobalOf(op->getAttrOfType<ShardingAttr>(shardingName), type, mesh);
  op->setAttr("type", TypeAttr::get(localType(type, sharding, mesh)));
  op->setAttr(shardingName, sharding);
}

namespace {
struct MaterializeShardings : hfc::impl::MaterializeShardingsBase<MaterializeShardings> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    MeshAttr mesh = findMesh(module);
    if (isMaterialized(module) || !mesh)
      return markAllAnalysesPreserved();
    for (auto function : module.getOps<func::FuncOp>())
      if (!function.isDeclaration() && (failed(verifyPartitionable(function)) || failed(Materializer(function).run())))
        return signalPassFailure();
    for (Operation &op : module.getOps())
      if (isa<hf::ParameterOp, hf::StateOp>(op))
        makeDeclarationLocal(&op, mesh);
    module->setAttr(materializedName, UnitAttr::get(&getContext()));
  }
};
} // namespace
