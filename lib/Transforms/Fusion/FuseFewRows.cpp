//===- FuseFewRows.cpp - --hfc-fuse-few-rows
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Transforms/Fusion/Passes.h"

#include "FusionGraph.h"
#include "Outline.h"
#include "dialects/hf/OrderedOperand.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

namespace hfc {
#define GEN_PASS_DEF_FUSEFEWROWS
#include "hfc/Transforms/Fusion/Passes.h.inc"
} // namespace hfc

using namespace hfc;
using namespace hfc::fusion;

/// Kernels that write no more take as long as a launch.
static constexpr int64_t kSmallElements = 1 << 16;

namespace {
class FuseFewRowsPass : public hfc::impl::FuseFewRowsBase<FuseFewRowsPass> {
public:
  using FuseFewRowsBase::FuseFewRowsBase;

  void runOnOperation() override {
    if (rows < 1) {
      getOperation().emitError("hfc-fuse-few-rows: rows must be at least 1");
      return signalPassFailure();
    }
    SmallVector<func::FuncOp> entries;
    for (auto func : getOperation().getOps<func::FuncOp>())
      if (func.isPublic() && !func.isDeclaration() && func.getBody().hasOneBlock())
        entries.push_back(func);
    SymbolTable symbols(getOperation());
    BodyTable bodies(getOperation());
    for (func::FuncOp entry : entries)
      fuse(entry, symbols, bodies);
    eraseUncalled();
  }

private:
  using Products = SmallVector<hf::LinearOp, 4>;

  /// A library reads by strides what is only moved (see `hfc-fuse`); a kernel reads what stands in memory.
  static bool standsInMemory(Value value) {
    Operation *def = value.getDefiningOp();
    while (isa_and_nonnull<hf::ReshapeOp>(def))
      def = def->getOperand(0).getDefiningOp();
    return !def || !hf::isMove(def);
  }

  bool hasFewRows(hf::LinearOp product) const {
    if (!llvm::all_of(product->getOperands(), standsInMemory))
      return false;
    ArrayRef<int64_t> shape = shapeOf(product.getX());
    Type element = product.getType().getElementType();
    return (element.isBF16() || element.isF32()) && llvm::product_of(shape.drop_back()) <= rows && shape.back() > 0 &&
           shapeOf(product.getWeight())[0] > 0;
  }

  void fuse(func::FuncOp entry, SymbolTable &symbols, BodyTable &bodies) {
    llvm::MapVector<Value, Products> sharing;
    for (auto product : entry.getBody().front().getOps<hf::LinearOp>())
      if (hasFewRows(product))
        sharing[product.getX()].push_back(product);
    for (auto &[x, products] : sharing)
      for (Products &together : splitByPlace(products))
        outline(together, symbols, bodies);
  }

  /// Products that can all stand where the first of them stands, in order.
  static SmallVector<Products> splitByPlace(ArrayRef<hf::LinearOp> products) {
    SmallVector<Products> parts;
    for (hf::LinearOp product : products) {
      auto fits = [&](Products &part) {
        return llvm::all_of(product->getOperands(), [&](Value operand) {
          Operation *def = operand.getDefiningOp();
          return !def || def->isBeforeInBlock(part.front());
        });
      };
      auto found = llvm::find_if(parts, fits);
      if (found == parts.end())
        parts.push_back({product});
      else
        found->push_back(product);
    }
    return parts;
  }

  /// The kernel that alone reads these products, each element at its own place; null if there is none.
  static func::CallOp epilogueOf(ArrayRef<hf::LinearOp> products, SymbolTable &symbols) {
    auto call = dyn_cast<func::CallOp>(*products.front()->getUsers().begin());
    auto body = call ? symbols.lookup<func::FuncOp>(call.getCallee()) : func::FuncOp();
    if (!isLoop(body))
      return nullptr;
    ArrayRef<int64_t> shape = shapeOf(products.front()->getResult(0));
    auto isOfShape = [&](Value value) { return shapeOf(value) == shape; };
    auto isOwn = [&](Value value) {
      auto product = value.getDefiningOp<hf::LinearOp>();
      return product && llvm::is_contained(products, product);
    };
    auto isRead = [&](hf::LinearOp product) {
      return isOfShape(product->getResult(0)) &&
             llvm::all_of(product->getUsers(), [&](Operation *user) { return user == call; });
    };
    auto isPointwise = [&](Operation &op) {
      return isElementwise(&op) ? isOfShape(op.getResult(0)) : isa<hf::ConstantOp, func::ReturnOp>(op);
    };
    bool fits = llvm::all_of(call.getOperands(), isOwn) && llvm::all_of(products, isRead) &&
                llvm::all_of(body.getBody().front(), isPointwise);
    return fits ? call : nullptr;
  }

  void outline(ArrayRef<hf::LinearOp> products, SymbolTable &symbols, BodyTable &bodies) {
    BodyPlan plan;
    plan.kind = "few_rows";
    llvm::SetVector<Value> arguments;
    for (hf::LinearOp product : products) {
      arguments.insert_range(product->getOperands());
      plan.ops.push_back(product);
      plan.results.push_back(product);
    }
    plan.arguments = arguments.takeVector();
    func::CallOp epilogue = products.front()->use_empty() ? func::CallOp() : epilogueOf(products, symbols);
    if (epilogue) {
      StringAttr name = epilogue.getCalleeAttr().getAttr();
      plan.results = inlineCall(epilogue, symbols.lookup<func::FuncOp>(epilogue.getCallee()), plan.ops);
      inlined.insert(name);
      ++numEpilogues;
    }
    OpBuilder builder(products.front());
    auto call = func::CallOp::create(builder, products.front()->getLoc(), bodies.getOrCreate(plan), plan.arguments);
    for (StringRef name : {"hf.block", "hf.phase"})
      if (Attribute attribute = products.front()->getDiscardableAttr(name))
        call->setDiscardableAttr(name, attribute);
    for (auto [old, now] : llvm::zip_equal(plan.results, call.getResults()))
      old.replaceAllUsesWith(now);
    for (Operation *op : llvm::reverse(plan.ops))
      op->erase();
    numProducts += products.size();
    ++numCalls;
    joinReaders(call, symbols, bodies);
  }

  static bool isOfKind(func::FuncOp body, StringRef wanted) {
    auto kind = body ? body->getAttrOfType<StringAttr>("kernel.kind") : StringAttr();
    return kind && kind.getValue() == wanted;
  }
  static bool isLoop(func::FuncOp body) { return isOfKind(body, "loop"); }

  /// Whether a kernel has no reductions and writes little: a loop, or new rows into a cache.
  static bool isSmall(func::CallOp call, SymbolTable &symbols) {
    auto body = symbols.lookup<func::FuncOp>(call.getCallee());
    auto fits = [](Type type) { return cast<RankedTensorType>(type).getNumElements() <= kSmallElements; };
    if (isOfKind(body, "cache_update"))
      return fits(call.getOperandTypes()[1]);
    return isLoop(body) && llvm::all_of(call.getResultTypes(), fits);
  }

  static void addReaders(func::CallOp call, SymbolTable &symbols, bool onlyUpdates,
                         llvm::SetVector<func::CallOp> &readers) {
    auto add = [&](Operation *user) {
      auto reader = dyn_cast<func::CallOp>(user);
      if (!reader || !isSmall(reader, symbols))
        return;
      if (!onlyUpdates || isOfKind(symbols.lookup<func::FuncOp>(reader.getCallee()), "cache_update"))
        readers.insert(reader);
    };
    for (Operation *user : call->getUsers())
      if (isa<hf::ReshapeOp>(user))
        llvm::for_each(user->getUsers(), add);
      else
        add(user);
  }

  /// The small kernels that read results of `call`, those that put what they make into a cache, and what of them can
  /// stand where the first does.
  static SmallVector<func::CallOp> readersOf(func::CallOp call, SymbolTable &symbols) {
    llvm::SetVector<func::CallOp> readers;
    addReaders(call, symbols, /*onlyUpdates=*/false, readers);
    for (func::CallOp reader : llvm::to_vector(readers))
      addReaders(reader, symbols, /*onlyUpdates=*/true, readers);
    SmallVector<func::CallOp> ordered = readers.takeVector();
    llvm::sort(ordered, [](func::CallOp a, func::CallOp b) { return a->isBeforeInBlock(b); });
    SmallVector<func::CallOp> kept;
    for (func::CallOp reader : ordered)
      if (llvm::all_of(reader.getOperands(), [&](Value operand) {
            Operation *def = operand.getDefiningOp();
            return !def || def->isBeforeInBlock(ordered.front()) || llvm::is_contained(kept, def);
          }))
        kept.push_back(reader);
    return kept;
  }

  /// What reads the products' results side by side, as the rotations of queries and keys, is one kernel, and writes
  /// keys and values into their caches.
  void joinReaders(func::CallOp call, SymbolTable &symbols, BodyTable &bodies) {
    SmallVector<func::CallOp> readers = readersOf(call, symbols);
    if (readers.size() < 2)
      return;
    BodyPlan plan;
    plan.kind = "loop";
    OpBuilder builder(readers.front());
    auto locs = llvm::map_to_vector(readers, [](func::CallOp reader) { return reader.getLoc(); });
    DictionaryAttr attributes = readers.front()->getDiscardableAttrDictionary();
    llvm::SetVector<Value> arguments;
    for (func::CallOp reader : readers) {
      for (Value operand : reader.getOperands())
        if (!llvm::is_contained(readers, operand.getDefiningOp()))
          arguments.insert(operand);
      inlined.insert(reader.getCalleeAttr().getAttr());
    }
    plan.arguments = arguments.takeVector();
    Operation *mark = readers.front()->getPrevNode();
    SmallVector<Value> made;
    for (func::CallOp reader : readers)
      llvm::append_range(made, inlineCall(reader, symbols.lookup<func::FuncOp>(reader.getCallee()), plan.ops));
    llvm::SmallPtrSet<Operation *, 32> inside(plan.ops.begin(), plan.ops.end());
    llvm::copy_if(made, std::back_inserter(plan.results), [&](Value value) {
      return llvm::any_of(value.getUsers(), [&](Operation *user) { return !inside.contains(user); });
    });
    builder.setInsertionPointAfter(mark);
    func::FuncOp body = bodies.getOrCreate(plan);
    markUpdates(body);
    auto joined = func::CallOp::create(builder, FusedLoc::get(builder.getContext(), locs), body, plan.arguments);
    joined->setDiscardableAttrs(attributes);
    for (auto [old, now] : llvm::zip_equal(plan.results, joined.getResults()))
      old.replaceAllUsesWith(now);
    for (Operation *op : llvm::reverse(plan.ops))
      op->erase();
    numJoined += readers.size();
  }

  /// A cache's next value is made where the cache is.
  static void markUpdates(func::FuncOp body) {
    for (OpOperand &result : body.getBody().front().getTerminator()->getOpOperands())
      if (auto update = result.get().getDefiningOp<hf::CacheUpdateOp>())
        if (auto cache = dyn_cast<BlockArgument>(update.getCache()))
          body.setResultAttr(result.getOperandNumber(), "kernel.alias",
                             IntegerAttr::get(IntegerType::get(body.getContext(), 64), cache.getArgNumber()));
  }

  /// Epilogues that nobody else called.
  void eraseUncalled() {
    llvm::DenseSet<StringAttr> called;
    getOperation().walk([&](func::CallOp call) { called.insert(call.getCalleeAttr().getAttr()); });
    for (StringAttr name : inlined)
      if (!called.contains(name))
        getOperation().lookupSymbol(name)->erase();
  }

  /// Puts what `call` computes in its place, and behind `ops`. Returns its results.
  static SmallVector<Value> inlineCall(func::CallOp call, func::FuncOp body, SmallVectorImpl<Operation *> &ops) {
    OpBuilder builder(call);
    IRMapping mapping;
    mapping.map(body.getArguments(), call.getOperands());
    Block &block = body.getBody().front();
    for (Operation &op : block.without_terminator())
      ops.push_back(builder.clone(op, mapping));
    auto results =
        llvm::map_to_vector(block.getTerminator()->getOperands(), [&](Value value) { return mapping.lookup(value); });
    call.replaceAllUsesWith(results);
    call.erase();
    return results;
  }

  llvm::SetVector<StringAttr> inlined;
};
} // namespace
