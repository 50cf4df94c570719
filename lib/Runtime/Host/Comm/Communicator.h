//===- Communicator.h - collectives of one rank
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_HOST_COMM_COMMUNICATOR_H
#define HFC_LIB_RUNTIME_HOST_COMM_COMMUNICATOR_H

#include "World.h"

namespace hfc::host {

/// Kinds of what a host asks for, beside a program's collectives (`hfc_collective_kind`); their ids are -1.
constexpr int32_t gatherKind = 100, broadcastKind = 101;

/// What a rank does together with others. The CPU's is `makeHostCommunicator`; a device's has streams behind the same
/// interface.
class Communicator {
public:
  virtual ~Communicator() = default;

  /// Returns when the outs are written and the ins may be written; false once any rank has failed, and then values are
  /// worthless.
  virtual bool run(const hfc_collective &collective, const void *const *ins, void *const *outs) = 0;

  /// Brings `bytes[r]` bytes of each rank r's `piece` to `targets[r]` of rank 0. All ranks call it with the same
  /// `bytes`.
  virtual bool gather(const void *piece, const std::vector<int64_t> &bytes, void *const *targets) = 0;

  /// Brings rank 0's `bytes` bytes to all other ranks' `data`. All ranks call it with the same `bytes`.
  virtual bool broadcast(void *data, int64_t bytes) = 0;
};

/// Collectives over host memory. `groups` are the program's, in order. Values are combined in the order of places, so
/// that results are the same bits whatever carries them.
std::unique_ptr<Communicator> makeHostCommunicator(World &world, int rank, std::vector<RankGroup> groups,
                                                   DescribeCollective describe);

} // namespace hfc::host

#endif // HFC_LIB_RUNTIME_HOST_COMM_COMMUNICATOR_H
