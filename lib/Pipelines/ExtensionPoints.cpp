//===- ExtensionPoints.cpp - where plugins' passes run
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Pipelines/ExtensionPoints.h"

#include "dialects/dist/Sharding.h"
#include "hfc/Transforms/Shardings/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"

using namespace hfc;

/// module: the names of the points at which plugins' passes have run.
static constexpr StringLiteral extendedName = "hf.extended";

ArrayRef<ExtensionPointInfo> hfc::getExtensionPoints() {
  static const ExtensionPointInfo points[] = {
      {ExtensionPoint::AfterLayout, "after-layout", "the global program, in the layout that the core chose"},
      {ExtensionPoint::AfterAnnotate, "after-annotate", "the global program, with a sharding on every value"},
      {ExtensionPoint::AfterDifferentiate, "after-differentiate", "the same, with the entries of training"},
      {ExtensionPoint::BeforeMaterialize, "before-materialize", "the same, with a dist.reshard where values move"},
      {ExtensionPoint::AfterMaterialize, "after-materialize", "one rank's program: local types and collectives"},
      {ExtensionPoint::AfterReduce, "after-reduce", "the same, with gradients complete and collectives begun early"},
      {ExtensionPoint::AfterFuse, "after-fuse", "entries of products, views, collectives and calls of kernel bodies"},
  };
  return points;
}

static StringRef nameOf(ExtensionPoint point) { return getExtensionPoints()[static_cast<size_t>(point)].name; }

//===----------------------------------------------------------------------===//
// What is registered
//===----------------------------------------------------------------------===//

namespace {
struct Extension {
  ExtensionPoint point;
  std::string name;
  PipelineExtension extend;
};
} // namespace

static std::vector<Extension> &allExtensions() {
  static std::vector<Extension> all;
  return all;
}

void hfc::registerExtension(ExtensionPoint point, StringRef name, PipelineExtension extension) {
  allExtensions().push_back({point, name.str(), std::move(extension)});
}

bool hfc::hasExtensions() { return !allExtensions().empty(); }

//===----------------------------------------------------------------------===//
// Where a module stands
//===----------------------------------------------------------------------===//

static bool isLocal(ExtensionPoint point) {
  return point == ExtensionPoint::AfterMaterialize || point == ExtensionPoint::AfterReduce;
}

/// Whether the module is in a later form than the one that modules have at the point.
static bool isPast(ModuleOp module, ExtensionPoint point) {
  bool isFused = false, isScheduled = false;
  for (Operation &op : module.getOps()) {
    isFused |= op.hasAttr("kernel.kind");
    isScheduled |= !isa<func::FuncOp>(op) && !op.getName().getStringRef().starts_with("hf.");
  }
  if (isScheduled || point == ExtensionPoint::AfterFuse)
    return isScheduled;
  return isFused || (!isLocal(point) && dist::isMaterialized(module));
}

static bool hasRun(ModuleOp module, ExtensionPoint point) {
  auto names = module->getAttrOfType<ArrayAttr>(extendedName);
  return names && llvm::is_contained(names.getAsValueRange<StringAttr>(), nameOf(point));
}

static void recordRun(ModuleOp module, ExtensionPoint point) {
  SmallVector<Attribute> names;
  if (auto before = module->getAttrOfType<ArrayAttr>(extendedName))
    llvm::append_range(names, before);
  names.push_back(StringAttr::get(module.getContext(), nameOf(point)));
  module->setAttr(extendedName, ArrayAttr::get(module.getContext(), names));
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
/// Runs a point's passes as one: where the module stands decides whether they run at all.
class RunExtensionsPass : public PassWrapper<RunExtensionsPass, OperationPass<ModuleOp>> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(RunExtensionsPass)

  explicit RunExtensionsPass(ExtensionPoint point) : point(point), passes(ModuleOp::getOperationName()) {
    SmallVector<StringRef> all;
    for (const Extension &extension : allExtensions())
      if (extension.point == point) {
        extension.extend(passes);
        all.push_back(extension.name);
      }
    names = llvm::join(all, ", ");
  }

  StringRef getName() const override { return "hfc-run-extensions"; }

  void getDependentDialects(DialectRegistry &registry) const override { passes.getDependentDialects(registry); }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (hasRun(module, point) || isPast(module, point))
      return markAllAnalysesPreserved();
    if (failed(runBlaming(module, passes)) || failed(verify(module)))
      return signalPassFailure();
    recordRun(module, point);
  }

private:
  LogicalResult verify(ModuleOp module) {
    if (!isLocal(point) || !dist::findMesh(module))
      return success();
    OpPassManager checks(ModuleOp::getOperationName());
    VerifyDistributionOptions options;
    options.beforeReduction = point == ExtensionPoint::AfterMaterialize;
    checks.addPass(createVerifyDistribution(options));
    return runBlaming(module, checks);
  }

  /// Runs passes; their errors say at which point they ran, and whose they are.
  LogicalResult runBlaming(ModuleOp module, OpPassManager &manager) {
    ScopedDiagnosticHandler handler(&getContext(), [&](Diagnostic &diagnostic) {
      if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
        diagnostic.attachNote(module.getLoc()) << "after the passes of plugins at " << nameOf(point) << ": " << names;
      return failure(); // for the handlers around this one
    });
    return runPipeline(manager, module);
  }

  ExtensionPoint point;
  OpPassManager passes;
  std::string names;
};
} // namespace

void hfc::addExtensions(OpPassManager &manager, ExtensionPoint point) {
  if (llvm::any_of(allExtensions(), [&](const Extension &extension) { return extension.point == point; }))
    manager.addPass(std::make_unique<RunExtensionsPass>(point));
}
