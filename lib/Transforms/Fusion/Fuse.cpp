//===- Fuse.cpp - --hfc-fuse
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Transforms/Fusion/Passes.h"

#include "Outline.h"
#include "PrepareEntry.h"

namespace hfc {
#define GEN_PASS_DEF_FUSE
#include "hfc/Transforms/Fusion/Passes.h.inc"
} // namespace hfc

using namespace hfc;
using namespace hfc::fusion;

namespace {
class FusePass : public hfc::impl::FuseBase<FusePass> {
public:
  using FuseBase::FuseBase;

  void runOnOperation() override {
    SmallVector<func::FuncOp> entries;
    for (auto func : getOperation().getOps<func::FuncOp>())
      if (func.isPublic() && !func.isDeclaration())
        entries.push_back(func);
    BodyTable bodies(getOperation());
    hf::BucketPlaces places(getOperation());
    for (func::FuncOp entry : entries)
      if (failed(fuse(entry, bodies, places)))
        return signalPassFailure();
    numBodies += bodies.getNumBodies();
  }

private:
  LogicalResult fuse(func::FuncOp entry, BodyTable &bodies, const hf::BucketPlaces &places) {
    if (!entry.getBody().hasOneBlock())
      return entry.emitOpError("is an entry, and entries have one block");
    FusionGraph graph(places);
    if (failed(prepareEntry(entry)) || failed(graph.build(entry)))
      return failure();
    Clustering clustering(graph);
    clustering.run();
    OutlineCounts counts = outline(entry, graph, clustering, bodies);
    numCalls += counts.calls;
    numFused += counts.fused;
    return success();
  }
};
} // namespace
