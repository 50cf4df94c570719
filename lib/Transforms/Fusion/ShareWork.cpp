//===- ShareWork.cpp - equal ops become one
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Values are numbered, so that equal ones have equal numbers whatever is said of where they come from. An op becomes an
// earlier one of its own phase and block: what the derivatives of several ops compute of the same value is computed
// once. Across phases and blocks only numbers of whole rows are shared: a large tensor that the backward pass can
// compute again from what it reads anyway would have to stand in memory until then.
//
//===----------------------------------------------------------------------===//

#include "PrepareEntry.h"

#include "FusionGraph.h"

#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/STLExtras.h"
#include <map>

using namespace hfc;
using namespace hfc::fusion;

namespace {
class WorkSharer {
public:
  void run(func::FuncOp entry);

private:
  /// Name, properties, types of the results, numbers of the operands.
  using Key = std::tuple<const void *, const void *, const void *, SmallVector<unsigned>>;
  /// A number, phase and block.
  using Place = std::tuple<unsigned, const void *, const void *>;

  void visit(Operation *op);
  bool isOfRows(Operation *op);
  unsigned numberOf(Value value) { return numbers.try_emplace(value, numbers.size()).first->second; }

  DenseMap<Value, unsigned> numbers;
  std::map<Key, Operation *> firsts;
  std::map<Place, Operation *> inPlace;
  /// Results that have few elements beside what they were reduced from, or depend on such results alone.
  DenseSet<Value> ofRows;
};
} // namespace

/// What a row has at least, so that keeping one number of it is cheaper than reading it again.
static constexpr int64_t smallestRow = 32;

bool WorkSharer::isOfRows(Operation *op) {
  if (auto reduce = dyn_cast<hf::ReduceOp>(op))
    return reduce.getX().getType().getNumElements() >= smallestRow * reduce.getType().getNumElements();
  return isElementwise(op) && llvm::any_of(op->getOperands(), [&](Value value) { return ofRows.contains(value); }) &&
         llvm::all_of(op->getOperands(),
                      [&](Value value) { return ofRows.contains(value) || matchPattern(value, m_Constant()); });
}

void WorkSharer::visit(Operation *op) {
  if (!isa<hf::HfDialect>(op->getDialect()) || !isPure(op) || op->getNumResults() != 1 || op->getNumRegions() ||
      isa<hf::CompositeOpInterface, hf::MatmulOp>(op))
    return;
  Value result = op->getResult(0);
  if (isOfRows(op))
    ofRows.insert(result);
  Attribute properties = op->getPropertiesAsAttribute();
  Key key{op->getName().getAsOpaquePointer(), properties.getAsOpaquePointer(), result.getType().getAsOpaquePointer(),
          llvm::map_to_vector(op->getOperands(), [&](Value operand) { return numberOf(operand); })};
  Operation *first = firsts.try_emplace(std::move(key), op).first->second;
  unsigned number = numberOf(first->getResult(0));
  numbers[result] = number;
  Place place{number, op->getAttr("hf.phase").getAsOpaquePointer(), op->getAttr("hf.block").getAsOpaquePointer()};
  Operation *same = inPlace.try_emplace(place, op).first->second;
  if (same == op && ofRows.contains(result))
    same = first;
  if (same != op)
    result.replaceAllUsesWith(same->getResult(0));
}

void WorkSharer::run(func::FuncOp entry) {
  Block &block = entry.getBody().front();
  for (Operation &op : block)
    visit(&op);
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

void fusion::shareWork(func::FuncOp entry) { WorkSharer().run(entry); }
