//===- Strategy.cpp - strategies by name
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Partition/Strategy.h"
#include "lib/Partition/Strategies/Strategies.h"

#include "llvm/ADT/StringExtras.h"

using namespace hfc;
using namespace hfc::dist;
using namespace hfc::partition;

PartitionStrategy::~PartitionStrategy() = default;

/// hfc's own come first, whoever asks.
static std::vector<StrategyFactory> &factories() {
  static std::vector<StrategyFactory> all = {makeMegatron, makeReplicate};
  return all;
}

void partition::registerStrategy(StrategyFactory factory) { factories().push_back(std::move(factory)); }

SmallVector<std::string> partition::getStrategyNames() {
  SmallVector<std::string> names;
  for (const StrategyFactory &factory : factories())
    names.push_back(factory()->name().str());
  return names;
}

/// "a=1 b=2" or "a=1,b=2".
static LogicalResult setOptions(PartitionStrategy &strategy, StringRef options, Location loc) {
  SmallVector<StringRef> all;
  llvm::SplitString(options, all, " ,{}");
  for (StringRef option : all) {
    auto [key, value] = option.split('=');
    if (failed(strategy.setOption(key, value)))
      return emitError(loc) << "the partition strategy '" << strategy.name() << "' has no option '" << option
                            << "'; its options: " << strategy.optionsHelp();
  }
  return success();
}

FailureOr<std::unique_ptr<PartitionStrategy>> partition::makeStrategy(StringRef name, StringRef options, Location loc) {
  for (const StrategyFactory &factory : factories()) {
    std::unique_ptr<PartitionStrategy> strategy = factory();
    if (strategy->name() != name)
      continue;
    if (failed(setOptions(*strategy, options, loc)))
      return failure();
    return strategy;
  }
  return emitError(loc) << "there is no partition strategy '" << name
                        << "'; known are: " << llvm::join(getStrategyNames(), ", ");
}

FailureOr<MeshAttr> partition::parseMesh(StringRef text, Location loc) {
  SmallVector<StringAttr> names;
  SmallVector<int64_t> sizes;
  SmallVector<StringRef> axes;
  llvm::SplitString(text, axes, ", ");
  for (StringRef axis : axes) {
    auto [name, number] = axis.split('=');
    int64_t size = 0;
    if (name.empty() || number.getAsInteger(10, size) || size < 1)
      return emitError(loc) << "the mesh has '" << axis << "'; an axis is written NAME=SIZE, as in dp=2,tp=4";
    names.push_back(StringAttr::get(loc.getContext(), name));
    sizes.push_back(size);
  }
  if (failed(MeshAttr::verify([&] { return emitError(loc); }, names, sizes)))
    return failure();
  return MeshAttr::get(loc.getContext(), names, sizes);
}
