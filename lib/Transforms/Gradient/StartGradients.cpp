//===- StartGradients.cpp - --hfc-start-gradients
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Transforms/Gradient/Passes.h"

#include "dialects/hf/Hf.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/BitVector.h"

namespace hfc {
#define GEN_PASS_DEF_STARTGRADIENTS
#include "hfc/Transforms/Gradient/Passes.h.inc"
} // namespace hfc

using namespace hfc;

/// Whether `value` is more than other values moved: a kernel or a product that writes it.
static bool isComputed(Value value) {
  Operation *op = value.getDefiningOp();
  while (op && isa<hf::ConvertOp, hf::ReshapeOp>(op))
    op = op->getOperand(0).getDefiningOp();
  return op && (isa<hf::LinearWgradOp, hf::MatmulOp, hf::ReduceOp>(op) || op->hasTrait<OpTrait::Elementwise>());
}

/// What is added to `state`, if nothing else is done with it, and that can be written in its place; or null.
static hf::AddOp onlySum(BlockArgument state) {
  auto add = state.hasOneUse() ? dyn_cast<hf::AddOp>(*state.user_begin()) : hf::AddOp();
  return add && isComputed(add.getLhs() == state ? add.getRhs() : add.getLhs()) ? add : hf::AddOp();
}

/// The state that result number `result` of `entry` is the next value of, if that is zero.
static Attribute zeroedState(func::FuncOp entry, unsigned result) {
  Value value = entry.getBody().front().getTerminator()->getOperand(result);
  bool isZero = matchPattern(value, m_AnyZeroFloat());
  return isZero ? entry.getResultAttr(result, "hf.state") : Attribute();
}

namespace {
class StartGradientsPass : public hfc::impl::StartGradientsBase<StartGradientsPass> {
public:
  using StartGradientsBase::StartGradientsBase;

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    auto begin = symbols.lookup<func::FuncOp>("begin_step"), last = symbols.lookup<func::FuncOp>("last_micro_step");
    // Several micro-batches add to what the first has left.
    if (!begin || !last || symbols.lookup("micro_step"))
      return;
    for (func::FuncOp entry : {begin, last})
      if (!entry.getBody().hasOneBlock()) {
        entry.emitOpError("is an entry, and entries have one block");
        return signalPassFailure();
      }
    collectGradients(symbols);
    start(begin, last);
  }

private:
  void collectGradients(SymbolTable &symbols) {
    for (auto state : getOperation().getOps<hf::StateOp>())
      if (auto role = state->getAttrOfType<StringAttr>("hf.role");
          role && (role.getValue() == "gradient" || role.getValue() == "accumulator"))
        gradients.insert(FlatSymbolRefAttr::get(state.getSymNameAttr()));
  }

  void start(func::FuncOp begin, func::FuncOp last) {
    DenseMap<Attribute, unsigned> zeroed;
    for (unsigned result : llvm::seq(begin.getNumResults()))
      if (Attribute state = zeroedState(begin, result); state && gradients.contains(state))
        zeroed[state] = result;
    llvm::BitVector results(begin.getNumResults()), arguments(last.getNumArguments());
    for (BlockArgument argument : last.getArguments()) {
      auto place = zeroed.find(last.getArgAttr(argument.getArgNumber(), "hf.state"));
      hf::AddOp add = place == zeroed.end() ? hf::AddOp() : onlySum(argument);
      if (!add)
        continue;
      add.replaceAllUsesWith(add.getLhs() == argument ? add.getRhs() : add.getLhs());
      add.erase();
      results.set(place->second);
      arguments.set(argument.getArgNumber());
      ++numStarted;
    }
    begin.getBody().front().getTerminator()->eraseOperands(results);
    // The indices are in range, so these do not fail.
    (void)begin.eraseResults(results);
    (void)last.eraseArguments(arguments);
  }

  DenseSet<Attribute> gradients;
};
} // namespace
