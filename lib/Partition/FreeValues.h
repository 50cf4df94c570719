//===- FreeValues.h - what costs nothing to make again
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_PARTITION_FREEVALUES_H
#define HFC_LIB_PARTITION_FREEVALUES_H

#include "lib/Partition/Placement.h"

namespace hfc::partition {

/// Constants, iotas, broadcasts, and cheap elementwise functions of such: computed where they are needed cut, never cut
/// after.
class FreeValues {
public:
  explicit FreeValues(const Placement &placement) : placement(placement) {}

  /// Whether the value, made again to live as `to` says, needs nothing but cuts of what it is made of.
  bool canMake(Value value, dist::ShardingAttr to);

private:
  bool isFree(Value value);

  const Placement &placement;
  llvm::DenseMap<Value, bool> free;
};

} // namespace hfc::partition

#endif // HFC_LIB_PARTITION_FREEVALUES_H
