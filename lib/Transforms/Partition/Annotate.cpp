//===- Annotate.cpp - --hfc-annotate
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Partition/Strategy.h"
#include "hfc/Transforms/Partition/Passes.h"

#include "dialects/hf/Hf.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/StringExtras.h"

namespace hfc {
#define GEN_PASS_DEF_ANNOTATE
#include "hfc/Transforms/Partition/Passes.h.inc"
} // namespace hfc

using namespace hfc;
using namespace hfc::dist;
using namespace hfc::partition;

//===----------------------------------------------------------------------===//
// What a strategy must leave alone
//===----------------------------------------------------------------------===//

static llvm::hash_code hashWithoutAnnotations(DictionaryAttr attributes);

/// The attribute without annotations: dictionaries, of arguments and results, may hold some.
static llvm::hash_code hashWithoutAnnotations(Attribute attribute) {
  if (auto dictionary = dyn_cast<DictionaryAttr>(attribute))
    return hashWithoutAnnotations(dictionary);
  auto array = dyn_cast<ArrayAttr>(attribute);
  if (!array)
    return hash_value(attribute);
  llvm::hash_code hash = llvm::hash_value(array.size());
  for (Attribute element : array)
    hash = llvm::hash_combine(hash, hashWithoutAnnotations(element));
  return hash;
}

static llvm::hash_code hashWithoutAnnotations(DictionaryAttr attributes) {
  llvm::hash_code hash = 0;
  for (NamedAttribute attribute : attributes)
    if (!attribute.getName().strref().starts_with("dist."))
      hash = llvm::hash_combine(hash, attribute.getName(), hashWithoutAnnotations(attribute.getValue()));
  return hash;
}

/// Of everything but annotations. Functions whose arguments have no attributes at all hash like those whose arguments
/// have none left.
static llvm::hash_code hashProgram(ModuleOp module) {
  llvm::hash_code hash = 0;
  module.walk<WalkOrder::PreOrder>([&](Operation *op) {
    SmallVector<NamedAttribute> attributes;
    for (NamedAttribute attribute : op->getAttrs())
      if (attribute.getName() != "arg_attrs" && attribute.getName() != "res_attrs")
        attributes.push_back(attribute);
    hash = llvm::hash_combine(hash, op, op->getName(), op->getLoc(),
                              hashWithoutAnnotations(DictionaryAttr::get(op->getContext(), attributes)));
    for (Value operand : op->getOperands())
      hash = llvm::hash_combine(hash, operand);
    for (Type type : op->getResultTypes())
      hash = llvm::hash_combine(hash, type);
    auto function = dyn_cast<func::FuncOp>(op);
    if (!function)
      return;
    auto add = [&](DictionaryAttr attributes) {
      hash = llvm::hash_combine(hash, attributes ? hashWithoutAnnotations(attributes) : llvm::hash_code(0));
    };
    for (unsigned argument = 0; argument < function.getNumArguments(); ++argument)
      add(function.getArgAttrDict(argument));
    for (unsigned result = 0; result < function.getNumResults(); ++result)
      add(function.getResultAttrDict(result));
  });
  return hash;
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

/// Later phases read the stage of ZeRO in `hf.program`.
static void recordZero(ModuleOp module, int64_t zero) {
  auto program = module->getAttrOfType<DictionaryAttr>("hf.program");
  if (zero == 0 || !program)
    return;
  NamedAttrList list(program);
  list.set("zero", Builder(module.getContext()).getI64IntegerAttr(zero));
  module->setAttr("hf.program", list.getDictionary(module.getContext()));
}

/// The text of `--partition-spec`'s file; empty if there is none.
static StringRef specificationOf(ModuleOp module) {
  auto program = module->getAttrOfType<DictionaryAttr>("hf.program");
  auto text = program ? program.getAs<StringAttr>("partition_spec") : StringAttr();
  return text ? text.getValue() : StringRef();
}

/// Ranks along an axis that nothing is cut by would all do the same. A specification may cut by any axis.
static LogicalResult checkAxes(ModuleOp module, const PartitionStrategy &strategy, MeshAttr mesh) {
  for (StringAttr axis : mesh.getNames())
    if (mesh.sizeOf(axis) > 1 && !llvm::is_contained(strategy.axes(), axis.getValue()) &&
        specificationOf(module).empty())
      return module.emitError("the partition strategy '")
             << strategy.name() << "' does not use the mesh's axis '" << axis.getValue()
             << "'; its axes: " << llvm::join(strategy.axes(), ", ");
  return success();
}

/// Without cuts of dimensions of one element: all but one rank would have nothing but padding.
static ShardingAttr withoutTrivialCuts(ShardingAttr sharding, RankedTensorType type) {
  for (auto [dim, size] : llvm::enumerate(type.getShape()))
    if (size == 1 && dim < sharding.getDims().size() && !sharding.axesOf(dim).empty())
      sharding = sharding.withDim(dim, {});
  return sharding;
}

/// What is kept between calls lives as declared, so that no op may ask for a better place.
static void dropTrivialCuts(ModuleOp module) {
  for (Operation &op : module.getOps())
    if (isa<hf::ParameterOp, hf::StateOp>(op))
      if (auto sharding = op.getAttrOfType<ShardingAttr>(shardingName))
        op.setAttr(shardingName,
                   withoutTrivialCuts(sharding, cast<RankedTensorType>(op.getAttrOfType<TypeAttr>("type").getValue())));
}

static bool isAnnotated(ModuleOp module) {
  return llvm::any_of(module.getOps(), [](Operation &op) {
    return isa<hf::ParameterOp>(op) && (op.hasAttr(shardingName) || op.hasAttr(agreeName));
  });
}

namespace {
class AnnotatePass : public hfc::impl::AnnotateBase<AnnotatePass> {
public:
  using AnnotateBase::AnnotateBase;

  void runOnOperation() override {
    if (failed(run(getOperation())))
      signalPassFailure();
  }

private:
  LogicalResult run(ModuleOp module) {
    if (isMaterialized(module) || isAnnotated(module))
      return success();
    if (failed(setMesh(module)))
      return failure();
    MeshAttr found = findMesh(module);
    if (!found || found.ranks() == 1)
      return success();
    auto [name, options] = chosenStrategy(module);
    auto strategy = makeStrategy(name, options, module.getLoc());
    if (failed(strategy) || failed(checkAxes(module, **strategy, found)))
      return failure();
    llvm::hash_code before = hashProgram(module);
    AnnotationContext context(module, found);
    if (failed(applySpecification(context, specificationOf(module))) || failed((*strategy)->annotate(context)))
      return failure();
    if (hashProgram(module) != before)
      return module.emitError("the partition strategy '")
             << (*strategy)->name() << "' changed the program; it may only annotate it";
    dropTrivialCuts(module);
    recordZero(module, context.getZero());
    return success();
  }

  /// The pass's own options, else the program's `NAME{options}`, else Megatron's strategy.
  std::pair<std::string, std::string> chosenStrategy(ModuleOp module) {
    if (!strategy.empty())
      return {strategy, strategyOptions};
    auto program = module->getAttrOfType<DictionaryAttr>("hf.program");
    auto partitioner = program ? program.getAs<StringAttr>("partitioner") : StringAttr();
    auto [name, options] = (partitioner ? partitioner.getValue() : StringRef("megatron")).split('{');
    return {name.str(), strategyOptions.empty() ? options.str() : strategyOptions};
  }

  LogicalResult setMesh(ModuleOp module) {
    if (mesh.empty())
      return success();
    FailureOr<MeshAttr> parsed = parseMesh(mesh, module.getLoc());
    if (failed(parsed))
      return failure();
    module->setAttr(meshName, *parsed);
    return success();
  }
};
} // namespace
