//===- MergeProducts.cpp - --hfc-merge-products
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Transforms/Fusion/Passes.h"

#include "FusionGraph.h"
#include "MergeBackward.h"
#include "dialects/hf/TensorBuilder.h"

#include "llvm/ADT/MapVector.h"

namespace hfc {
#define GEN_PASS_DEF_MERGEPRODUCTS
#include "hfc/Transforms/Fusion/Passes.h.inc"
} // namespace hfc

using namespace hfc;
using namespace hfc::fusion;

namespace {
/// Rewrites one entry.
class EntryMerger {
public:
  EntryMerger(func::FuncOp entry, int64_t fewRows) : entry(entry), block(entry.getBody().front()) {
    for (BlockArgument argument : block.getArguments())
      if (FlatSymbolRefAttr symbol = hf::symbolOf(argument))
        arguments[symbol] = argument;
    for (auto product : block.getOps<hf::LinearOp>())
      if (isProjection(product, fewRows))
        products[hf::symbolOf(product.getWeight())].push_back(product);
    for (auto product : block.getOps<hf::LinearDgradOp>())
      if (FlatSymbolRefAttr weight = hf::symbolOf(product.getWeight()))
        gradients[weight].push_back(product);
  }

  MergeCounts run(ArrayRef<Projections> all) {
    MergeCounts counts;
    for (const Projections &projections : all) {
      counts.forward += mergeForward(projections);
      mergeBackward(projections, counts);
    }
    if (counts.inputs)
      sortByUse(block);
    return counts;
  }

private:
  /// One value for parameters that lie one behind the other.
  Value join(ArrayRef<FlatSymbolRefAttr> parts) {
    Value &joined = joins[parts.front()];
    if (!joined) {
      OpBuilder builder(&block, block.begin());
      auto values = llvm::map_to_vector(parts, [&](FlatSymbolRefAttr part) -> Value { return arguments.lookup(part); });
      joined = hf::TensorBuilder(builder, entry.getLoc()).concat(values, 0);
    }
    return joined;
  }

  /// The products of each value that all of the weights multiply. Returns how many that were.
  unsigned mergeForward(const Projections &projections) {
    using Place = std::pair<Value, const void *>;
    llvm::MapVector<Place, SmallVector<hf::LinearOp>> sharing;
    for (FlatSymbolRefAttr weight : projections.weights)
      for (hf::LinearOp product : products.lookup(weight))
        sharing[{product.getX(), product->getAttr("hf.phase").getAsOpaquePointer()}].push_back(product);
    unsigned merged = 0;
    for (auto &[place, together] : sharing) {
      auto weights = llvm::map_to_vector(together, [](hf::LinearOp op) { return hf::symbolOf(op.getWeight()); });
      if (ArrayRef(weights) != ArrayRef(projections.weights) || !savesMemory(together))
        continue;
      merge(together, projections);
      merged += together.size();
    }
    return merged;
  }

  /// Whether fewer elements are read and written: the input once, but parts that must be contiguous twice more.
  static bool savesMemory(ArrayRef<hf::LinearOp> together) {
    int64_t moved = 0;
    for (hf::LinearOp product : together)
      if (isReadInMemory(product.getResult()))
        moved += 2 * elementsOf(product.getResult());
    hf::LinearOp first = together.front();
    return moved < static_cast<int64_t>(together.size() - 1) * elementsOf(first.getX());
  }

  void merge(ArrayRef<hf::LinearOp> together, const Projections &projections) {
    hf::LinearOp first =
        *llvm::min_element(together, [](hf::LinearOp a, hf::LinearOp b) { return a->isBeforeInBlock(b); });
    Value weight = join(projections.weights), bias = projections.biases.empty() ? Value() : join(projections.biases);
    OpBuilder builder(first);
    hf::TensorBuilder ops(builder, fusedLoc(together));
    Value whole = ops.linear(first.getX(), weight, bias);
    keepPlace(first, whole);
    int64_t dim = shapeOf(whole).size() - 1, begin = 0;
    for (hf::LinearOp product : together) {
      int64_t end = begin + shapeOf(product.getResult())[dim];
      Value part = ops.sliceDim(whole, dim, begin, end);
      keepPlace(product, part);
      product.replaceAllUsesWith(part);
      begin = end;
    }
    for (hf::LinearOp product : together)
      product.erase();
  }

  void mergeBackward(const Projections &projections, MergeCounts &counts) {
    SmallVector<hf::LinearDgradOp> together;
    for (FlatSymbolRefAttr weight : projections.weights) {
      ArrayRef<hf::LinearDgradOp> all = gradients[weight];
      if (all.size() != 1)
        return;
      together.push_back(all.front());
    }
    if (std::optional<CotangentMerger> merger = CotangentMerger::create(together)) {
      merger->mergeInputs(join(projections.weights));
      counts.inputs += together.size();
      if (merger->mergeWeights(projections.gradients))
        counts.weights += together.size();
      merger->shareCotangent();
    }
  }

  func::FuncOp entry;
  Block &block;
  DenseMap<Attribute, BlockArgument> arguments;
  DenseMap<Attribute, Value> joins;
  DenseMap<Attribute, SmallVector<hf::LinearOp, 1>> products;
  DenseMap<Attribute, SmallVector<hf::LinearDgradOp, 1>> gradients;
};

class MergeProductsPass : public hfc::impl::MergeProductsBase<MergeProductsPass> {
public:
  using MergeProductsBase::MergeProductsBase;

  void runOnOperation() override {
    if (fewRows < 0) {
      getOperation().emitError("hfc-merge-products: few-rows must not be negative");
      return signalPassFailure();
    }
    // What is fused has its products where it wants them, and kernels around them.
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr("kernel.kind"))
        return;
    SmallVector<Projections> projections = placeProjections(getOperation(), fewRows);
    for (auto entry : getOperation().getOps<func::FuncOp>()) {
      if (!entry.isPublic() || entry.isDeclaration() || !entry.getBody().hasOneBlock())
        continue;
      MergeCounts counts = EntryMerger(entry, fewRows).run(projections);
      numForward += counts.forward;
      numInputs += counts.inputs;
      numWeights += counts.weights;
    }
  }
};
} // namespace
