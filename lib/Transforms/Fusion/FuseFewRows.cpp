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

  static bool isLoop(func::FuncOp body) {
    auto kind = body ? body->getAttrOfType<StringAttr>("kernel.kind") : StringAttr();
    return kind && kind.getValue() == "loop";
  }

  /// The small kernels without reductions that read results of `call`, and can all stand where the first does.
  static SmallVector<func::CallOp> readersOf(func::CallOp call, SymbolTable &symbols) {
    llvm::SetVector<func::CallOp> readers;
    auto add = [&](Operation *user) {
      auto reader = dyn_cast<func::CallOp>(user);
      auto isSmall = [](Type type) { return cast<RankedTensorType>(type).getNumElements() <= kSmallElements; };
      if (reader && isLoop(symbols.lookup<func::FuncOp>(reader.getCallee())) &&
          llvm::all_of(reader.getResultTypes(), isSmall))
        readers.insert(reader);
    };
    for (Operation *user : call->getUsers())
      if (isa<hf::ReshapeOp>(user))
        llvm::for_each(user->getUsers(), add);
      else
        add(user);
    SmallVector<func::CallOp> ordered = readers.takeVector();
    llvm::sort(ordered, [](func::CallOp a, func::CallOp b) { return a->isBeforeInBlock(b); });
    if (ordered.empty())
      return ordered;
    func::CallOp first = ordered.front();
    llvm::erase_if(ordered, [&](func::CallOp reader) {
      return reader != first && llvm::any_of(reader.getOperands(), [&](Value operand) {
               Operation *def = operand.getDefiningOp();
               return def && !def->isBeforeInBlock(first);
             });
    });
    return ordered;
  }

  /// What reads the products' results side by side, as the rotations of queries and keys, is one kernel.
  void joinReaders(func::CallOp call, SymbolTable &symbols, BodyTable &bodies) {
    SmallVector<func::CallOp> readers = readersOf(call, symbols);
    if (readers.size() < 2)
      return;
    BodyPlan plan;
    plan.kind = "loop";
    OpBuilder builder(readers.front());
    Location loc = readers.front().getLoc();
    DictionaryAttr attributes = readers.front()->getDiscardableAttrDictionary();
    llvm::SetVector<Value> arguments;
    for (func::CallOp reader : readers) {
      arguments.insert_range(reader.getOperands());
      inlined.insert(reader.getCalleeAttr().getAttr());
    }
    plan.arguments = arguments.takeVector();
    Operation *mark = readers.front()->getPrevNode();
    for (func::CallOp reader : readers)
      llvm::append_range(plan.results, inlineCall(reader, symbols.lookup<func::FuncOp>(reader.getCallee()), plan.ops));
    builder.setInsertionPointAfter(mark);
    auto joined = func::CallOp::create(builder, loc, bodies.getOrCreate(plan), plan.arguments);
    joined->setDiscardableAttrs(attributes);
    for (auto [old, now] : llvm::zip_equal(plan.results, joined.getResults()))
      old.replaceAllUsesWith(now);
    for (Operation *op : llvm::reverse(plan.ops))
      op->erase();
    numJoined += readers.size();
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
