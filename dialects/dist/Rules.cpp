//===- Rules.cpp - sharding rules, computed with
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/dist/RuleCache.h"

#include "llvm/Support/MathExtras.h"

using namespace hfc;
using namespace hfc::dist;

unsigned Rule::addFactor(int64_t size, Role role) {
  sizes.push_back(size);
  roles.push_back(role);
  return sizes.size() - 1;
}

Rule::Tensor Rule::addTensor(ArrayRef<int64_t> shape) {
  return Tensor(llvm::map_range(shape, [&](int64_t size) { return Dim{addFactor(size)}; }));
}

bool Rule::isIn(unsigned factor, const Tensor &tensor) const {
  return llvm::any_of(tensor, [&](const Dim &dim) { return llvm::is_contained(dim, factor); });
}

bool Rule::isReducedIn(unsigned factor, size_t result) const {
  if (isIn(factor, results[result]))
    return false;
  if (separate)
    return isIn(factor, operands[result]);
  return llvm::any_of(operands, [&](const Tensor &operand) { return isIn(factor, operand); });
}

//===----------------------------------------------------------------------===//
// To and from attributes
//===----------------------------------------------------------------------===//

static SmallVector<Rule::Tensor> parseTensors(ArrayAttr attribute) {
  SmallVector<Rule::Tensor> tensors;
  for (Attribute dims : attribute) {
    Rule::Tensor &tensor = tensors.emplace_back();
    for (Attribute dim : cast<ArrayAttr>(dims)) {
      ArrayRef<int64_t> factors = cast<DenseI64ArrayAttr>(dim);
      tensor.emplace_back(factors.begin(), factors.end());
    }
  }
  return tensors;
}

Rule dist::parseRule(RuleAttr attribute) {
  Rule rule;
  rule.sizes.assign(attribute.getFactorSizes().begin(), attribute.getFactorSizes().end());
  rule.roles.assign(rule.sizes.size(), Rule::Role::free);
  for (int64_t factor : attribute.getWhole())
    rule.roles[factor] = Rule::Role::whole;
  for (int64_t factor : attribute.getLookup())
    rule.roles[factor] = Rule::Role::lookup;
  rule.operands = parseTensors(attribute.getOperands());
  rule.results = parseTensors(attribute.getResults());
  rule.kind = attribute.getKind();
  for (Attribute attributes : attribute.getLinear()) {
    ArrayRef<int64_t> group = cast<DenseI64ArrayAttr>(attributes);
    rule.linear.emplace_back(group.begin(), group.end());
  }
  rule.separate = attribute.getSeparate();
  return rule;
}

/// The name of the factor of that number: i, j, …, z, a, …, h, then with a number behind.
static std::string nameOf(unsigned factor) {
  std::string name(1, 'a' + ('i' - 'a' + factor) % 26);
  return factor < 26 ? name : name + std::to_string(factor / 26);
}

static ArrayAttr toAttribute(Builder &builder, ArrayRef<Rule::Tensor> tensors) {
  SmallVector<Attribute> all;
  for (const Rule::Tensor &tensor : tensors) {
    SmallVector<Attribute> dims;
    for (const Rule::Dim &dim : tensor)
      dims.push_back(builder.getDenseI64ArrayAttr(SmallVector<int64_t>(dim.begin(), dim.end())));
    all.push_back(builder.getArrayAttr(dims));
  }
  return builder.getArrayAttr(all);
}

/// The factors that can be cut, and that some result lacks.
static SmallVector<int64_t> reducedFactors(const Rule &rule) {
  SmallVector<int64_t> reduced;
  for (unsigned factor = 0; factor < rule.sizes.size(); ++factor)
    if (rule.roles[factor] == Rule::Role::free &&
        llvm::any_of(llvm::seq(rule.results.size()), [&](size_t result) { return rule.isReducedIn(factor, result); }))
      reduced.push_back(factor);
  return reduced;
}

RuleAttr dist::toAttribute(MLIRContext *context, const Rule &rule) {
  Builder builder(context);
  SmallVector<StringAttr> names;
  SmallVector<int64_t> whole, lookup;
  for (auto [factor, role] : llvm::enumerate(rule.roles)) {
    names.push_back(builder.getStringAttr(nameOf(factor)));
    if (role == Rule::Role::whole)
      whole.push_back(factor);
    if (role == Rule::Role::lookup)
      lookup.push_back(factor);
  }
  SmallVector<Attribute> linear;
  for (ArrayRef<unsigned> group : rule.linear)
    linear.push_back(builder.getDenseI64ArrayAttr(SmallVector<int64_t>(group.begin(), group.end())));
  SmallVector<int64_t> reduced = rule.kind == ReductionKind::sum ? SmallVector<int64_t>() : reducedFactors(rule);
  return RuleAttr::get(context, names, rule.sizes, ::toAttribute(builder, rule.operands),
                       ::toAttribute(builder, rule.results), whole, lookup, reduced,
                       reduced.empty() ? ReductionKind::sum : rule.kind, builder.getArrayAttr(linear), rule.separate);
}

//===----------------------------------------------------------------------===//
// Rules of ops
//===----------------------------------------------------------------------===//

RuleCache::Key RuleCache::keyOf(Operation *op, TypeRange operands, TypeRange results) {
  return Key(op->getName().getAsOpaquePointer(), FunctionType::get(op->getContext(), operands, results),
             op->getPropertiesAsAttribute());
}

std::optional<FailureOr<Rule>> RuleCache::find(const Key &key) const {
  llvm::sys::ScopedReader lock(mutex);
  auto found = rules.find(key);
  return found == rules.end() ? std::nullopt : std::optional(found->second);
}

FailureOr<Rule> RuleCache::insert(const Key &key, RuleAttr attribute) const {
  FailureOr<Rule> rule = failure();
  if (attribute)
    rule = parseRule(attribute);
  llvm::sys::ScopedWriter lock(mutex);
  return rules.try_emplace(key, std::move(rule)).first->second;
}

FailureOr<Rule> RuleCache::get(ShardingRuleOpInterface op) const {
  Key key = keyOf(op, op->getOperandTypes(), op->getResultTypes());
  if (auto found = find(key))
    return *found;
  return insert(key, op.getShardingRule()); // which asks for the rules of a composite's parts
}

FailureOr<Rule> RuleCache::get(ShardingRuleOpInterface op, TypeRange operands, TypeRange results) const {
  Key key = keyOf(op, operands, results);
  if (auto found = find(key))
    return *found;
  Block block;
  for (Type type : operands)
    block.addArgument(type, op->getLoc());
  Operation *copy = Operation::create(op->getLoc(), op->getName(), results, block.getArguments(), NamedAttrList(),
                                      op->getPropertiesStorage());
  block.push_back(copy);
  return insert(key, cast<ShardingRuleOpInterface>(copy).getShardingRule());
}

static const RuleCache &cacheOf(Operation *op) {
  return *op->getContext()->getLoadedDialect<DistDialect>()->getRegisteredInterface<RuleCache>();
}

FailureOr<Rule> dist::getRule(Operation *op) {
  if (auto attribute = op->getAttrOfType<RuleAttr>(ruleName))
    return parseRule(attribute);
  auto interface = dyn_cast<ShardingRuleOpInterface>(op);
  return interface ? cacheOf(op).get(interface) : FailureOr<Rule>(failure());
}

FailureOr<Rule> dist::getRule(Operation *op, TypeRange operands, TypeRange results) {
  if (auto attribute = op->getAttrOfType<RuleAttr>(ruleName))
    return parseRule(attribute);
  auto interface = dyn_cast<ShardingRuleOpInterface>(op);
  return interface ? cacheOf(op).get(interface, operands, results) : FailureOr<Rule>(failure());
}

RuleAttr dist::elementwiseRule(Operation *op, ArrayRef<SmallVector<unsigned, 2>> linear) {
  Rule rule;
  Rule::Tensor tensor = rule.addTensor(cast<RankedTensorType>(op->getResult(0).getType()).getShape());
  rule.operands.assign(op->getNumOperands(), tensor);
  rule.results.assign(op->getNumResults(), tensor);
  rule.linear.assign(linear.begin(), linear.end());
  return toAttribute(op->getContext(), rule);
}

/// Checks one operand or result against its dimensions in a rule.
static LogicalResult verifyTensor(Operation *op, const Rule &rule, const Rule::Tensor &tensor, StringRef what,
                                  size_t number, Type type) {
  auto ranked = dyn_cast<RankedTensorType>(type);
  if (!ranked || ranked.getRank() != static_cast<int64_t>(tensor.size()))
    return op->emitOpError("(C3) its sharding rule has ")
           << tensor.size() << " dimensions for " << what << ' ' << number << ", which is " << type;
  for (auto [index, dim, size] : llvm::enumerate(tensor, ranked.getShape())) {
    int64_t product = 1;
    bool tooLarge = llvm::any_of(dim, [&](unsigned f) { return llvm::MulOverflow(product, rule.sizes[f], product); });
    if (tooLarge || product != size)
      return op->emitOpError("(C3) its sharding rule has ") << product << " elements in dimension " << index << " of "
                                                            << what << ' ' << number << ", which is " << type;
  }
  return success();
}

LogicalResult dist::verifyRule(Operation *op, const Rule &rule) {
  if (rule.operands.size() != op->getNumOperands() || rule.results.size() != op->getNumResults())
    return op->emitOpError("(C3) its sharding rule has ")
           << rule.operands.size() << " operands and " << rule.results.size() << " results, but the op has "
           << op->getNumOperands() << " and " << op->getNumResults();
  for (auto [number, tensor, type] : llvm::enumerate(rule.operands, op->getOperandTypes()))
    if (failed(verifyTensor(op, rule, tensor, "operand", number, type)))
      return failure();
  for (auto [number, tensor, type] : llvm::enumerate(rule.results, op->getResultTypes()))
    if (failed(verifyTensor(op, rule, tensor, "result", number, type)))
      return failure();
  return success();
}
