//===- CheckShardingRules.cpp - --hfc-check-sharding-rules
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Interpreter/Distribution/Passes.h"

#include "Pieces.h"

#include "dialects/dist/Sharding.h"
#include "dialects/hf/TensorBuilder.h"
#include "hfc/Interpreter/Interpreter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

#include <cmath>
#include <random>

namespace hfc {
#define GEN_PASS_DEF_CHECKSHARDINGRULES
#include "hfc/Interpreter/Distribution/Passes.h.inc"
} // namespace hfc

using namespace hfc;
using namespace hfc::interpreter;
using dist::ReductionKind;
using dist::Rule;
using dist::ShardingAttr;

namespace {

using Tensors = SmallVector<Tensor, 4>;

constexpr StringLiteral entryName = "op", axisName = "x";

/// A module with one function, whose body `build` makes from its arguments.
OwningOpRef<ModuleOp> makeModule(Location loc, TypeRange arguments, TypeRange results,
                                 function_ref<SmallVector<Value>(OpBuilder &, ValueRange)> build) {
  OpBuilder builder(loc.getContext());
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  builder.setInsertionPointToEnd(module->getBody());
  auto function =
      func::FuncOp::create(builder, loc, entryName, FunctionType::get(loc.getContext(), arguments, results));
  for (unsigned i = 0; i < arguments.size(); ++i)
    function.setArgAttr(i, "hf.input", builder.getStringAttr("in" + Twine(i)));
  for (unsigned i = 0; i < results.size(); ++i)
    function.setResultAttr(i, "hf.output", builder.getStringAttr("out" + Twine(i)));
  builder.setInsertionPointToEnd(function.addEntryBlock());
  SmallVector<Value> values = build(builder, function.getArguments());
  func::ReturnOp::create(builder, loc, values);
  return module;
}

/// Checks the rule of one op.
class RuleChecker {
public:
  RuleChecker(Operation *op, const Rule &rule)
      : op(op), rule(rule), domain(createDomain("float64")), random(op->getNumOperands()) {}

  LogicalResult check(int64_t &cuts, int64_t &sums) {
    for (Value operand : op->getOperands())
      operands.push_back(randomValue(operand));
    if (failed(runWhole(operands, whole)))
      return failure();
    for (unsigned factor = 0; factor < rule.sizes.size(); ++factor)
      if (canCut(factor)) {
        ++cuts;
        if (failed(checkCut(factor)))
          return failure();
      }
    for (ArrayRef<unsigned> group : rule.linear) {
      ++sums;
      if (failed(checkLinear(group)))
        return failure();
    }
    return success();
  }

private:
  // Values.

  Tensor randomValue(Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    Tensor tensor(*elementOf(type.getElementType()), type.getShape());
    auto [least, most] = rangeOf(value);
    for (Word &word : tensor.mutableWords())
      if (isFloat(tensor.getElement()))
        word = domain->fromReal(std::uniform_real_distribution<double>(-1, 1)(random), tensor.getElement());
      else
        word = static_cast<Word>(std::uniform_int_distribution<int64_t>(least, most)(random));
    return tensor;
  }

  /// What a function says of an argument of integers.
  static std::pair<int64_t, int64_t> rangeOf(Value value) {
    auto argument = dyn_cast<BlockArgument>(value);
    auto function = argument ? dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp()) : func::FuncOp();
    auto number = [&](StringRef name, int64_t otherwise) {
      auto attribute = function ? function.getArgAttrOfType<IntegerAttr>(argument.getArgNumber(), name) : IntegerAttr();
      return attribute ? attribute.getInt() : otherwise;
    };
    int64_t least = number("hf.min", 0);
    return {least, std::max(least, number("hf.max", 1))};
  }

  template <typename Combine>
  Tensor combined(const Tensor &a, const Tensor &b, Combine combine) {
    Tensor result(a.getElement(), a.getShape());
    for (int64_t i = 0; i < a.size(); ++i)
      result.mutableWords()[i] =
          isFloat(a.getElement())
              ? domain->fromReal(combine(domain->toReal(a.words()[i]), domain->toReal(b.words()[i])), a.getElement())
              : static_cast<Word>(combine(a.integer(i), b.integer(i)));
    return result;
  }

  Tensor combined(ReductionKind kind, const Tensor &a, const Tensor &b) {
    return combined(a, b, [&](auto x, auto y) {
      return kind == ReductionKind::max ? std::max(x, y) : kind == ReductionKind::min ? std::min(x, y) : x + y;
    });
  }

  bool agree(const Tensor &a, const Tensor &b) {
    for (int64_t i = 0; i < a.size(); ++i) {
      if (a.words()[i] == b.words()[i])
        continue;
      if (!isFloat(a.getElement()))
        return false;
      double x = domain->toReal(a.words()[i]), y = domain->toReal(b.words()[i]);
      bool bothNaN = std::isnan(x) && std::isnan(y);
      if (!bothNaN && !(std::abs(x - y) <= 1e-9 * (1 + std::abs(x))))
        return false;
    }
    return true;
  }

  // Execution.

  LogicalResult run(ModuleOp module, ArrayRef<Tensor> inputs, Tensors &results) {
    Options options;
    options.domain = "float64";
    TensorMap map;
    for (auto [i, input] : llvm::enumerate(inputs))
      map["in" + std::to_string(i)] = input;
    auto interpreter = Interpreter::create(module, options);
    if (!interpreter)
      return op->emitOpError("could not be run: ") << llvm::toString(interpreter.takeError());
    auto outputs = (*interpreter)->run(entryName, map);
    if (!outputs)
      return op->emitOpError("could not be run: ") << llvm::toString(outputs.takeError());
    for (unsigned i = 0; i < op->getNumResults(); ++i)
      results.push_back((*outputs)["out" + std::to_string(i)]);
    return success();
  }

  LogicalResult runWhole(ArrayRef<Tensor> inputs, Tensors &results) {
    auto build = [&](OpBuilder &builder, ValueRange arguments) {
      return cloneWith(builder, arguments, op->getResultTypes());
    };
    OwningOpRef<ModuleOp> module = makeModule(op->getLoc(), op->getOperandTypes(), op->getResultTypes(), build);
    return run(*module, inputs, results);
  }

  SmallVector<Value> cloneWith(OpBuilder &builder, ValueRange arguments, TypeRange results) {
    IRMapping mapping;
    mapping.map(op->getOperands(), arguments);
    Operation *copy = builder.clone(*op, mapping);
    copy->setOperands(arguments);
    copy->removeAttr(dist::ruleName);
    for (auto [result, type] : llvm::zip_equal(copy->getResults(), results))
      result.setType(type);
    return SmallVector<Value>(copy->getResults());
  }

  // Cuts.

  bool isInAny(unsigned factor, ArrayRef<Rule::Tensor> tensors) const {
    return llvm::any_of(tensors, [&](const Rule::Tensor &tensor) { return rule.isIn(factor, tensor); });
  }

  /// Padding only where it cannot change anything: alone in its dimensions, and not reduced but by a sum.
  bool canCut(unsigned factor) const {
    if (rule.roles[factor] == Rule::Role::whole || rule.sizes[factor] < 2)
      return false;
    if (rule.sizes[factor] % 2 == 0)
      return true;
    for (ArrayRef<Rule::Tensor> tensors : {ArrayRef(rule.operands), ArrayRef(rule.results)})
      for (const Rule::Tensor &tensor : tensors)
        for (const Rule::Dim &dim : tensor)
          if (dim.size() > 1 && llvm::is_contained(dim, factor))
            return false;
    return rule.kind == ReductionKind::sum;
  }

  SmallVector<Type> localTypes(TypeRange types, ArrayRef<Rule::Tensor> tensors, unsigned factor) {
    SmallVector<Type> local;
    for (auto [type, tensor] : llvm::zip_equal(types, tensors))
      local.push_back(cast<RankedTensorType>(type).clone(Pieces(rule, tensor, factor).localShape()));
    return local;
  }

  SmallVector<ShardingAttr> shardings(TypeRange types, ArrayRef<Rule::Tensor> tensors, unsigned factor) {
    MLIRContext *context = op->getContext();
    auto axis = dist::AxisRefAttr::get(context, StringAttr::get(context, axisName), 0, 0);
    SmallVector<ShardingAttr> all;
    for (auto [type, tensor] : llvm::zip_equal(types, tensors)) {
      ShardingAttr sharding = ShardingAttr::replicated(context, tensor.size());
      for (auto [index, dim] : llvm::enumerate(tensor))
        if (llvm::is_contained(dim, factor))
          sharding = sharding.withDim(index, axis);
      all.push_back(sharding.withGlobal(cast<RankedTensorType>(type).getShape()));
    }
    return all;
  }

  /// The op as a rank executes it; its place along the axis is `part`.
  SmallVector<Value> buildLocal(OpBuilder &builder, ValueRange arguments, unsigned factor, int64_t part) {
    auto localizable = dyn_cast<dist::LocalizeOpInterface>(op);
    if (!localizable)
      return cloneWith(builder, arguments, localTypes(op->getResultTypes(), rule.results, factor));
    MLIRContext *context = op->getContext();
    auto mesh = dist::MeshAttr::get(context, ArrayRef(StringAttr::get(context, axisName)), ArrayRef<int64_t>(2));
    SmallVector<Value> values =
        localizable.localize(builder, arguments, shardings(op->getOperandTypes(), rule.operands, factor),
                             shardings(op->getResultTypes(), rule.results, factor), mesh);
    for (Operation &each : llvm::make_early_inc_range(*builder.getInsertionBlock()))
      if (auto place = dyn_cast<dist::AxisIndexOp>(each)) {
        OpBuilder here(place);
        hf::TensorBuilder tb(here, place.getLoc());
        place.replaceAllUsesWith(tb.splat(cast<RankedTensorType>(place.getType()), static_cast<double>(part)));
        place.erase();
      }
    return values;
  }

  /// A piece of each operand. Of operands that are added to one that is cut, and that no result can tell, one rank has
  /// all.
  Tensors takePieces(unsigned factor, int64_t part) {
    Tensors pieces;
    bool isReduced = !isInAny(factor, rule.results);
    for (auto [number, operand] : llvm::enumerate(operands)) {
      Pieces cut(rule, rule.operands[number], factor);
      bool isAddend = isReduced && part > 0 && !cut.isCut() && isAddedToCut(number, factor);
      pieces.push_back(isAddend ? Tensor(operand.getElement(), operand.getShape()) : cut.take(operand, part));
    }
    return pieces;
  }

  bool isAddedToCut(unsigned operand, unsigned factor) const {
    return llvm::any_of(rule.linear, [&](const auto &group) {
      return llvm::is_contained(group, operand) &&
             llvm::any_of(group, [&](unsigned other) { return rule.isIn(factor, rule.operands[other]); });
    });
  }

  LogicalResult checkCut(unsigned factor) {
    Tensors parts[2];
    for (int64_t part = 0; part < 2; ++part) {
      auto build = [&](OpBuilder &builder, ValueRange arguments) {
        return buildLocal(builder, arguments, factor, part);
      };
      OwningOpRef<ModuleOp> module = makeModule(op->getLoc(), localTypes(op->getOperandTypes(), rule.operands, factor),
                                                localTypes(op->getResultTypes(), rule.results, factor), build);
      if (failed(run(*module, takePieces(factor, part), parts[part])))
        return failure();
    }
    for (auto [number, expected] : llvm::enumerate(whole)) {
      Pieces cut(rule, rule.results[number], factor);
      Tensor found(expected.getElement(), expected.getShape());
      for (int64_t part = 0; part < 2 && cut.isCut(); ++part)
        cut.put(parts[part][number], part, found);
      if (!cut.isCut())
        found = rule.isReducedIn(factor, number) ? combined(rule.kind, parts[0][number], parts[1][number])
                                                 : parts[0][number];
      if (!agree(expected, found))
        return wrong() << "cut in two along '" << nameOf(factor) << "' (" << rule.sizes[factor] << "), result "
                       << number << " differs from the whole op's";
    }
    return success();
  }

  // Sums.

  LogicalResult checkLinear(ArrayRef<unsigned> group) {
    Tensors addends[2] = {operands, operands}, results[2];
    for (unsigned operand : group) {
      addends[0][operand] = randomValue(op->getOperand(operand));
      addends[1][operand] = combined(operands[operand], addends[0][operand], [](auto x, auto y) { return x - y; });
    }
    for (int i : {0, 1})
      if (failed(runWhole(addends[i], results[i])))
        return failure();
    for (auto [number, expected] : llvm::enumerate(whole))
      if ((!rule.separate || llvm::is_contained(group, number)) &&
          !agree(expected, combined(ReductionKind::sum, results[0][number], results[1][number])))
        return wrong() << "result " << number << " is not linear in operands [" << group << "] together";
    return success();
  }

  InFlightDiagnostic wrong() {
    return op->emitOpError("has a wrong sharding rule, ") << dist::toAttribute(op->getContext(), rule) << ": ";
  }

  StringRef nameOf(unsigned factor) const {
    return dist::toAttribute(op->getContext(), rule).getFactorNames()[factor].getValue();
  }

  Operation *op;
  const Rule &rule;
  std::unique_ptr<Domain> domain;
  std::mt19937_64 random;
  Tensors operands, whole;
};

struct CheckShardingRules : hfc::impl::CheckShardingRulesBase<CheckShardingRules> {
  void runOnOperation() override {
    int64_t cuts = 0, sums = 0;
    WalkResult result = getOperation().walk([&](Operation *op) {
      if (!isa_and_nonnull<hf::HfDialect>(op->getDialect()) || op->getNumResults() == 0)
        return WalkResult::advance();
      FailureOr<Rule> rule = dist::getRule(op);
      return WalkResult(succeeded(rule) ? RuleChecker(op, *rule).check(cuts, sums) : LogicalResult(success()));
    });
    numCuts += cuts;
    numSums += sums;
    if (result.wasInterrupted())
      return signalPassFailure();
    getOperation().emitRemark() << cuts << " cuts and " << sums << " sums agree";
    markAllAnalysesPreserved();
  }
};

} // namespace
