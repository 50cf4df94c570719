//===- HostCommunicator.cpp - collectives over host memory
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Communicator.h"
#include "Mishap.h"

#include <numeric>

namespace hfc::host {

namespace {
class HostCommunicator : public Communicator {
public:
  HostCommunicator(World &world, int rank, std::vector<RankGroup> groups, DescribeCollective describe)
      : rank(rank), groups(std::move(groups)), transport(world.makeTransport(rank, std::move(describe))) {
    everybody.number = RankGroup::everybody;
    everybody.ranks.resize(world.ranks);
    std::iota(everybody.ranks.begin(), everybody.ranks.end(), 0);
    everybody.place = rank;
  }

  bool run(const hfc_collective &collective, const void *const *ins, void *const *outs) override {
    meetWithMishap(rank, collective.id);
    const RankGroup &group = groups[collective.group];
    if (collective.kind == HFC_SEND_RECEIVE)
      scratch.resize(scratchBytes);
    Plan plan = planCollective(collective, ins, outs, group.place, group.size(), scratch.data());
    CollectiveHeader header{collective.id, collective.kind, collective.reduction, collective.dtype,
                            bytesOf(collective)};
    if (!transport->perform(group, header, std::move(plan.phases)))
      return false;
    zeroView(plan.zeros);
    return true;
  }

  bool gather(const void *piece, const std::vector<int64_t> &bytes, void *const *targets) override {
    Phase phase;
    phase.sends.resize(everybody.size());
    phase.receives.resize(everybody.size());
    phase.sends[0] = View(const_cast<void *>(piece), bytes[rank]);
    if (rank == 0)
      for (int i = 0; i < everybody.size(); ++i)
        phase.receives[i] = View(targets[i], bytes[i]);
    CollectiveHeader header{-1, gatherKind, 0, 0, std::accumulate(bytes.begin(), bytes.end(), int64_t(0))};
    return transport->perform(everybody, header, {std::move(phase)});
  }

  bool broadcast(void *data, int64_t bytes) override {
    Phase phase;
    phase.sends.resize(everybody.size());
    phase.receives.resize(everybody.size());
    if (rank > 0)
      phase.receives[0] = View(data, bytes);
    for (int i = 1; rank == 0 && i < everybody.size(); ++i)
      phase.sends[i] = View(data, bytes);
    return transport->perform(everybody, {-1, broadcastKind, 0, 0, bytes}, {std::move(phase)});
  }

private:
  int rank;
  std::vector<RankGroup> groups;
  RankGroup everybody;
  std::shared_ptr<Transport> transport;
  std::vector<char> scratch;
};
} // namespace

std::unique_ptr<Communicator> makeHostCommunicator(World &world, int rank, std::vector<RankGroup> groups,
                                                   DescribeCollective describe) {
  return std::make_unique<HostCommunicator>(world, rank, std::move(groups), std::move(describe));
}

} // namespace hfc::host
