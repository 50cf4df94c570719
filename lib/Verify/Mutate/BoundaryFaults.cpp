//===- BoundaryFaults.cpp - what entries take and give
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Faults.h"

#include "dialects/hf/Hf.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace hfc;
using namespace hfc::verify;

static func::FuncOp entryOf(Operation *op) {
  auto entry = dyn_cast<func::FuncOp>(op);
  return entry && entry.isPublic() && entry.getBody().hasOneBlock() ? entry : func::FuncOp();
}

static constexpr StringLiteral boundNames[] = {"hf.state", "hf.parameter", "hf.output", "hf.input"};

/// What an argument or a result is bound to; null if nothing.
static Attribute boundTo(DictionaryAttr attributes) {
  for (StringRef name : boundNames)
    if (Attribute value = attributes ? attributes.get(name) : Attribute())
      return value;
  return {};
}

static StringRef kindOf(DictionaryAttr attributes) {
  for (StringRef name : boundNames)
    if (attributes && attributes.get(name))
      return name;
  return "";
}

//===----------------------------------------------------------------------===//
// Exchanged
//===----------------------------------------------------------------------===//

namespace {
using Pair = std::pair<unsigned, unsigned>;

/// Each place with the next one that is of the same kind and type and lives alike.
template <typename TypeOf, typename AttributesOf>
SmallVector<Pair> alike(unsigned count, TypeOf typeOf, AttributesOf attributesOf) {
  SmallVector<Pair> pairs;
  llvm::DenseMap<std::tuple<StringRef, Type, Attribute>, unsigned> last;
  for (unsigned i = 0; i < count; ++i) {
    DictionaryAttr attributes = attributesOf(i);
    if (!boundTo(attributes))
      continue;
    auto [found, isNew] = last.try_emplace({kindOf(attributes), typeOf(i), attributes.get(dist::shardingName)}, i);
    if (!isNew)
      pairs.push_back({found->second, i});
    found->second = i;
  }
  return pairs;
}
} // namespace

static SmallVector<Pair> alikeArguments(func::FuncOp entry) {
  return alike(
      entry.getNumArguments(), [&](unsigned i) { return entry.getArgumentTypes()[i]; },
      [&](unsigned i) { return entry.getArgAttrDict(i); });
}

static SmallVector<Pair> alikeResults(func::FuncOp entry) {
  return alike(
      entry.getNumResults(), [&](unsigned i) { return entry.getResultTypes()[i]; },
      [&](unsigned i) { return entry.getResultAttrDict(i); });
}

static unsigned waysToExchangeArguments(Operation *op) {
  func::FuncOp entry = entryOf(op);
  return entry ? alikeArguments(entry).size() : 0;
}

static void exchangeArguments(Operation *op, unsigned way, Mutation &mutation) {
  func::FuncOp entry = entryOf(op);
  auto [i, j] = alikeArguments(entry)[way];
  BlockArgument first = entry.getArgument(i), second = entry.getArgument(j);
  exchangeReaders(first, second, mutation);
  mutation.what = "reads arguments " + std::to_string(i) + " and " + std::to_string(j) + " exchanged";
  blame(mutation, op);
}

static unsigned waysToExchangeResults(Operation *op) {
  func::FuncOp entry = entryOf(op);
  return entry ? alikeResults(entry).size() : 0;
}

static void exchangeResults(Operation *op, unsigned way, Mutation &mutation) {
  func::FuncOp entry = entryOf(op);
  auto [i, j] = alikeResults(entry)[way];
  Operation *end = entry.getBody().front().getTerminator();
  Value first = end->getOperand(i), second = end->getOperand(j);
  end->setOperand(i, second);
  end->setOperand(j, first);
  mutation.what = "gives results " + std::to_string(i) + " and " + std::to_string(j) + " exchanged";
  blame(mutation, {op, end, first.getDefiningOp(), second.getDefiningOp()});
}

//===----------------------------------------------------------------------===//
// Not updated
//===----------------------------------------------------------------------===//

/// Results bound to what an argument is bound to: result and argument.
static SmallVector<Pair> updates(func::FuncOp entry) {
  SmallVector<Pair> pairs;
  llvm::DenseMap<Attribute, unsigned> taken;
  for (unsigned i = 0; i < entry.getNumArguments(); ++i)
    if (Attribute bound = boundTo(entry.getArgAttrDict(i)))
      taken.try_emplace(bound, i);
  for (unsigned i = 0; i < entry.getNumResults(); ++i) {
    auto found = taken.find(boundTo(entry.getResultAttrDict(i)));
    if (found != taken.end() && entry.getResultTypes()[i] == entry.getArgumentTypes()[found->second])
      pairs.push_back({i, found->second});
  }
  return pairs;
}

static unsigned waysToKeep(Operation *op) {
  func::FuncOp entry = entryOf(op);
  return entry ? updates(entry).size() : 0;
}

static void keepOld(Operation *op, unsigned way, Mutation &mutation) {
  func::FuncOp entry = entryOf(op);
  auto [result, argument] = updates(entry)[way];
  Operation *end = entry.getBody().front().getTerminator();
  blame(mutation, {op, end, end->getOperand(result).getDefiningOp()});
  end->setOperand(result, entry.getArgument(argument));
  mutation.what = "gives result " + std::to_string(result) + " as it took it";
}

ArrayRef<FaultKind> verify::getBoundaryFaults() {
  constexpr FaultLevel local = FaultLevel::Local;
  static const FaultKind all[] = {
      {"argument-exchanged", local, "two parameters, states or inputs", waysToExchangeArguments, exchangeArguments},
      {"result-exchanged", local, "two states, parameters or outputs", waysToExchangeResults, exchangeResults},
      {"update-lost", local, "a state or parameter given back as it was", waysToKeep, keepOld},
  };
  return all;
}
