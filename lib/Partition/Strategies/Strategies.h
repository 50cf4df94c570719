//===- Strategies.h - hfc's own strategies
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_PARTITION_STRATEGIES_STRATEGIES_H
#define HFC_LIB_PARTITION_STRATEGIES_STRATEGIES_H

#include "hfc/Partition/Strategy.h"

namespace hfc::partition {

std::unique_ptr<PartitionStrategy> makeMegatron();
std::unique_ptr<PartitionStrategy> makeReplicate();

} // namespace hfc::partition

#endif // HFC_LIB_PARTITION_STRATEGIES_STRATEGIES_H
