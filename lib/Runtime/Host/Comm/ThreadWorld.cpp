//===- ThreadWorld.cpp - ranks as threads of one process
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "World.h"

#include "lib/Runtime/Host/Futex.h"

#include <map>

namespace hfc::host {

namespace {
using Clock = std::chrono::steady_clock;

/// How long a rank watches before it sleeps; with more ranks than cores the others need the core.
constexpr std::chrono::microseconds spinTime{50};
/// A sleeper looks around this often: failures are told to nobody who sleeps.
constexpr std::chrono::milliseconds napTime{50};

/// What a member shows the others.
struct alignas(64) Slot {
  CollectiveHeader header;
  /// Stays until this member's next collective: after a failure others may still be reading.
  std::vector<Phase> phases;
  /// How many barriers this member has come to.
  std::atomic<uint64_t> arrivals{0};
};

/// The meeting place of one group.
struct Meeting {
  explicit Meeting(size_t members) : slots(members) {}

  std::vector<Slot> slots;
  alignas(64) std::atomic<uint32_t> waiting{0};
  /// Counts meetings; sleepers wait for it to change.
  alignas(64) std::atomic<uint32_t> generation{0};
};

class ThreadWorld : public World {
public:
  ThreadWorld(int ranks, double timeout) : World(ranks, 0, ranks, timeout), spins(ranks <= usableCores()) {}

  std::shared_ptr<Transport> makeTransport(int rank, DescribeCollective describe) override;

  Meeting &meetingOf(const RankGroup &group) {
    std::lock_guard<std::mutex> lock(mutex);
    std::unique_ptr<Meeting> &meeting = meetings[group.ranks];
    if (!meeting)
      meeting = std::make_unique<Meeting>(group.ranks.size());
    return *meeting;
  }

  const bool spins;

private:
  std::mutex mutex;
  std::map<std::vector<int>, std::unique_ptr<Meeting>> meetings;
};

class ThreadTransport : public Transport {
public:
  ThreadTransport(ThreadWorld &world, int rank, DescribeCollective describe)
      : world(world), rank(rank), describe(std::move(describe)) {}

  bool perform(const RankGroup &group, const CollectiveHeader &header, std::vector<Phase> phases) override {
    if (world.failed())
      return false;
    if (phases.empty())
      return true;
    Meeting &meeting = world.meetingOf(group);
    Slot &own = meeting.slots[group.place];
    own.header = header;
    own.phases = std::move(phases);
    for (size_t i = 0; i < own.phases.size(); ++i) {
      if (!meet(meeting, group) || (i == 0 && !sameEverywhere(meeting, group)))
        return false;
      if (i > 0)
        copyView(own.phases[i - 1].landing, own.phases[i - 1].staged);
      read(meeting, group.place, i);
    }
    if (!meet(meeting, group))
      return false;
    copyView(own.phases.back().landing, own.phases.back().staged);
    return true;
  }

private:
  bool sameEverywhere(const Meeting &meeting, const RankGroup &group) {
    const CollectiveHeader &own = meeting.slots[group.place].header;
    for (int i = 0; i < group.size(); ++i)
      if (const CollectiveHeader &other = meeting.slots[i].header; other != own) {
        world.fail(internalFailure, mismatch(rank, describe(own), group.ranks[i], describe(other)));
        return false;
      }
    return true;
  }

  /// Takes what the others have for this member, straight from their memory.
  void read(const Meeting &meeting, int place, size_t index) {
    const Phase &own = meeting.slots[place].phases[index];
    size_t size = meeting.slots.size();
    if (!own.combines) {
      for (size_t i = 0; i < size; ++i)
        copyView(own.receives[i], meeting.slots[i].phases[index].sends[place]);
      return;
    }
    std::vector<Cursor> sources;
    for (const Slot &slot : meeting.slots)
      sources.emplace_back(slot.phases[index].sends[place]);
    Cursor target(own.combined);
    combine(own.combination, target, sources, own.combined.bytes());
  }

  /// Waits until every member has come as often as this one.
  bool meet(Meeting &meeting, const RankGroup &group) {
    uint32_t generation = meeting.generation.load();
    uint64_t arrivals = meeting.slots[group.place].arrivals.fetch_add(1) + 1;
    if (meeting.waiting.fetch_add(1) + 1 == uint32_t(group.size())) {
      meeting.waiting.store(0);
      meeting.generation.fetch_add(1);
      futexWakeAll(meeting.generation);
      return !world.failed();
    }
    Clock::time_point start = Clock::now();
    Clock::duration patience = world.patience(meeting.slots[group.place].header);
    while (world.spins && meeting.generation.load() == generation && Clock::now() - start < spinTime)
      pauseBriefly();
    while (meeting.generation.load() == generation) {
      if (world.failed())
        return false;
      Clock::duration left = start + patience - Clock::now();
      if (left <= Clock::duration::zero()) {
        reportWait(meeting, group, arrivals);
        return false;
      }
      futexWait(meeting.generation, generation, std::min<Clock::duration>(napTime, left));
    }
    return !world.failed();
  }

  void reportWait(const Meeting &meeting, const RankGroup &group, uint64_t arrivals) {
    std::vector<bool> arrived;
    for (const Slot &slot : meeting.slots)
      arrived.push_back(slot.arrivals.load() >= arrivals);
    const CollectiveHeader &header = meeting.slots[group.place].header;
    world.fail(rankFailure, waitedInVain(rank, world.patience(header), describe(header), group, arrived));
  }

  ThreadWorld &world;
  int rank;
  DescribeCollective describe;
};

std::shared_ptr<Transport> ThreadWorld::makeTransport(int rank, DescribeCollective describe) {
  return std::make_shared<ThreadTransport>(*this, rank, std::move(describe));
}
} // namespace

std::unique_ptr<World> makeThreadWorld(int ranks, double timeout) {
  return std::make_unique<ThreadWorld>(ranks, timeout);
}

} // namespace hfc::host
