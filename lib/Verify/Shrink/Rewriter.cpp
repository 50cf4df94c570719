//===- Rewriter.cpp - gives a program its new sizes
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Rewriter.h"

#include <cmath>

using namespace hfc;
using namespace hfc::verify;
using dist::AxisListAttr;
using dist::ShardingAttr;
using dist::SizeAttr;

Rewriter::Rewriter(Relations &relations, Solver &solver, const Axes &axes)
    : relations(relations), solver(solver), axes(axes) {
  axesReplacer.addReplacement(
      [&axes](AxisListAttr list) { return std::make_pair(axes.shrunk(list), WalkResult::skip()); });
}

RankedTensorType Rewriter::newType(Type type, ArrayRef<Size> piece) {
  return cast<RankedTensorType>(type).clone(solver.valuesOf(piece));
}

/// In many layers the same sharding becomes the same.
ShardingAttr Rewriter::newSharding(ShardingAttr sharding, ArrayRef<Size> whole) {
  SmallVector<int64_t> shape = solver.valuesOf(whole);
  auto &known = shardings[sharding];
  for (auto &[knownShape, result] : known)
    if (knownShape == shape)
      return result;
  return known.emplace_back(shape, makeSharding(sharding, shape)).second;
}

ShardingAttr Rewriter::makeSharding(ShardingAttr sharding, ArrayRef<int64_t> whole) const {
  SmallVector<AxisListAttr> dims(
      llvm::map_range(sharding.getDims(), [&](AxisListAttr list) { return axes.shrunk(list); }));
  SmallVector<int64_t> global(sharding.getGlobal());
  if (!global.empty() && whole.size() == global.size())
    global.assign(whole.begin(), whole.end());
  return ShardingAttr::get(sharding.getContext(), dims, axes.shrunk(sharding.getPartial()), sharding.getKind(), global);
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

/// The elements whose indices a smaller tensor has.
static DenseElementsAttr cutElements(DenseElementsAttr elements, RankedTensorType type) {
  if (elements.isSplat())
    return elements.resizeSplat(type);
  ArrayRef<int64_t> from = cast<RankedTensorType>(elements.getType()).getShape(), to = type.getShape();
  auto values = elements.getValues<Attribute>();
  SmallVector<Attribute> kept;
  SmallVector<int64_t> index(to.size(), 0);
  for (int64_t count = type.getNumElements(); count > 0; --count) {
    int64_t place = 0;
    for (auto [dim, size] : llvm::enumerate(from))
      place = place * size + index[dim];
    kept.push_back(values[place]);
    for (size_t dim = to.size(); dim-- > 0 && ++index[dim] == to[dim];)
      index[dim] = 0;
  }
  return DenseElementsAttr::get(type, kept);
}

static DenseElementsAttr splatOf(RankedTensorType type, int64_t value) {
  Type element = type.getElementType();
  Builder builder(type.getContext());
  if (isa<FloatType>(element))
    return DenseElementsAttr::get(type, Attribute(builder.getFloatAttr(element, static_cast<double>(value))));
  return DenseElementsAttr::get(type, Attribute(builder.getIntegerAttr(element, value)));
}

/// By how much a constant is not the size that it says it is. A wrong program stays wrong.
static int64_t mistakeOf(DenseElementsAttr elements, int64_t size) {
  if (!elements.isSplat())
    return 0;
  if (isa<FloatType>(elements.getElementType()))
    return std::llround(elements.getSplatValue<APFloat>().convertToDouble()) - size;
  return elements.getSplatValue<APInt>().getSExtValue() - size;
}

/// A token that a constant is compared with.
static std::optional<int64_t> tokenOf(hf::ConstantOp op) {
  auto elements = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!elements || !elements.isSplat() || !elements.getElementType().isIntOrIndex())
    return std::nullopt;
  return elements.getSplatValue<APInt>().getSExtValue();
}

void Rewriter::rewriteConstant(hf::ConstantOp op, hf::ConstantOp clone) {
  auto elements = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!elements)
    return;
  RankedTensorType type = newType(op.getType(), relations.pieceOf(op.getResult()));
  if (auto known = relations.constants.find(op); known != relations.constants.end()) {
    auto size = op->getAttrOfType<SizeAttr>(dist::sizeName);
    auto newSize = SizeAttr::get(op.getContext(), size.getDim(), solver.valuesOf(known->second),
                                 axes.shrunk(size.getAxes()), size.getPlus());
    clone->setDiscardableAttr(dist::sizeName, newSize);
    clone.setValueAttr(
        splatOf(type, newSize.valueOn(axes.shrunkMesh()) + mistakeOf(elements, size.valueOn(axes.getMesh()))));
    return;
  }
  if (std::optional<int64_t> token = tokenOf(op))
    for (Operation *user : op->getUsers())
      if (auto compare = dyn_cast<hf::CompareOp>(user))
        if (std::optional<int64_t> next = specialToken(compare.getLhs(), *token)) {
          clone.setValueAttr(splatOf(type, *next));
          return;
        }
  clone.setValueAttr(cutElements(elements, type));
}

void Rewriter::rewriteNumbers(Operation *clone, ArrayRef<AttributeSize> sizes) {
  Builder builder(clone->getContext());
  for (const AttributeSize &number : sizes) {
    int64_t value = solver.valueOf(number.size);
    if (auto integer = clone->getAttrOfType<IntegerAttr>(number.name)) {
      clone->setAttr(number.name, IntegerAttr::get(integer.getType(), value));
    } else if (auto list = clone->getAttrOfType<DenseI64ArrayAttr>(number.name)) {
      SmallVector<int64_t> values(list.asArrayRef());
      values[number.index] = value;
      clone->setAttr(number.name, builder.getDenseI64ArrayAttr(values));
    }
  }
}

void Rewriter::rewriteRule(Operation *op, Operation *clone) {
  auto known = relations.ruleFactors.find(op);
  auto attribute = op->getAttrOfType<dist::RuleAttr>(dist::ruleName);
  if (known == relations.ruleFactors.end() || !attribute)
    return;
  dist::Rule rule = dist::parseRule(attribute);
  for (auto [size, factor] : llvm::zip_equal(rule.sizes, known->second))
    size = solver.valueOf(factor);
  clone->setAttr(dist::ruleName, dist::toAttribute(op->getContext(), rule));
}

/// Sub-axes in collectives and what else has axes.
void Rewriter::rewriteAxes(Operation *clone) {
  if (isa_and_nonnull<hf::HfDialect>(clone->getDialect()))
    return;
  axesReplacer.replaceElementsIn(clone);
  if (auto broadcast = dyn_cast<dist::BroadcastOp>(clone))
    broadcast.setRoot(
        std::min<int64_t>(broadcast.getRoot(), dist::sizeOf(broadcast.getAxes().getAxes(), axes.shrunkMesh()) - 1));
}

void Rewriter::rewriteOp(Operation *op, Operation *clone) {
  rewriteAxes(clone);
  for (auto [result, newResult] : llvm::zip_equal(op->getResults(), clone->getResults()))
    if (isa<RankedTensorType>(result.getType()))
      newResult.setType(newType(result.getType(), relations.pieceOf(result)));
  if (auto shardings = op->getAttrOfType<ArrayAttr>(dist::shardingsName)) {
    SmallVector<Attribute> all;
    for (auto [sharding, result] : llvm::zip_equal(shardings, op->getResults()))
      all.push_back(newSharding(cast<ShardingAttr>(sharding), relations.wholeOf(result)));
    clone->setDiscardableAttr(dist::shardingsName, ArrayAttr::get(op->getContext(), all));
  }
  if (auto constant = dyn_cast<hf::ConstantOp>(op))
    rewriteConstant(constant, cast<hf::ConstantOp>(clone));
  if (auto found = numbers.find(op); found != numbers.end())
    rewriteNumbers(clone, found->second);
  rewriteRule(op, clone);
  if (auto padding = op->getAttrOfType<IntegerAttr>("hf.padding_index"))
    if (auto embedding = dyn_cast<hf::EmbeddingOp>(op))
      if (std::optional<int64_t> token = specialToken(embedding.getIds(), padding.getInt()))
        clone->setAttr("hf.padding_index", IntegerAttr::get(padding.getType(), *token));
}

void Rewriter::rewriteFunction(func::FuncOp function, func::FuncOp clone) {
  SmallVector<Operation *> ops, clones;
  function.getBody().walk([&](Operation *op) { ops.push_back(op); });
  clone.getBody().walk([&](Operation *op) { clones.push_back(op); });
  for (auto [op, newOp] : llvm::zip_equal(ops, clones))
    rewriteOp(op, newOp);
  for (auto [argument, newArgument] : llvm::zip_equal(function.getArguments(), clone.getArguments()))
    if (isa<RankedTensorType>(argument.getType()))
      newArgument.setType(newType(argument.getType(), relations.pieceOf(argument)));

  Operation *returned = function.getBody().front().getTerminator();
  Block &body = clone.getBody().front();
  clone.setFunctionType(
      FunctionType::get(clone.getContext(), body.getArgumentTypes(), body.getTerminator()->getOperandTypes()));
  for (unsigned index = 0; index < function.getNumArguments(); ++index)
    if (DictionaryAttr attributes = function.getArgAttrDict(index))
      clone.setArgAttrs(index, newArgumentAttributes(function, index, attributes));
  for (unsigned index = 0; index < function.getNumResults(); ++index)
    if (auto sharding = function.getResultAttrOfType<ShardingAttr>(index, dist::shardingName))
      clone.setResultAttr(index, dist::shardingName,
                          newSharding(sharding, relations.wholeOf(returned->getOperand(index))));
}

OwningOpRef<ModuleOp> Rewriter::rewrite(ModuleOp module) {
  numbers.clear();
  for (const AttributeSize &number : relations.attributes)
    numbers[number.op].push_back(number);
  OwningOpRef<ModuleOp> result = module.clone();
  for (auto [op, clone] : llvm::zip_equal(module.getOps(), result->getOps())) {
    if (auto function = dyn_cast<func::FuncOp>(op); function && !function.isDeclaration())
      rewriteFunction(function, cast<func::FuncOp>(clone));
    else if (isa<hf::ParameterOp, hf::StateOp, hf::BucketOp>(op))
      rewriteSymbol(&op, &clone);
  }
  placeInBuckets(module, *result);
  if (module->hasAttr(dist::meshName))
    result.get()->setAttr(dist::meshName, axes.shrunkMesh());
  rewriteProgram(*result);
  return result;
}
