//===- FuseColumnSums.cpp - --hfc-fuse-column-sums
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Transforms/Fusion/Passes.h"

#include "FusionGraph.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"
#include <map>

namespace hfc {
#define GEN_PASS_DEF_FUSECOLUMNSUMS
#include "hfc/Transforms/Fusion/Passes.h.inc"
} // namespace hfc

using namespace hfc;
using namespace hfc::fusion;

/// Sums of more columns take more of a block's scratch memory than leaves room for other blocks.
static constexpr int64_t kMostColumns = 4096;

namespace {
/// A call that sums columns over parts of all rows, and the one that adds up the parts.
struct Sums {
  func::CallOp parts, total;
  func::FuncOp body;
  hf::ReduceOp reduce;
  int64_t rows, columns;
};

class FuseColumnSumsPass : public hfc::impl::FuseColumnSumsBase<FuseColumnSumsPass> {
public:
  using FuseColumnSumsBase::FuseColumnSumsBase;

  void runOnOperation() override {
    if (rowsOfBlock < 2 || blocks < 1) {
      getOperation().emitError("hfc-fuse-column-sums: rows must be at least 2, and blocks at least 1");
      return signalPassFailure();
    }
    SymbolTable table(getOperation());
    symbols = &table;
    for (auto entry : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (entry.isPublic() && !entry.isDeclaration() && entry.getBody().hasOneBlock())
        fuse(entry);
    eraseUncalled();
  }

private:
  using Key = std::pair<std::pair<Operation *, Operation *>, SmallVector<unsigned>>;

  void fuse(func::FuncOp entry) {
    SmallVector<Sums> all;
    for (auto call : entry.getBody().front().getOps<func::CallOp>())
      if (std::optional<Sums> sums = matchSums(call))
        all.push_back(*sums);
    for (Sums &sums : all)
      if (func::CallOp rows = findRows(sums))
        replace(sums, rows);
  }

  func::FuncOp bodyOf(func::CallOp call, StringRef kind) {
    auto body = call ? symbols->lookup<func::FuncOp>(call.getCallee()) : func::FuncOp();
    auto found = body ? body->getAttrOfType<StringAttr>("kernel.kind") : StringAttr();
    return found && found.getValue() == kind && body.getBody().hasOneBlock() ? body : func::FuncOp();
  }

  /// The sum, over `dim` alone, that is all a column body gives.
  static hf::ReduceOp onlySum(func::FuncOp body, int64_t dim) {
    auto reductions = body.getOps<hf::ReduceOp>();
    if (body.getNumResults() != 1 || !llvm::hasSingleElement(reductions))
      return nullptr;
    hf::ReduceOp sum = *reductions.begin();
    bool fits = sum.getKind() == hf::Reduction::sum && sum.getDims() == ArrayRef<int64_t>{dim} &&
                sum.getType().getElementType().isF32() && sum->hasOneUse() &&
                body.getBody().front().getTerminator()->getOperand(0) == sum.getResult();
    return fits ? sum : nullptr;
  }

  std::optional<Sums> matchSums(func::CallOp call) {
    func::FuncOp body = bodyOf(call, "column");
    hf::ReduceOp sum = body ? onlySum(body, 1) : nullptr;
    if (!sum || shapeOf(sum.getX()).size() != 3 || !sum.getX().getDefiningOp<hf::ReshapeOp>() ||
        !call.getResult(0).hasOneUse())
      return std::nullopt;
    auto total = dyn_cast<func::CallOp>(*call->getUsers().begin());
    func::FuncOp last = bodyOf(total, "column");
    if (!last || last.getNumArguments() != 1 || !onlySum(last, 0) || !llvm::hasNItems(last.getBody().front(), 2))
      return std::nullopt;
    ArrayRef<int64_t> shape = shapeOf(sum.getX());
    return Sums{call, total, body, sum, shape[0] * shape[1], shape[2]};
  }

  /// Rows that a block of the new kernel has; 0 if there would not be blocks enough.
  int64_t chooseRows(const Sums &sums) const {
    int64_t share = rowsOfBlock;
    while (share > 1 && (sums.rows % share || sums.rows / share < blocks))
      --share;
    return share > 1 && sums.columns <= kMostColumns && sums.columns > 1 ? share : 0;
  }

  /// A row kernel of the same rows that reads all that is as large.
  func::CallOp findRows(const Sums &sums) {
    if (!chooseRows(sums))
      return nullptr;
    func::CallOp parts = sums.parts;
    int64_t size = sums.rows * sums.columns;
    auto isLarge = [&](Value value) { return ShapedType::getNumElements(shapeOf(value)) >= size; };
    for (Value operand : parts.getOperands()) {
      if (!isLarge(operand))
        continue;
      for (Operation *user : operand.getUsers()) {
        auto call = dyn_cast<func::CallOp>(user);
        bool readsAll = call && call != parts && llvm::all_of(parts.getOperands(), [&](Value value) {
                          return !isLarge(value) || llvm::is_contained(call.getOperands(), value);
                        });
        if (readsAll && hasRows(bodyOf(call, "row"), sums) && mayStandAt(sums, call))
          return call;
      }
    }
    return nullptr;
  }

  static bool hasRows(func::FuncOp body, const Sums &sums) {
    if (!body)
      return false;
    return llvm::all_of(body.getOps<hf::ReduceOp>(), [&](hf::ReduceOp reduce) {
      ArrayRef<int64_t> full = shapeOf(reduce.getX()), kept = shapeOf(reduce.getResult());
      return full.back() == sums.columns && llvm::product_of(kept) == sums.rows && kept == full.drop_back();
    });
  }

  /// Whether all that the sums read is there in front of `call`, and nothing needs them before it.
  static bool mayStandAt(const Sums &sums, func::CallOp call) {
    func::CallOp parts = sums.parts, total = sums.total;
    auto isThere = [&](Value value) {
      Operation *def = value.getDefiningOp();
      return !def || def->isBeforeInBlock(call);
    };
    return llvm::all_of(parts.getOperands(), isThere) &&
           llvm::all_of(total->getUsers(), [&](Operation *user) { return call->isBeforeInBlock(user); });
  }

  void replace(Sums &sums, func::CallOp rows) {
    int64_t share = chooseRows(sums);
    SmallVector<Value> operands(rows.getOperands());
    SmallVector<unsigned> places;
    for (Value operand : sums.parts.getOperands()) {
      places.push_back(llvm::find(operands, operand) - operands.begin());
      if (places.back() == operands.size())
        operands.push_back(operand);
    }
    func::FuncOp body = fusedBody(sums, bodyOf(rows, "row"), places, share);
    func::FuncOp last = totalBody(sums, sums.rows / share);
    OpBuilder builder(rows);
    auto loc = FusedLoc::get(&getContext(), {rows.getLoc(), sums.parts.getLoc()});
    auto fused = func::CallOp::create(builder, loc, body, operands);
    auto total = func::CallOp::create(builder, sums.total.getLoc(), last, fused.getResults().back());
    fused->setDiscardableAttrs(rows->getDiscardableAttrDictionary());
    total->setDiscardableAttrs(sums.total->getDiscardableAttrDictionary());
    rows.replaceAllUsesWith(fused.getResults().drop_back());
    sums.total.replaceAllUsesWith(total);
    for (func::FuncOp old : {bodyOf(rows, "row"), sums.body, bodyOf(sums.total, "column")})
      replaced.insert(old);
    for (func::CallOp old : {sums.total, sums.parts, rows})
      old.erase();
    ++numFused;
  }

  func::FuncOp makeBody(func::FuncOp before, StringRef name, StringRef kind, TypeRange arguments) {
    OpBuilder builder(before);
    auto body = func::FuncOp::create(builder, before.getLoc(), name, builder.getFunctionType(arguments, {}));
    body.setPrivate();
    body->setAttr("kernel.kind", builder.getStringAttr(kind));
    body.addEntryBlock();
    return body;
  }

  void finishBody(func::FuncOp body, ValueRange results) {
    auto builder = OpBuilder::atBlockEnd(&body.getBody().front());
    func::ReturnOp::create(builder, body.getLoc(), results);
    body.setType(builder.getFunctionType(body.getArgumentTypes(), results.getTypes()));
    symbols->insert(body);
  }

  /// The row body `rows` that also sums columns, over the rows of a block each. The `places` of its operands are where
  /// the sums find theirs.
  func::FuncOp fusedBody(Sums &sums, func::FuncOp rows, ArrayRef<unsigned> places, int64_t share) {
    func::FuncOp &body = fused[Key{{rows, sums.body}, SmallVector<unsigned>(places)}];
    if (body)
      return body;
    SmallVector<Type> arguments(rows.getArgumentTypes());
    for (auto [place, type] : llvm::zip_equal(places, sums.body.getArgumentTypes()))
      if (place == arguments.size())
        arguments.push_back(type);
    body = makeBody(rows, rows.getName(), "row", arguments);
    auto builder = OpBuilder::atBlockEnd(&body.getBody().front());
    IRMapping mapping;
    mapping.map(rows.getArguments(), body.getArguments().take_front(rows.getNumArguments()));
    for (Operation &op : rows.getBody().front().without_terminator())
      builder.clone(op, mapping);
    auto results = llvm::map_to_vector(rows.getBody().front().getTerminator()->getOperands(),
                                       [&](Value value) { return mapping.lookup(value); });
    for (auto [place, argument] : llvm::zip_equal(places, sums.body.getArguments()))
      mapping.map(argument, body.getArgument(place));
    for (Operation &op : sums.body.getBody().front().without_terminator())
      if (&op != sums.reduce && &op != sums.reduce.getX().getDefiningOp())
        builder.clone(op, mapping);
    auto reshape = cast<hf::ReshapeOp>(sums.reduce.getX().getDefiningOp());
    Type element = sums.reduce.getType().getElementType();
    int64_t parts = sums.rows / share;
    Value cut =
        hf::ReshapeOp::create(builder, reshape.getLoc(), RankedTensorType::get({parts, share, sums.columns}, element),
                              mapping.lookup(reshape.getX()));
    results.push_back(hf::ReduceOp::create(builder, sums.reduce.getLoc(),
                                           RankedTensorType::get({parts, sums.columns}, element), hf::Reduction::sum,
                                           cut, ArrayRef<int64_t>{1}));
    finishBody(body, results);
    return body;
  }

  /// The body that adds up `parts` parts.
  func::FuncOp totalBody(Sums &sums, int64_t parts) {
    func::FuncOp old = bodyOf(sums.total, "column"), &body = totals[{old, parts}];
    if (body)
      return body;
    auto type = RankedTensorType::get({parts, sums.columns}, sums.reduce.getType().getElementType());
    body = makeBody(old, old.getName(), "column", type);
    auto builder = OpBuilder::atBlockEnd(&body.getBody().front());
    Value sum = hf::ReduceOp::create(builder, old.getLoc(), cast<RankedTensorType>(old.getResultTypes()[0]),
                                     hf::Reduction::sum, body.getArgument(0), ArrayRef<int64_t>{0});
    finishBody(body, sum);
    return body;
  }

  /// Of the bodies that calls were replaced of, those that nothing calls any more.
  void eraseUncalled() {
    llvm::DenseSet<StringAttr> called;
    if (!replaced.empty())
      getOperation().walk([&](func::CallOp call) { called.insert(call.getCalleeAttr().getAttr()); });
    for (func::FuncOp body : replaced)
      if (!called.contains(body.getSymNameAttr()))
        symbols->erase(body);
  }

  SymbolTable *symbols = nullptr;
  llvm::SetVector<func::FuncOp> replaced;
  std::map<Key, func::FuncOp> fused;
  std::map<std::pair<Operation *, int64_t>, func::FuncOp> totals;
};
} // namespace
