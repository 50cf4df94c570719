//===- Neighbours.cpp - weights that multiply the same values
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Neighbours.h"

#include "TrainingProgram.h"
#include "dialects/hf/BucketPlaces.h"

#include "llvm/ADT/MapVector.h"

using namespace hfc;
using namespace hfc::collective;

namespace {
class Finder {
public:
  void collect(func::FuncOp entry);
  SmallVector<Neighbours> take() { return std::move(found); }

private:
  void add(const Neighbours &neighbours);

  SmallVector<Neighbours> found;
  llvm::DenseSet<StringAttr> known;
};
} // namespace

/// What entries do not agree about goes by the first.
void Finder::add(const Neighbours &neighbours) {
  llvm::SmallDenseSet<StringAttr> distinct(neighbours.begin(), neighbours.end());
  if (neighbours.size() < 2 || distinct.size() != neighbours.size() ||
      llvm::any_of(neighbours, [&](StringAttr name) { return known.contains(name); }))
    return;
  known.insert(neighbours.begin(), neighbours.end());
  found.push_back(neighbours);
}

void Finder::collect(func::FuncOp entry) {
  // Weights and biases of the products of one value; those with a bias are not merged with others.
  using Key = std::pair<Value, unsigned>;
  llvm::MapVector<Key, std::pair<Neighbours, Neighbours>> products;
  for (auto product : entry.getBody().front().getOps<hf::LinearOp>()) {
    Value bias = product.getBias();
    FlatSymbolRefAttr weight = hf::symbolOf(product.getWeight()), added = bias ? hf::symbolOf(bias) : nullptr;
    if (!weight || (bias && !added))
      continue;
    auto &[weights, biases] = products[{product.getX(), bias ? 1 : 0}];
    weights.push_back(weight.getAttr());
    if (bias)
      biases.push_back(added.getAttr());
  }
  for (auto &[key, both] : products) {
    add(both.first);
    add(both.second);
  }
}

SmallVector<Neighbours> collective::findNeighbours(ModuleOp module) {
  Finder finder;
  for (func::FuncOp entry : entriesOf(module))
    if (entry.getBody().hasOneBlock())
      finder.collect(entry);
  return finder.take();
}
