//===- FuseFewRows.cpp - --hfc-fuse-few-rows
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Transforms/Fusion/Passes.h"

#include "FusionGraph.h"
#include "Outline.h"
#include "PrepareEntry.h"
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

  /// Whether a body makes one row of its arguments, elementwise but for sums over the row, as norms do.
  static bool isNorm(func::FuncOp body, ArrayRef<int64_t> shape) {
    if (!isOfKind(body, "row"))
      return false;
    int64_t depth = shape.back();
    auto isOfRow = [&](Operation &op) {
      auto reduce = dyn_cast<hf::ReduceOp>(op);
      bool isKnown = isElementwise(&op) || isa<hf::ConstantOp, hf::BroadcastOp, func::ReturnOp>(op) ||
                     (reduce && shapeOf(reduce.getX()) == shape && reduce.getDims().size() == 1 &&
                      reduce.getType().getElementType().isF32());
      return isKnown &&
             llvm::all_of(op.getResults(), [&](Value value) { return llvm::product_of(shapeOf(value)) <= depth; });
    };
    return llvm::all_of(body.getBody().front(), isOfRow) &&
           llvm::all_of(body.getArguments(), [&](Value value) { return llvm::product_of(shapeOf(value)) == depth; }) &&
           llvm::all_of(body.getResultTypes(),
                        [&](Type type) { return cast<RankedTensorType>(type).getShape() == shape; });
  }

  /// The kernel that makes the one row that these products read, and nothing else reads, if each of their blocks may as
  /// well make it: what they then read more takes less time than a launch.
  func::CallOp normOf(ArrayRef<hf::LinearOp> products, bool hasEpilogue, SymbolTable &symbols) const {
    Value x = products.front()->getOperand(0);
    auto call = x.getDefiningOp<func::CallOp>();
    ArrayRef<int64_t> shape = shapeOf(x);
    if (!call || llvm::product_of(shape) != shape.back() ||
        !isNorm(symbols.lookup<func::FuncOp>(call.getCallee()), shape))
      return nullptr;
    auto isOwn = [&](Operation *user) {
      auto product = dyn_cast<hf::LinearOp>(user);
      return product && llvm::is_contained(products, product) && product.getWeight() != x && product.getBias() != x;
    };
    for (Value result : call.getResults())
      for (Operation *user : result.getUsers())
        if (result == x ? !isOwn(user) : !products.front()->isBeforeInBlock(user))
          return nullptr;
    int64_t blocks = 0, bytes = -bytesOf(x);
    for (hf::LinearOp product : products)
      blocks = hasEpilogue ? shapeOf(product.getWeight())[0] : blocks + shapeOf(product.getWeight())[0];
    for (Value operand : call.getOperands())
      bytes += bytesOf(operand);
    return blocks * bytes <= normBytes ? call : nullptr;
  }

  static int64_t bytesOf(Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    return type.getNumElements() * type.getElementTypeBitWidth() / 8;
  }

  /// Puts what makes the products' row in front of them, into `plan`.
  void inlineNorm(func::CallOp norm, Value x, SymbolTable &symbols, BodyPlan &plan, llvm::SetVector<Value> &arguments) {
    arguments.insert_range(norm.getOperands());
    inlined.insert(norm.getCalleeAttr().getAttr());
    SmallVector<bool> isResult = llvm::map_to_vector(
        norm.getResults(), [&](OpResult result) { return Value(result) != x && !result.use_empty(); });
    SmallVector<Value> made = inlineCall(norm, symbols.lookup<func::FuncOp>(norm.getCallee()), plan.ops);
    for (auto [value, returned] : llvm::zip_equal(made, isResult))
      if (returned)
        plan.results.push_back(value);
    ++numNorms;
  }

  void outline(ArrayRef<hf::LinearOp> products, SymbolTable &symbols, BodyTable &bodies) {
    BodyPlan plan;
    plan.kind = "few_rows";
    llvm::SetVector<Value> arguments;
    SmallVector<Location> locs{products.front()->getLoc()};
    func::CallOp epilogue = products.front()->use_empty() ? func::CallOp() : epilogueOf(products, symbols);
    func::CallOp norm = normOf(products, epilogue != nullptr, symbols);
    if (norm) {
      locs.insert(locs.begin(), norm.getLoc());
      inlineNorm(norm, products.front()->getOperand(0), symbols, plan, arguments);
    }
    for (hf::LinearOp product : products) {
      arguments.insert_range(product->getOperands().drop_front(norm ? 1 : 0));
      plan.ops.push_back(product);
      if (!epilogue)
        plan.results.push_back(product);
    }
    plan.arguments = arguments.takeVector();
    if (epilogue) {
      StringAttr name = epilogue.getCalleeAttr().getAttr();
      llvm::append_range(plan.results,
                         inlineCall(epilogue, symbols.lookup<func::FuncOp>(epilogue.getCallee()), plan.ops));
      inlined.insert(name);
      ++numEpilogues;
    }
    OpBuilder builder(products.front());
    auto call = func::CallOp::create(builder, FusedLoc::get(builder.getContext(), locs), bodies.getOrCreate(plan),
                                     plan.arguments);
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

  /// Puts what `call` computes in its place, and behind `ops`, which remember the kernel's name. Returns its results.
  static SmallVector<Value> inlineCall(func::CallOp call, func::FuncOp body, SmallVectorImpl<Operation *> &ops) {
    OpBuilder builder(call);
    IRMapping mapping;
    mapping.map(body.getArguments(), call.getOperands());
    Block &block = body.getBody().front();
    auto origin = builder.getStringAttr(body.getName().rtrim("0123456789").rtrim('_'));
    for (Operation &op : block.without_terminator()) {
      ops.push_back(builder.clone(op, mapping));
      ops.back()->setDiscardableAttr(originName, origin);
    }
    auto results =
        llvm::map_to_vector(block.getTerminator()->getOperands(), [&](Value value) { return mapping.lookup(value); });
    call.replaceAllUsesWith(results);
    call.erase();
    return results;
  }

  llvm::SetVector<StringAttr> inlined;
};
} // namespace
