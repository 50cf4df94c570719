//===- Shrink.cpp - the same program with smaller sizes
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Verify/Shrink.h"

#include "Rewriter.h"

#include "mlir/IR/BuiltinDialect.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"

using namespace hfc;
using namespace hfc::verify;

/// The sizes of inputs first, then of parameters; each pair of sizes once.
static SmallVector<SizeChange> listSizes(ModuleOp global, Relations &relations, Solver &solver) {
  SmallVector<SizeChange> changes;
  std::set<std::pair<int64_t, int64_t>> seen;
  auto add = [&](const Twine &name, ArrayRef<Size> shape) {
    for (auto [dim, size] : llvm::enumerate(shape)) {
      int64_t from = relations.atoms.sizeOf(size), to = solver.valueOf(size);
      if (from != 1 && seen.insert({from, to}).second)
        changes.push_back({(name + " dim " + Twine(dim)).str(), from, to});
    }
  };
  for (auto function : global.getOps<func::FuncOp>())
    for (BlockArgument argument : function.getArguments())
      if (auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "hf.input"))
        add(name.getValue(), relations.pieceOf(argument));
  for (auto parameter : global.getOps<hf::ParameterOp>())
    add(parameter.getSymName(), relations.pieceOf(parameter));
  return changes;
}

static SmallVector<SizeChange> listAxes(const Axes &axes) {
  SmallVector<SizeChange> changes;
  for (auto [name, from, to] :
       llvm::zip_equal(axes.getMesh().getNames(), axes.getMesh().getSizes(), axes.shrunkMesh().getSizes()))
    changes.push_back({name.str(), from, to});
  return changes;
}

/// Ops of plugins that are wrong with their new sizes, because they need more of them than they say.
static void findMisfits(ModuleOp module, ModuleOp small, llvm::DenseSet<Operation *> &misfits) {
  ScopedDiagnosticHandler quiet(module.getContext(), [](Diagnostic &) { return success(); });
  SmallVector<Operation *> ops, smallOps;
  module.walk([&](Operation *op) { ops.push_back(op); });
  small.walk([&](Operation *op) { smallOps.push_back(op); });
  for (auto [op, smallOp] : llvm::zip_equal(ops, smallOps))
    if (!isa_and_nonnull<hf::HfDialect, dist::DistDialect, func::FuncDialect, BuiltinDialect>(op->getDialect()) &&
        failed(mlir::verify(smallOp, /*verifyRecursively=*/false)))
      misfits.insert(op);
}

FailureOr<Shrunk> verify::shrink(ModuleOp global, ModuleOp local) {
  if (dist::meshOf(global) != dist::meshOf(local))
    return local.emitError("has the mesh ") << dist::meshOf(local) << ", but the global program "
                                            << dist::meshOf(global) << "; give the program that this one was made of";
  llvm::DenseSet<Operation *> kept;
  while (true) {
    Axes axes(global, local);
    Relations relations(global, local);
    for (Operation *op : kept)
      relations.keepSizesOf(op);
    relations.build();
    if (!relations.contradiction.empty())
      return emitError(local.getLoc(), relations.contradiction) << "; give the program that this one was made of";
    for (dist::AxisListAttr list : relations.keptAxes)
      axes.keep(list.getAxes());
    Solver solver(relations, axes);
    if (failed(solver.run()))
      return local.emitError("has sizes that contradict those of the global program; was it made of that one?");
    Rewriter rewriter(relations, solver, axes);
    Shrunk shrunk;
    shrunk.global = rewriter.rewrite(global);
    shrunk.local = rewriter.rewrite(local);
    size_t known = kept.size();
    for (auto [module, small] : {std::pair(global, *shrunk.global), std::pair(local, *shrunk.local)})
      findMisfits(module, small, kept);
    if (kept.size() != known)
      continue;
    shrunk.sizes = listSizes(global, relations, solver);
    shrunk.axes = listAxes(axes);
    return shrunk;
  }
}
