//===- ShardingRulesContractions.cpp - sharding rules of reductions, products and indexed access
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/ShardingRules.h"
#include "dialects/hf/TensorBuilder.h"

using namespace hfc;
using namespace hfc::hf;
using dist::ReductionKind;
using dist::Rule;

/// `tensor` without the dimensions in `dims`, which increase.
static Rule::Tensor withoutDims(const Rule::Tensor &tensor, ArrayRef<int64_t> dims) {
  Rule::Tensor rest;
  for (auto [dim, factors] : llvm::enumerate(tensor))
    if (!llvm::is_contained(dims, static_cast<int64_t>(dim)))
      rest.push_back(factors);
  return rest;
}

static ReductionKind kindOf(Reduction reduction) {
  switch (reduction) {
  case Reduction::sum:
    return ReductionKind::sum;
  case Reduction::max:
    return ReductionKind::max;
  case Reduction::min:
    return ReductionKind::min;
  }
  llvm_unreachable("every reduction is handled");
}

static Rule reduceRule(ReduceOp op) {
  Rule rule;
  rule.operands.push_back(rule.addTensor(shapeOf(op.getX())));
  rule.results.push_back(withoutDims(rule.operands[0], op.getDims()));
  rule.kind = kindOf(op.getKind());
  if (op.getKind() == Reduction::sum)
    rule.linear = {{0}};
  return rule;
}

static Rule matmulRule(MatmulOp op) {
  Rule rule;
  Rule::Tensor lhs = rule.addTensor(shapeOf(op.getLhs()));
  Rule::Tensor rhs(lhs.begin(), lhs.end() - 2), result = rhs;
  Rule::Dim row = *(lhs.end() - 2), inner = lhs.back();
  if (op.getTransposeLhs())
    std::swap(row, inner);
  Rule::Dim column{rule.addFactor(shapeOf(op.getResult()).back())};
  llvm::append_range(rhs,
                     op.getTransposeRhs() ? ArrayRef<Rule::Dim>{column, inner} : ArrayRef<Rule::Dim>{inner, column});
  llvm::append_range(result, ArrayRef<Rule::Dim>{row, column});
  rule.operands = {lhs, rhs};
  rule.results = {result};
  rule.linear = {{0}, {1}};
  return rule;
}

/// `[indices…, row…]`.
static Rule::Tensor rowsOf(const Rule::Tensor &indices, const Rule::Tensor &table) {
  Rule::Tensor rows = indices;
  rows.append(table.begin() + 1, table.end());
  return rows;
}

/// A table cut by rows gives the rows that it has, and 0 for others; truth values do not add up, so such a table is
/// whole.
static Rule lookupRule(Value table, Value indices) {
  Rule rule;
  Rule::Tensor rows = rule.addTensor(shapeOf(table)), index = rule.addTensor(shapeOf(indices));
  rule.roles[rows[0][0]] = elementOf(table).isInteger(1) ? Rule::Role::whole : Rule::Role::lookup;
  rule.operands = {rows, index};
  rule.results = {rowsOf(index, rows)};
  rule.linear = {{0}};
  return rule;
}

static Rule gatherRule(GatherOp op) { return lookupRule(op.getTable(), op.getIndices()); }
static Rule embeddingRule(EmbeddingOp op) { return lookupRule(op.getTable(), op.getIds()); }

/// Base and updates are added: with updates cut along the indices, the base is counted once only if it is partial too.
static Rule scatterAddRule(ScatterAddOp op) {
  Rule rule;
  Rule::Tensor base = rule.addTensor(shapeOf(op.getBase())), index = rule.addTensor(shapeOf(op.getIndices()));
  rule.roles[base[0][0]] = Rule::Role::lookup;
  rule.operands = {base, index, rowsOf(index, base)};
  rule.results = {base};
  rule.linear = {{0, 2}};
  return rule;
}

static Rule sliceAtRule(SliceAtOp op) {
  Rule rule;
  Rule::Tensor result = rule.addTensor(shapeOf(op.getResult())), x = result;
  int64_t dim = op.getDim();
  rule.roles[result[dim][0]] = Rule::Role::lookup;
  x[dim] = {rule.addFactor(shapeOf(op.getX())[dim], Rule::Role::whole)};
  rule.operands = {x, {}};
  rule.results = {result};
  rule.linear = {{0}};
  return rule;
}

static Rule barrierRule(BarrierOp op) {
  Rule rule;
  for (auto [number, input] : llvm::enumerate(op.getInputs())) {
    rule.operands.push_back(rule.addTensor(shapeOf(input)));
    rule.linear.push_back({static_cast<unsigned>(number)});
  }
  rule.results = rule.operands;
  rule.separate = rule.operands.size() > 1;
  return rule;
}

static Rule takeRule(TakeOp op) {
  Rule rule;
  Rule::Tensor x = rule.addTensor(shapeOf(op.getX()));
  rule.roles[x[1][0]] = Rule::Role::whole;
  rule.operands = {x, {x[0]}};
  rule.results = {withoutDims(x, {1})};
  rule.linear = {{0}};
  return rule;
}

static Rule topKRule(TopKOp op) {
  Rule rule;
  Rule::Tensor x = rule.addTensor(shapeOf(op.getX())), result = x;
  rule.roles[x.back()[0]] = Rule::Role::whole;
  result.back() = {rule.addFactor(shapeOf(op.getValues()).back(), Rule::Role::whole)};
  rule.operands = {x};
  rule.results = {result, result};
  return rule;
}

static Rule cacheUpdateRule(CacheUpdateOp op) {
  Rule rule;
  Rule::Tensor cache = rule.addTensor(shapeOf(op.getCache())), rows = cache;
  rule.roles[cache[1][0]] = Rule::Role::whole;
  rows[1] = {rule.addFactor(shapeOf(op.getRows())[1], Rule::Role::whole)};
  rule.operands = {cache, rows, {cache[0]}, {cache[0]}};
  rule.results = {cache};
  rule.linear = {{0, 1}};
  return rule;
}

void hf::attachContractionRules(MLIRContext *context) {
  attachRule<ReduceOp, reduceRule>(context);
  attachRule<MatmulOp, matmulRule>(context);
  attachRule<GatherOp, gatherRule>(context);
  attachRule<EmbeddingOp, embeddingRule>(context);
  attachRule<ScatterAddOp, scatterAddRule>(context);
  attachRule<SliceAtOp, sliceAtRule>(context);
  attachRule<BarrierOp, barrierRule>(context);
  attachRule<TakeOp, takeRule>(context);
  attachRule<TopKOp, topKRule>(context);
  attachRule<CacheUpdateOp, cacheUpdateRule>(context);
}
