//===- MergeBackward.cpp - products with cotangents side by side
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MergeBackward.h"

#include "FusionGraph.h"
#include "dialects/dist/Dist.h"
#include "dialects/hf/TensorBuilder.h"

#include "llvm/ADT/SmallPtrSet.h"
#include <queue>

using namespace hfc;
using namespace hfc::fusion;

void fusion::keepPlace(Operation *from, Value made) {
  for (StringRef name : {"hf.block", "hf.phase"})
    if (Attribute attribute = from->getDiscardableAttr(name))
      made.getDefiningOp()->setDiscardableAttr(name, attribute);
}

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

void fusion::sortByUse(Block &block) {
  SmallVector<Operation *> ops;
  DenseMap<Operation *, unsigned> numbers;
  for (Operation &op : block.without_terminator()) {
    numbers[&op] = ops.size();
    ops.push_back(&op);
  }
  SmallVector<SmallVector<unsigned, 4>> users(ops.size());
  SmallVector<unsigned> pending(ops.size(), 0);
  auto add = [&](unsigned before, unsigned after) {
    users[before].push_back(after);
    ++pending[after];
  };
  std::optional<unsigned> lastMeeting;
  for (auto [number, op] : llvm::enumerate(ops)) {
    for (Value operand : op->getOperands())
      if (auto found = numbers.find(operand.getDefiningOp()); found != numbers.end())
        add(found->second, number);
    if (!isMeeting(op))
      continue;
    if (lastMeeting)
      add(*lastMeeting, number);
    lastMeeting = number;
  }
  std::priority_queue<unsigned, std::vector<unsigned>, std::greater<unsigned>> ready;
  for (unsigned number : llvm::seq<unsigned>(0, ops.size()))
    if (!pending[number])
      ready.push(number);
  while (!ready.empty()) {
    unsigned number = ready.top();
    ready.pop();
    ops[number]->moveBefore(block.getTerminator());
    for (unsigned user : users[number])
      if (!--pending[user])
        ready.push(user);
  }
}

//===----------------------------------------------------------------------===//
// What can be joined
//===----------------------------------------------------------------------===//

/// Follows single uses by additions from the products to the one that has them all.
bool CotangentMerger::findSum() {
  llvm::SmallPtrSet<Operation *, 8> parts(products.begin(), products.end());
  SmallVector<Operation *> work(products.begin(), products.end());
  while (!work.empty()) {
    Operation *part = work.pop_back_val();
    if (!part->hasOneUse())
      continue;
    auto add = dyn_cast<hf::AddOp>(*part->user_begin());
    if (!add || !parts.contains(add.getLhs().getDefiningOp()) || !parts.contains(add.getRhs().getDefiningOp()) ||
        !parts.insert(add).second)
      continue;
    sums.push_back(add);
    work.push_back(add);
  }
  // A tree of n leaves that nothing else reads has n - 1 additions.
  return sums.size() + 1 == products.size();
}

/// Whether every cotangent can be there before what now reads one of them: none is computed from another, nor behind a
/// meeting of ranks that waits for what is.
bool CotangentMerger::canJoin() const {
  llvm::SmallPtrSet<Operation *, 4> makers;
  for (Value cotangent : cotangents) {
    if (Operation *maker = cotangent.getDefiningOp())
      makers.insert(maker);
  }
  if (makers.empty())
    return true;
  auto isBefore = [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); };
  Operation *first = *llvm::min_element(makers, isBefore), *last = *llvm::max_element(makers, isBefore);
  llvm::SmallPtrSet<Operation *, 32> delayed;
  bool meetingDelayed = false;
  for (Operation *op = first->getNextNode(); op != last->getNextNode(); op = op->getNextNode()) {
    bool isDelayed = isMeeting(op) && meetingDelayed;
    for (Value operand : op->getOperands())
      isDelayed |= llvm::is_contained(cotangents, operand) || delayed.contains(operand.getDefiningOp());
    if (!isDelayed || llvm::is_contained(products, op))
      continue;
    if (makers.contains(op))
      return false;
    delayed.insert(op);
    meetingDelayed |= isMeeting(op);
  }
  return true;
}

/// Whether fewer elements are read and written: one gradient in place of several that are added up, but cotangents that
/// stand in memory have to be moved.
bool CotangentMerger::savesMemory() const {
  int64_t moved = 0;
  for (Value cotangent : cotangents)
    if (isMadeInMemory(cotangent))
      moved += elementsOf(cotangent);
  hf::LinearDgradOp first = products.front();
  return moved < static_cast<int64_t>(products.size() - 1) * elementsOf(first.getResult());
}

std::optional<CotangentMerger> CotangentMerger::create(ArrayRef<hf::LinearDgradOp> products) {
  CotangentMerger merger(products);
  for (hf::LinearDgradOp product : products)
    merger.cotangents.push_back(product.getCotangent());
  hf::LinearDgradOp first = products.front();
  bool isAlike = llvm::all_of(products, [&](hf::LinearDgradOp product) {
    return product.getType() == first.getType() && product->getAttr("hf.phase") == first->getAttr("hf.phase");
  });
  if (!isAlike || !merger.savesMemory() || !merger.findSum() || !merger.canJoin())
    return std::nullopt;
  return merger;
}

//===----------------------------------------------------------------------===//
// Gradients of the input
//===----------------------------------------------------------------------===//

void CotangentMerger::mergeInputs(Value weights) {
  hf::AddOp sum = sums.back();
  OpBuilder builder(sum);
  hf::TensorBuilder ops(builder, fusedLoc(ArrayRef(products)));
  joined = ops.concat(cotangents, shapeOf(cotangents.front()).size() - 1);
  keepPlace(sum, joined);
  Value gradient = ops.linearDgrad(joined, weights);
  keepPlace(sum, gradient);
  sum.replaceAllUsesWith(gradient);
  for (hf::AddOp add : llvm::reverse(sums))
    add.erase();
  for (hf::LinearDgradOp product : products)
    product.erase();
}

Value CotangentMerger::partOf(Value whole, int64_t dim, unsigned number) {
  int64_t begin = 0;
  for (Value cotangent : ArrayRef(cotangents).take_front(number))
    begin += shapeOf(cotangent).back();
  Operation *maker = whole.getDefiningOp();
  OpBuilder builder(maker);
  builder.setInsertionPointAfter(maker);
  Value part = hf::TensorBuilder(builder, maker->getLoc())
                   .sliceDim(whole, dim, begin, begin + shapeOf(cotangents[number]).back());
  keepPlace(maker, part);
  return part;
}

//===----------------------------------------------------------------------===//
// Gradients of the weights
//===----------------------------------------------------------------------===//

namespace {
/// The gradient of one weight.
struct WeightGradient {
  hf::LinearWgradOp product;
  /// Adds the product to what the state holds; null if it is its first value.
  hf::AddOp sum;
  BlockArgument state;

  Value value() { return sum ? Value(sum) : Value(product); }
};
} // namespace

/// The product that alone has `cotangent` for a weight's gradient, kept in `state`; nothing if there is no such
/// product.
static std::optional<WeightGradient> weightGradientOf(Value cotangent, FlatSymbolRefAttr state) {
  WeightGradient gradient;
  for (Operation *user : cotangent.getUsers())
    if (auto product = dyn_cast<hf::LinearWgradOp>(user); product && product.getCotangent() == cotangent) {
      if (gradient.product)
        return std::nullopt;
      gradient.product = product;
    }
  if (!gradient.product)
    return std::nullopt;
  if (auto add = gradient.product->hasOneUse() ? dyn_cast<hf::AddOp>(*gradient.product->user_begin()) : hf::AddOp()) {
    bool isLeft = add.getLhs() == gradient.product.getResult();
    gradient.sum = add;
    gradient.state = dyn_cast<BlockArgument>(isLeft ? add.getRhs() : add.getLhs());
    if (!gradient.state || !gradient.state.hasOneUse() || hf::symbolOf(gradient.state) != state)
      return std::nullopt;
  }
  return keptIn(gradient.value()) == state ? std::optional(gradient) : std::nullopt;
}

bool CotangentMerger::mergeWeights(ArrayRef<FlatSymbolRefAttr> states) {
  if (states.empty())
    return false;
  SmallVector<WeightGradient> gradients;
  for (auto [cotangent, state] : llvm::zip_equal(cotangents, states)) {
    std::optional<WeightGradient> gradient = weightGradientOf(cotangent, state);
    if (!gradient)
      return false;
    gradients.push_back(*gradient);
    WeightGradient &first = gradients.front();
    if (gradient->product.getX() != first.product.getX() || bool(gradient->sum) != bool(first.sum) ||
        gradient->product.getType().getElementType() != first.product.getType().getElementType())
      return false;
  }
  hf::LinearWgradOp like = gradients.front().product;
  OpBuilder builder(joined.getDefiningOp());
  builder.setInsertionPointAfter(joined.getDefiningOp());
  hf::TensorBuilder ops(builder, joined.getLoc());
  Value whole = ops.linearWgrad(joined, like.getX(), like.getType().getElementType());
  keepPlace(like, whole);
  if (gradients.front().sum) {
    auto old = llvm::map_to_vector(gradients, [](const WeightGradient &gradient) -> Value { return gradient.state; });
    whole = ops.add(ops.concat(old, 0), whole);
    keepPlace(like, whole);
  }
  for (auto [number, gradient] : llvm::enumerate(gradients)) {
    Value part = partOf(whole, 0, number);
    gradient.value().replaceAllUsesWith(part);
    if (gradient.sum)
      gradient.sum.erase();
    gradient.product.erase();
  }
  return true;
}

void CotangentMerger::shareCotangent() {
  for (auto [number, cotangent] : llvm::enumerate(cotangents)) {
    Operation *join = joined.getDefiningOp();
    auto isOther = [&](OpOperand &use) { return use.getOwner() != join; };
    if (llvm::none_of(cotangent.getUses(), isOther))
      continue;
    Value part = partOf(joined, shapeOf(joined).size() - 1, number);
    cotangent.replaceUsesWithIf(part, isOther);
  }
}
