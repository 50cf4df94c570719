//===- ShrinkPass.cpp - --hfc-shrink
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Verify/Passes.h"

#include "dialects/dist/Sharding.h"
#include "dialects/hf/Hf.h"
#include "hfc/Support/ParseIR.h"
#include "hfc/Verify/Shrink.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"

namespace hfc {
#define GEN_PASS_DEF_SHRINKSIZES
#include "hfc/Verify/Passes.h.inc"
} // namespace hfc

using namespace hfc;
using namespace hfc::verify;

namespace {
struct ShrinkSizes : hfc::impl::ShrinkSizesBase<ShrinkSizes> {
  using ShrinkSizesBase::ShrinkSizesBase;

  void runOnOperation() override {
    if (failed(run(getOperation())))
      signalPassFailure();
  }

private:
  LogicalResult run(ModuleOp module);
  static void remark(ModuleOp module, const Shrunk &shrunk);
};
} // namespace

void ShrinkSizes::remark(ModuleOp module, const Shrunk &shrunk) {
  std::string text;
  llvm::raw_string_ostream out(text);
  for (const SmallVector<SizeChange> &changes : {shrunk.axes, shrunk.sizes})
    for (const SizeChange &change : changes)
      out << (text.empty() ? "" : ", ") << change.name << ' ' << change.from << " -> " << change.to;
  emitRemark(module.getLoc()) << text;
}

LogicalResult ShrinkSizes::run(ModuleOp module) {
  if (of != "local" && of != "global")
    return module.emitError("hfc-shrink leaves the 'local' or the 'global' program, not '") << of << "'";
  if (!dist::isMaterialized(module))
    return module.emitError("hfc-shrink needs a local program; run --hfc-materialize-shardings first");
  std::string text, error;
  OwningOpRef<ModuleOp> global = parseIRFile(&getContext(), reference, text, error);
  if (!global)
    return module.emitError("hfc-shrink needs the global program as reference=FILE")
           << (error.empty() ? "" : ": ") << error;
  FailureOr<Shrunk> shrunk = shrink(*global, module);
  if (failed(shrunk))
    return failure();
  if (failed(mlir::verify(*shrunk->global)) || failed(mlir::verify(*shrunk->local)))
    return module.emitError("has a part that this could not shrink consistently");
  if (report)
    remark(module, *shrunk);
  ModuleOp small = of == "local" ? *shrunk->local : *shrunk->global;
  module->setAttrs(small->getAttrDictionary());
  module.getBodyRegion().takeBody(small.getBodyRegion());
  return success();
}
