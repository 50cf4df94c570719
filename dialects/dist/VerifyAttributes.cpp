//===- VerifyAttributes.cpp - verifiers of the dialect's discardable attributes
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/dist/Infer.h"

#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace hfc;
using namespace hfc::dist;

/// In a materialized module the type is local, and the sharding says of what.
static LogicalResult verifyLocalShape(Operation *op, const Twine &what, ShardingAttr sharding, RankedTensorType type,
                                      MeshAttr mesh) {
  if (sharding.getGlobal().size() != sharding.getDims().size())
    return op->emitOpError("has a sharding of ") << what
                                                 << " without the whole tensor's shape ('global'), which it needs "
                                                    "where types are local"
                                                 << pathOf(op);
  SmallVector<int64_t> local = localShape(sharding.getGlobal(), sharding, mesh);
  if (ArrayRef<int64_t>(local) == type.getShape())
    return success();
  return op->emitOpError("has the type ")
         << type << " for " << what << ", but a rank's piece of " << sharding << " is [" << local << "]" << pathOf(op);
}

/// Checks a sharding against the type of what lives there: before materializing the global type, afterwards the local
/// one.
static LogicalResult verifySharding(Operation *op, const Twine &what, Attribute attribute, Type type) {
  auto sharding = dyn_cast<ShardingAttr>(attribute);
  if (!sharding)
    return op->emitOpError("must have a #dist.sharding for ") << what << ", got " << attribute;
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.getRank() != static_cast<int64_t>(sharding.getDims().size()))
    return op->emitOpError("has a sharding of ")
           << sharding.getDims().size() << " dimensions for " << what << ", which is " << type;
  MeshAttr mesh = findMesh(op);
  if (!mesh)
    return success();
  auto emitError = [&] { return op->emitOpError("has a sharding of ") << what << " that "; };
  for (AxisListAttr axes : sharding.getDims())
    if (failed(verifyOnMesh(axes.getAxes(), mesh, emitError)))
      return failure();
  if (failed(verifyOnMesh(sharding.getPartial().getAxes(), mesh, emitError)))
    return failure();
  return isMaterialized(op) ? verifyLocalShape(op, what, sharding, tensor, mesh) : success();
}

static LogicalResult verifyShardings(Operation *op, Attribute attribute) {
  auto all = dyn_cast<ArrayAttr>(attribute);
  if (!all || all.size() != op->getNumResults())
    return op->emitOpError("must have a list of ")
           << op->getNumResults() << " shardings as dist.shardings, one for each result, got " << attribute;
  for (auto [index, sharding, type] : llvm::enumerate(all, op->getResultTypes()))
    if (failed(verifySharding(op, "result " + Twine(index), sharding, type)))
      return failure();
  return isMaterialized(op) ? verifyResultShardings(op, meshOf(op)) : success();
}

/// The declared type of an hf.parameter or hf.state, by the attribute in which they have it.
static Type declaredType(Operation *op) {
  auto type = op->getAttrOfType<TypeAttr>("type");
  return type ? type.getValue() : Type();
}

static LogicalResult verifyAgree(Operation *op, Attribute attribute) {
  auto axes = dyn_cast<AxisListAttr>(attribute);
  if (!axes)
    return op->emitOpError("must have #dist.axes as dist.agree, got ") << attribute;
  MeshAttr mesh = findMesh(op);
  return mesh ? verifyOnMesh(axes.getAxes(), mesh, [&] { return op->emitOpError("has a dist.agree that "); })
              : success();
}

static LogicalResult verifyRuleAttribute(Operation *op, Attribute attribute) {
  auto rule = dyn_cast<RuleAttr>(attribute);
  if (!rule)
    return op->emitOpError("must have a #dist.rule as dist.rule, got ") << attribute;
  // A rule is over whole tensors.
  return isMaterialized(op) ? success() : verifyRule(op, parseRule(rule));
}

/// (C2) of `#dist.size`. Where no mesh is known, only what is not cut can be counted.
static LogicalResult verifySize(Operation *op, Attribute attribute) {
  auto size = dyn_cast<SizeAttr>(attribute);
  Attribute value;
  if (!size || !matchPattern(op, m_Constant(&value)))
    return op->emitOpError("has dist.size = ") << attribute << "; a #dist.size belongs to a constant";
  MeshAttr mesh = findMesh(op);
  if (!mesh && !size.getAxes().empty())
    return success();
  if (mesh &&
      failed(verifyOnMesh(size.getAxes().getAxes(), mesh, [&] { return op->emitOpError("has a dist.size that "); })))
    return failure();
  int64_t expected = size.valueOn(meshOf(op));
  auto elements = dyn_cast<DenseElementsAttr>(value);
  bool isSplat = elements && elements.isSplat();
  Attribute element = isSplat ? elements.getSplatValue<Attribute>() : Attribute();
  if (auto integer = dyn_cast_or_null<IntegerAttr>(element); integer && integer.getValue().getSExtValue() == expected)
    return success();
  if (auto number = dyn_cast_or_null<FloatAttr>(element)) {
    // A narrow type may not have the number itself.
    if (FloatAttr::get(number.getType(), static_cast<double>(expected)) == number)
      return success();
  }
  return op->emitOpError("says that it is ")
         << size << ", which is " << expected << ", but is not that number" << pathOf(op);
}

LogicalResult DistDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  StringRef name = attribute.getName();
  Attribute value = attribute.getValue();
  if (name == meshName) {
    if (!isa<ModuleOp>(op) || !isa<MeshAttr>(value))
      return op->emitOpError("has dist.mesh = ") << value << "; a #dist.mesh belongs to a module";
    return success();
  }
  if (name == materializedName) {
    if (!isa<ModuleOp>(op) || !op->hasAttr(meshName))
      return op->emitOpError("has dist.materialized; it belongs to a module with a dist.mesh");
    return success();
  }
  if (name == shardingsName)
    return verifyShardings(op, value);
  if (name == shardingName)
    return verifySharding(op, "its tensor", value, declaredType(op));
  if (name == ruleName)
    return verifyRuleAttribute(op, value);
  if (name == agreeName)
    return verifyAgree(op, value);
  if (name == sizeName)
    return verifySize(op, value);
  return op->emitOpError("has '") << name << "', which the dist dialect does not know";
}

/// The sharding of an argument or result of a function, if the attribute is one.
static LogicalResult verifyBoundary(Operation *op, const Twine &what, NamedAttribute attribute,
                                    function_ref<Type(FunctionOpInterface)> typeOf) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (attribute.getName() != shardingName || !function)
    return op->emitOpError("has '") << attribute.getName().getValue() << "' on " << what
                                    << "; only a function's dist.sharding belongs there";
  return verifySharding(op, what, attribute.getValue(), typeOf(function));
}

/// The name of the entry whose gradients must be complete (docs/distribution.md).
static constexpr StringLiteral optimizerEntry = "optimizer_step";

LogicalResult DistDialect::verifyRegionArgAttribute(Operation *op, unsigned, unsigned argument,
                                                    NamedAttribute attribute) {
  auto typeOf = [&](FunctionOpInterface function) { return function.getArgumentTypes()[argument]; };
  if (failed(verifyBoundary(op, "argument " + Twine(argument), attribute, typeOf)))
    return failure();
  auto sharding = cast<ShardingAttr>(attribute.getValue());
  auto function = cast<FunctionOpInterface>(op);
  if (!isMaterialized(op) || !sharding.isPartial() || function.getName() != optimizerEntry)
    return success();
  return op->emitOpError("takes argument ") << argument << " partial (" << stringifyReductionKind(sharding.getKind())
                                            << ") over {" << toString(sharding.getPartial().getAxes())
                                            << "}, but an optimizer takes complete gradients: "
                                               "hfc-insert-gradient-all-reduce completes them in last_micro_step";
}

/// Checks that what a function returns lives where it says.
static LogicalResult verifyReturned(FunctionOpInterface function, unsigned result, ShardingAttr sharding) {
  if (function.isExternal() || !isMaterialized(function))
    return success();
  Block &body = function.getFunctionBody().back();
  if (body.empty() || body.back().getNumOperands() <= result)
    return success(); // The function's own verifier complains.
  Value value = body.back().getOperand(result);
  ShardingAttr found = getSharding(value);
  if (!found || sameSharding(found, sharding, meshOf(function)))
    return success();
  return function->emitOpError("says that result ") << result << " lives as " << sharding << ", but it returns "
                                                    << originOf(value) << ", which lives as " << found;
}

LogicalResult DistDialect::verifyRegionResultAttribute(Operation *op, unsigned, unsigned result,
                                                       NamedAttribute attribute) {
  auto typeOf = [&](FunctionOpInterface function) { return function.getResultTypes()[result]; };
  if (failed(verifyBoundary(op, "result " + Twine(result), attribute, typeOf)))
    return failure();
  return verifyReturned(cast<FunctionOpInterface>(op), result, cast<ShardingAttr>(attribute.getValue()));
}
