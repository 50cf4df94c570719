//===- SplitAttention.cpp - --hfc-split-attention
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Transforms/Fusion/Passes.h"

#include "dialects/hf/AttentionParts.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/MapVector.h"

namespace hfc {
#define GEN_PASS_DEF_SPLITATTENTION
#include "hfc/Transforms/Fusion/Passes.h.inc"
} // namespace hfc

using namespace hfc;

/// What joining costs grows with the parts, and each lane of a kernel that joins holds them all.
static constexpr int64_t kMostParts = 64;
/// Keys of a part: fewer are a block's work for less time than it takes to begin.
static constexpr int64_t kFewestKeys = 64;

namespace {
/// The two bodies that replace one.
struct Bodies {
  func::FuncOp parts, join;
};

class SplitAttentionPass : public hfc::impl::SplitAttentionBase<SplitAttentionPass> {
public:
  using SplitAttentionBase::SplitAttentionBase;

  void runOnOperation() override {
    if (minKeys < 2 || blocks < 1) {
      getOperation().emitError("hfc-split-attention: min-keys must be at least 2, and blocks at least 1");
      return signalPassFailure();
    }
    SymbolTable symbols(getOperation());
    // What a schedule launches stays.
    llvm::DenseSet<StringAttr> called;
    getOperation().walk([&](func::CallOp call) { called.insert(call.getCalleeAttr().getAttr()); });
    llvm::MapVector<StringAttr, Bodies> split;
    for (auto body : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (hf::AttentionOp attention = called.contains(body.getSymNameAttr()) ? decodingOf(body) : nullptr)
        if (int64_t parts = chooseParts(attention); parts > 1)
          split[body.getSymNameAttr()] = makeBodies(body, attention, parts, symbols);
    if (split.empty())
      return markAllAnalysesPreserved();
    getOperation().walk([&](func::CallOp call) {
      if (auto found = split.find(call.getCalleeAttr().getAttr()); found != split.end())
        replace(call, found->second);
    });
    for (auto &entry : split)
      symbols.erase(symbols.lookup(entry.first));
  }

private:
  /// The attention whose kernel a body is, if it is of one query over caches, and nothing else hides keys.
  static hf::AttentionOp decodingOf(func::FuncOp body) {
    auto kind = body->getAttrOfType<StringAttr>("kernel.kind");
    if (!kind || kind.getValue() != "attention" || !body.getBody().hasOneBlock())
      return nullptr;
    auto op = dyn_cast<hf::AttentionOp>(body.getBody().front().front());
    bool fits = op && op->getOperands() == ValueRange(body.getArguments()) && op->getNumOperands() == 5 &&
                op.getPast() && op.getCausal() && !op.getWindow() && op.getLayout() == hf::HeadLayout::bshd &&
                hf::shapeOf(op.getQuery())[1] == 1;
    Type element = fits ? hf::elementOf(op.getQuery()) : Type();
    return fits && (element.isBF16() || element.isF32()) ? op : nullptr;
  }

  /// So many that the device has enough to do, and dividing the keys; 1 where that is so anyway, or cannot be.
  int64_t chooseParts(hf::AttentionOp attention) const {
    int64_t keys = hf::shapeOf(attention.getKey())[1];
    int64_t heads = hf::shapeOf(attention.getQuery())[0] * hf::shapeOf(attention.getQuery())[2];
    if (keys < minKeys || heads == 0)
      return 1;
    int64_t parts = std::min<int64_t>({(blocks + heads - 1) / heads, kMostParts, keys / kFewestKeys});
    while (parts > 1 && keys % parts != 0)
      --parts;
    return std::max<int64_t>(parts, 1);
  }

  Bodies makeBodies(func::FuncOp body, hf::AttentionOp attention, int64_t parts, SymbolTable &symbols) {
    hf::AttentionOfOne of{attention.getScaleAttr(), attention.getSoftcapAttr(), parts};
    auto build = [&](StringRef kind, TypeRange arguments,
                     function_ref<SmallVector<Value>(OpBuilder &, ValueRange)> write) {
      OpBuilder builder(body);
      auto func = func::FuncOp::create(builder, body.getLoc(), (Twine(kind) + "_0").str(),
                                       builder.getFunctionType(arguments, {}));
      func.setPrivate();
      func->setAttr("kernel.kind", builder.getStringAttr(kind));
      symbols.insert(func);
      builder.setInsertionPointToEnd(func.addEntryBlock());
      SmallVector<Value> results = write(builder, func.getArguments());
      func::ReturnOp::create(builder, body.getLoc(), results);
      func.setType(builder.getFunctionType(arguments, ValueRange(results).getTypes()));
      return func;
    };
    Bodies made;
    made.parts = build("attention_parts", body.getArgumentTypes(), [&](OpBuilder &builder, ValueRange arguments) {
      return hf::buildAttentionParts(builder, attention.getLoc(), of, arguments);
    });
    made.join = build("attention_join", made.parts.getResultTypes(), [&](OpBuilder &builder, ValueRange arguments) {
      return SmallVector<Value>{hf::joinAttentionParts(builder, attention.getLoc(), arguments, attention.getType())};
    });
    return made;
  }

  void replace(func::CallOp call, const Bodies &bodies) {
    OpBuilder builder(call);
    DictionaryAttr attributes = call->getDiscardableAttrDictionary();
    auto parts = func::CallOp::create(builder, call.getLoc(), bodies.parts, call.getOperands());
    auto join = func::CallOp::create(builder, call.getLoc(), bodies.join, parts.getResults());
    parts->setDiscardableAttrs(attributes);
    join->setDiscardableAttrs(attributes);
    call.replaceAllUsesWith(join);
    call.erase();
    ++numSplit;
  }
};
} // namespace
