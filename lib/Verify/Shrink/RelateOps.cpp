//===- RelateOps.cpp - what ops say of their sizes
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Relations.h"

using namespace hfc;
using namespace hfc::verify;
using dist::AxisListAttr;
using dist::CollectiveOpInterface;
using dist::Rule;

namespace hfc::verify {

/// An op's statements, over its pieces or over the whole tensors.
class OpSizes final : public dist::SizeRelations {
public:
  OpSizes(Relations &relations, Operation *op, bool ofWhole) : relations(relations), op(op), ofWhole(ofWhole) {}

  Size operand(unsigned index, unsigned dim) override { return shapeOf(op->getOperand(index))[dim]; }
  Size result(unsigned index, unsigned dim) override { return shapeOf(op->getResult(index))[dim]; }
  Size attribute(StringRef name, unsigned index) override;
  Size fresh(int64_t value) override { return relations.atoms.add(value); }
  int64_t valueOf(Size size) const override { return relations.atoms.sizeOf(size); }

  void equal(Size a, Size b) override { relations.atoms.unify(a, b); }
  void product(Size whole, ArrayRef<Size> factors) override { relations.atoms.unify(ArrayRef(whole), factors); }
  void sum(Size whole, ArrayRef<Size> parts) override {
    if (parts.size() == 1)
      return equal(whole, parts.front());
    relations.sums.push_back({whole, SmallVector<Size, 3>(parts)});
  }
  void atMost(Size small, Size large) override { relations.bounds.push_back({small, large}); }
  void keep(Size size) override { relations.atoms.keep(size); }
  void bounds(unsigned operand, Size size, int64_t plus) override;
  void byRule() override { takeRule(/*keepWhole=*/false); }

  /// What an op says that says nothing.
  void byDefault() { takeRule(/*keepWhole=*/true); }
  void keepAll();

private:
  ArrayRef<Size> shapeOf(Value value) const { return ofWhole ? relations.wholeOf(value) : relations.pieceOf(value); }
  void takeRule(bool keepWhole);
  FailureOr<Rule> findRule() const;
  void takeTensor(const Rule &rule, Value value, const Rule::Tensor &tensor);

  Relations &relations;
  Operation *op;
  bool ofWhole;
  SmallVector<Size> factors;
};

} // namespace hfc::verify

/// Where an op is asked for its pieces and for the whole tensors, the attribute is the same. A number that stands
/// alone, as a window does, is no dimension's: equal ones of that name are one size, in both programs, and different
/// ones keep their order (`orderNumbers`), so that one that differs from the other program's differs still.
Size OpSizes::attribute(StringRef name, unsigned index) {
  for (const AttributeSize &known : llvm::reverse(relations.attributes)) {
    if (known.op != op)
      break;
    if (known.name == name && known.index == index)
      return known.size;
  }
  Size size;
  if (auto number = op->getAttrOfType<IntegerAttr>(name)) {
    auto [found, isNew] = relations.numbers[name.str()].try_emplace(number.getInt(), 0);
    size = isNew ? found->second = fresh(number.getInt()) : found->second;
  } else {
    auto list = op->getAttrOfType<DenseI64ArrayAttr>(name);
    size = fresh(list && index < list.size() ? list[index] : 1);
  }
  relations.attributes.push_back({op, StringAttr::get(op->getContext(), name), index, size});
  return size;
}

void OpSizes::bounds(unsigned operand, Size size, int64_t plus) {
  auto argument = dyn_cast<BlockArgument>(op->getOperand(operand));
  auto entry = dyn_cast<func::FuncOp>(op->getParentOp());
  if (relations.isLocal || !argument || !entry)
    return;
  auto name = entry.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "hf.input");
  if (!name)
    return;
  InputRelation &input = relations.inputs[(entry.getName() + " <- " + name.getValue()).str()];
  if (!input.largest)
    input.largest = Limit{size, plus};
  // What counts along a dimension stays below what it looks up.
  auto filled = entry.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "hf.default");
  if (filled && filled.getValue() == "arange" && relations.rankOf(argument) > 0)
    atMost(relations.pieceOf(argument).back(), size);
}

void OpSizes::keepAll() {
  for (Value value : op->getOperands())
    for (Size size : shapeOf(value))
      keep(size);
  for (Value value : op->getResults())
    for (Size size : shapeOf(value))
      keep(size);
}

FailureOr<Rule> OpSizes::findRule() const {
  if (!ofWhole)
    return dist::getRule(op);
  auto wholeTypes = [&](ValueRange values) {
    SmallVector<Type> types;
    for (Value value : values) {
      SmallVector<int64_t> shape;
      for (Size size : relations.wholeOf(value))
        shape.push_back(relations.atoms.sizeOf(size));
      types.push_back(cast<RankedTensorType>(value.getType()).clone(shape));
    }
    return types;
  };
  return dist::getRule(op, wholeTypes(op->getOperands()), wholeTypes(op->getResults()));
}

void OpSizes::takeTensor(const Rule &rule, Value value, const Rule::Tensor &tensor) {
  constexpr Size none = ~0u;
  for (auto [size, dim] : llvm::zip_equal(SmallVector<Size>(shapeOf(value)), tensor)) {
    if (dim.size() == 1 && factors[dim.front()] == none) {
      factors[dim.front()] = size;
      continue;
    }
    SmallVector<Size> product;
    for (unsigned factor : dim) {
      if (factors[factor] == none)
        factors[factor] = fresh(rule.sizes[factor]);
      product.push_back(factors[factor]);
    }
    if (product.size() == 1)
      equal(size, product.front());
    else
      relations.atoms.unify(ArrayRef(size), product);
  }
}

void OpSizes::takeRule(bool keepWhole) {
  // A rule that stands on the op is over whole tensors, and says all that there is to say of its pieces.
  bool isStated = op->hasAttr(dist::ruleName);
  if (isStated && !ofWhole && relations.isLocal)
    return;
  FailureOr<Rule> rule = findRule();
  if (failed(rule) || rule->operands.size() != op->getNumOperands() || rule->results.size() != op->getNumResults())
    return keepAll();
  factors.assign(rule->sizes.size(), ~0u);
  for (auto [value, tensor] : llvm::zip_equal(op->getOperands(), rule->operands))
    takeTensor(*rule, value, tensor);
  for (auto [value, tensor] : llvm::zip_equal(op->getResults(), rule->results))
    takeTensor(*rule, value, tensor);
  for (auto [factor, size, role] : llvm::enumerate(rule->sizes, rule->roles)) {
    if (factors[factor] == ~0u)
      factors[factor] = fresh(size);
    if (keepWhole && role == Rule::Role::whole)
      keep(factors[factor]);
  }
  if (isStated)
    relations.ruleFactors[op] = factors;
}

/// The smaller of two numbers stays smaller.
void Relations::orderNumbers() {
  for (const auto &[name, byNumber] : numbers)
    for (auto smaller = byNumber.begin(); smaller != byNumber.end(); ++smaller)
      if (auto larger = std::next(smaller); larger != byNumber.end())
        bounds.push_back({smaller->second, larger->second});
}

//===----------------------------------------------------------------------===//
// Any op
//===----------------------------------------------------------------------===//

void Relations::tie(ArrayRef<Size> left, ArrayRef<Size> right) {
  if (left.size() == right.size())
    for (auto [a, b] : llvm::zip_equal(SmallVector<Size>(left), SmallVector<Size>(right)))
      atoms.unify(a, b);
}

void Relations::tieValues(Value left, Value right) {
  tie(pieceOf(left), pieceOf(right));
  if (hasWhole(left) && hasWhole(right))
    tie(wholeOf(left), wholeOf(right));
}

void Relations::relateFlat(Operation *, Value piece, ValueRange members, AxisListAttr axes) {
  FlatCut &flat = flatCuts.emplace_back();
  for (Value member : members)
    flat.members.emplace_back(pieceOf(member));
  flat.axes = axes;
  flat.piece = pieceOf(piece).front();
}

/// Whole tensors stay what they are; shardings say what becomes of the pieces. Dimensions in which nothing moves are
/// the same.
void Relations::relateCollective(CollectiveOpInterface op) {
  if (auto flat = dyn_cast<dist::ReduceScatterBucketOp>(*op))
    return relateFlat(op, flat.getResult(), flat.getInputs(), flat.getAxes());
  if (auto flat = dyn_cast<dist::AllGatherBucketOp>(*op))
    return relateFlat(op, flat.getInput(), flat.getResults(), flat.getAxes());
  if (op->getNumOperands() != op->getNumResults())
    return OpSizes(*this, op, /*ofWhole=*/false).keepAll();
  for (auto [operand, result] : llvm::zip_equal(op->getOperands(), op->getResults())) {
    for (auto [from, to] : llvm::zip_equal(SmallVector<Size>(pieceOf(operand)), SmallVector<Size>(pieceOf(result))))
      if (operand.getType() == result.getType() || (!hasWhole(operand) && atoms.sizeOf(from) == atoms.sizeOf(to)))
        atoms.unify(from, to);
    if (hasWhole(operand) && hasWhole(result)) {
      tie(wholeOf(operand), wholeOf(result));
    } else if (operand.getType() != result.getType()) {
      for (Value value : {Value(operand), Value(result)})
        for (Size size : SmallVector<Size>(pieceOf(value)))
          atoms.keep(size);
    }
  }
}

void Relations::relateOp(Operation *op) {
  if (isLocal)
    followPlace(op);
  if (auto collective = dyn_cast<CollectiveOpInterface>(op))
    return relateCollective(collective);
  if (isa<dist::DoneOp, dist::ReshardOp>(op)) {
    for (auto [operand, result] : llvm::zip_equal(op->getOperands(), op->getResults()))
      tieValues(operand, result);
    return;
  }
  if (op->hasTrait<OpTrait::IsTerminator>() || op->getNumResults() == 0)
    return;
  if (op->hasAttr(dist::sizeName))
    sized.push_back(op);
  if (auto constant = dyn_cast<hf::ConstantOp>(op); constant && !isa<DenseElementsAttr>(constant.getValue()))
    OpSizes(*this, op, /*ofWhole=*/false).keepAll();

  auto all = llvm::concat<Value>(SmallVector<Value>(op->getOperands()), SmallVector<Value>(op->getResults()));
  bool isCut = isLocal, isTensor = true;
  for (Value value : all) {
    isTensor &= isa<RankedTensorType>(value.getType());
    isCut &= isTensor && hasWhole(value);
  }
  if (!isTensor)
    return;
  if (op->hasTrait<OpTrait::Elementwise>()) {
    for (Value operand : op->getOperands())
      tie(pieceOf(operand), pieceOf(op->getResult(0)));
    if (isCut)
      for (Value operand : op->getOperands())
        tie(wholeOf(operand), wholeOf(op->getResult(0)));
    return;
  }
  if (op->hasTrait<OpTrait::SameOperandsAndResultType>() || op->hasTrait<OpTrait::SameOperandsAndResultShape>())
    for (Value operand : op->getOperands())
      tieValues(operand, op->getResult(0));
  // A piece that is taken of what is whole or has larger pieces.
  if (auto slice = dyn_cast<hf::SliceAtOp>(op); slice && isLocal && hasWhole(slice.getResult())) {
    ArrayRef<Size> from = hasWhole(slice.getX()) ? wholeOf(slice.getX()) : pieceOf(slice.getX());
    Size whole = from[slice.getDim()], taken = wholeOf(slice.getResult())[slice.getDim()];
    if (atoms.sizeOf(whole) == atoms.sizeOf(taken))
      atoms.unify(whole, taken);
  }
  if (keptOps.contains(op)) {
    OpSizes(*this, op, /*ofWhole=*/false).keepAll();
    if (isCut)
      OpSizes(*this, op, /*ofWhole=*/true).keepAll();
  }
  // Nothing is cut where both shapes are the same.
  bool isSame = isCut;
  if (isCut)
    for (Value value : all)
      isSame &= llvm::equal(pieceOf(value), wholeOf(value));
  SmallVector<bool, 2> views = isCut && !isSame ? SmallVector<bool, 2>{false, true} : SmallVector<bool, 2>{isCut};
  for (bool ofWhole : views) {
    OpSizes sizes(*this, op, ofWhole);
    if (auto relations = dyn_cast<dist::SizeRelationsOpInterface>(op))
      relations.relateSizes(sizes);
    else
      sizes.byDefault();
  }
}
