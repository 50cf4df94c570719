//===- Shrink.cpp - the same program with smaller sizes
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Verify/Shrink.h"

#include "Rewriter.h"

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

FailureOr<Shrunk> verify::shrink(ModuleOp global, ModuleOp local) {
  if (dist::meshOf(global) != dist::meshOf(local))
    return local.emitError("has the mesh ") << dist::meshOf(local) << ", but the global program "
                                            << dist::meshOf(global) << "; give the program that this one was made of";
  Axes axes(global, local);
  Relations relations(global, local);
  relations.build();
  Solver solver(relations, axes);
  if (failed(solver.run()))
    return local.emitError("has sizes that contradict those of the global program; was it made of that one?");
  Rewriter rewriter(relations, solver, axes);
  Shrunk shrunk;
  shrunk.global = rewriter.rewrite(global);
  shrunk.local = rewriter.rewrite(local);
  shrunk.sizes = listSizes(global, relations, solver);
  shrunk.axes = listAxes(axes);
  return shrunk;
}
