//===- Groups.cpp - lines of a ledger put together
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Groups.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"

#include <map>
#include <tuple>

using namespace hfc;
using namespace hfc::ledger;

std::string ledger::patternOf(StringRef path) {
  SmallVector<StringRef> parts;
  path.split(parts, '.');
  for (StringRef &part : parts)
    if (!part.empty() && llvm::all_of(part, llvm::isDigit))
      part = "*";
  return llvm::join(parts, ".");
}

/// A fused kernel's paths, each pattern once.
static std::string patternsOf(StringRef paths) {
  SmallVector<StringRef> parts;
  paths.split(parts, ", ", -1, /*KeepEmpty=*/false);
  SmallVector<std::string> patterns;
  for (StringRef part : parts)
    if (std::string pattern = patternOf(part); !llvm::is_contained(patterns, pattern))
      patterns.push_back(std::move(pattern));
  return llvm::join(patterns, ", ");
}

std::vector<Group> ledger::groupLines(const Entry &entry) {
  using Key = std::tuple<std::string, std::string, std::string, std::string, std::string, std::string>;
  std::map<Key, size_t> numbers;
  std::vector<Group> groups;
  for (const Line &line : entry.lines) {
    std::string path = patternsOf(line.path);
    Key key{line.kind,
            line.name,
            path,
            line.phase,
            line.exchange ? line.exchange->axes : "",
            line.exchange ? line.exchange->cause : ""};
    auto [found, isNew] = numbers.try_emplace(key, groups.size());
    if (isNew) {
      groups.push_back({line, 1});
      groups.back().line.path = path;
      continue;
    }
    Group &group = groups[found->second];
    ++group.count;
    group.line.flops += line.flops;
    group.line.read += line.read;
    group.line.written += line.written;
    group.line.time += line.time;
    group.line.exposed += line.exposed;
    group.line.alive = std::max(group.line.alive, line.alive);
    if (line.exchange) {
      group.line.exchange->bytes += line.exchange->bytes;
      group.line.exchange->sent += line.exchange->sent;
    }
  }
  return groups;
}

std::vector<Kind> ledger::groupKinds(const Entry &entry) {
  llvm::MapVector<StringRef, Kind> kinds;
  for (const Line &line : entry.lines) {
    if (line.exchange)
      continue;
    Kind &kind = kinds[line.kind];
    kind.name = line.kind;
    ++kind.count;
    kind.bytes += line.read + line.written;
    kind.flops += line.flops;
  }
  std::vector<Kind> list;
  for (auto &[name, kind] : kinds)
    list.push_back(std::move(kind));
  return list;
}

std::vector<Layer> ledger::groupLayers(const Entry &entry) {
  llvm::MapVector<std::pair<int64_t, StringRef>, Layer> layers;
  for (const Line &line : entry.lines) {
    Layer &layer = layers[{line.block.value_or(-1), line.phase}];
    layer.block = line.block;
    layer.phase = line.phase;
    ++layer.ops;
    layer.flops += line.flops;
    layer.bytes += line.exchange ? 0 : line.read + line.written;
    layer.exchanged += line.exchange ? line.exchange->bytes : 0;
    layer.alive = std::max(layer.alive, line.alive);
    layer.time += line.time;
  }
  std::vector<Layer> list;
  for (auto &[key, layer] : layers)
    list.push_back(std::move(layer));
  // In the order of training: a kernel of two phases stands in the later one, wherever it runs.
  auto order = [](const Layer &layer) {
    int phase = layer.phase == "forward" ? 0 : layer.phase == "backward" ? 1 : 2;
    return std::pair(phase, layer.block.value_or(-1));
  };
  llvm::sort(list, [&](const Layer &a, const Layer &b) { return order(a) < order(b); });
  return list;
}

std::vector<ShardGroup> ledger::groupShards(const Ledger &ledger) {
  using Key = std::tuple<std::string, std::string, std::string, std::vector<int64_t>, bool>;
  std::map<Key, size_t> numbers;
  std::vector<ShardGroup> groups;
  for (const Shard &shard : ledger.shards) {
    std::string name = patternOf(shard.name);
    Key key{name, shard.dtype, shard.cut, {shard.whole.begin(), shard.whole.end()}, shard.frozen};
    auto [found, isNew] = numbers.try_emplace(key, groups.size());
    if (isNew) {
      groups.push_back({shard, 1});
      groups.back().shard.name = name;
      continue;
    }
    ++groups[found->second].count;
    groups[found->second].shard.bytes += shard.bytes;
  }
  return groups;
}
