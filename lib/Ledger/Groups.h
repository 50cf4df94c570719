//===- Groups.h - lines of a ledger put together
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_LEDGER_GROUPS_H
#define HFC_LIB_LEDGER_GROUPS_H

#include "hfc/Ledger/Ledger.h"

namespace hfc::ledger {

/// Lines that differ only in their layer: `line` has sums, and a path with `*` for the layers' numbers.
struct Group {
  Line line;
  int64_t count = 0;
};
std::vector<Group> groupLines(const Entry &entry);

/// Lines of one kind that are no collectives; `bytes` is what they read and write.
struct Kind {
  std::string name;
  int64_t count = 0, bytes = 0, flops = 0;
};
std::vector<Kind> groupKinds(const Entry &entry);

/// The lines of one layer, or of none, in one phase.
struct Layer {
  std::optional<int64_t> block;
  std::string phase;
  int64_t ops = 0, flops = 0, bytes = 0, exchanged = 0, alive = 0;
  double time = 0;
};
std::vector<Layer> groupLayers(const Entry &entry);

/// Parameters that differ only in their layer.
struct ShardGroup {
  Shard shard; ///< with `*` in its name, and the sum of bytes
  int64_t count = 0;
};
std::vector<ShardGroup> groupShards(const Ledger &ledger);

/// "model.layers.*.mlp": numbers between dots become `*`.
std::string patternOf(StringRef path);

} // namespace hfc::ledger

#endif // HFC_LIB_LEDGER_GROUPS_H
