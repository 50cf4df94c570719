//===- Communicators.cpp - NCCL's communicators of a rank
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Communicators.h"

#include "NewerNCCL.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

namespace hfc::cuda {

namespace {
/// The name by which the members of a group find each other is made by its first one, and travels over the world: all
/// names come to rank 0, which gives them to everybody.
class Names {
public:
  Names(const host::RankSetting &setting) : setting(setting), program(*setting.program), isUsed(program.groups.size()) {
    for (const io::CollectiveInfo &collective : program.collectives)
      isUsed[collective.group] = true;
  }

  /// Whether there is something to connect for.
  bool isWanted(size_t group) const { return isUsed[group] && members(group, setting.rank).size() > 1; }

  host::Outcome exchange() {
    std::vector<int64_t> bytes(setting.ranks);
    for (int rank = 0; rank < setting.ranks; ++rank)
      bytes[rank] = int64_t(ledBy(rank).size() * sizeof(ncclUniqueId));
    std::vector<ncclUniqueId> own(ledBy(setting.rank).size());
    for (ncclUniqueId &name : own)
      if (host::Outcome made = outcomeOf(ncclGetUniqueId(&name), "NCCL"); !made)
        return made;
    std::vector<void *> targets(setting.ranks);
    int64_t total = 0;
    for (int rank = 0; rank < setting.ranks; ++rank) {
      first.push_back(total);
      total += int64_t(ledBy(rank).size());
    }
    names.resize(total);
    for (int rank = 0; rank < setting.ranks; ++rank)
      targets[rank] = names.data() + first[rank];
    bool done = setting.communicator->gather(own.data(), bytes, targets.data()) &&
                setting.communicator->broadcast(names.data(), int64_t(names.size() * sizeof(ncclUniqueId)));
    // What failed is the world's to say.
    return done ? host::Outcome() : host::Outcome{rankFailure, "ranks could not meet"};
  }

  ncclUniqueId of(size_t group) const {
    int leader = members(group, setting.rank).front();
    std::vector<size_t> led = ledBy(leader);
    return names[first[leader] + (std::find(led.begin(), led.end(), group) - led.begin())];
  }

  std::vector<int> members(size_t group, int rank) const { return program.mesh.groupOf(rank, program.groups[group]); }

private:
  std::vector<size_t> ledBy(int rank) const {
    std::vector<size_t> groups;
    for (size_t group = 0; group < program.groups.size(); ++group)
      if (std::vector<int> ranks = members(group, rank); isUsed[group] && ranks.size() > 1 && ranks.front() == rank)
        groups.push_back(group);
    return groups;
  }

  const host::RankSetting &setting;
  const io::ProgramInfo &program;
  /// By groups; others only say where ranks are.
  std::vector<bool> isUsed;
  /// Of all leaders, one behind the other; and where each rank's begin.
  std::vector<ncclUniqueId> names;
  std::vector<int64_t> first;
};
/// One communicator to make.
struct Membership {
  size_t group;
  int ranks, place;
  ncclUniqueId name;
  /// "rank 1 cannot connect with the others along tp".
  std::string failure;
};

/// Blocks that a collective of memory that all can reach takes: fewer are slower, and more, on 132 multiprocessors,
/// slow down what runs beside it. Measured with two H200s: 8 to 32 of them.
constexpr int blocksOfWindows = 16;

ncclConfig_t configFor(const Memory::Window &window) {
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  if (window.bytes > 0)
    config.minCTAs = config.maxCTAs = blocksOfWindows;
  return config;
}

/// Lets the members reach into each other's memory: collectives then need no copies, and half the time on two GPUs.
ncclResult_t show(const Memory::Window &window, ncclComm_t communicator) {
  ncclWindow_t shown = nullptr;
  return window.bytes == 0 ? ncclSuccess
                           : ncclCommWindowRegister(communicator, window.address, size_t(window.bytes), &shown,
                                                    NCCL_WIN_COLL_SYMMETRIC);
}

/// How long the end of a program waits for what is being connected, once a rank has failed.
constexpr std::chrono::seconds patience{2};
} // namespace

host::Outcome Communicators::begin(const host::RankSetting &setting, int ordinal, const Memory::Window &window) {
  const io::ProgramInfo &program = *setting.program;
  list.assign(program.groups.size(), nullptr);
  if (!setting.communicator || setting.ranks == 1)
    return {};
  Names names(setting);
  if (host::Outcome outcome = names.exchange(); !outcome)
    return outcome;
  std::vector<Membership> memberships;
  for (size_t group = 0; group < list.size(); ++group) {
    if (!names.isWanted(group))
      continue;
    std::vector<int> ranks = names.members(group, setting.rank);
    int place = int(std::find(ranks.begin(), ranks.end(), setting.rank) - ranks.begin());
    memberships.push_back({group, int(ranks.size()), place, names.of(group),
                           "rank " + std::to_string(setting.rank) + " cannot connect with the others along " +
                               io::toString(program.groups[group], program.mesh)});
  }
  std::packaged_task<Connected()> connect(
      [ordinal, memberships = std::move(memberships), made = list, window]() mutable {
        cudaSetDevice(ordinal);
        for (const Membership &each : memberships) {
          ncclComm_t communicator = nullptr;
          ncclConfig_t config = configFor(window);
          ncclResult_t result = ncclCommInitRankConfig(&communicator, each.ranks, each.name, each.place, &config);
          made[each.group] = communicator;
          if (result == ncclSuccess)
            result = show(window, communicator);
          if (result != ncclSuccess)
            return Connected{outcomeOf(result, each.failure), made};
        }
        return Connected{{}, made};
      });
  connecting = connect.get_future();
  std::thread(std::move(connect)).detach();
  return {};
}

host::Outcome Communicators::finish() {
  if (!connecting.valid())
    return {};
  Connected connected = connecting.get();
  std::lock_guard<std::mutex> lock(mutex);
  list = std::move(connected.list);
  return connected.outcome;
}

bool Communicators::empty() const {
  return std::all_of(list.begin(), list.end(), [](void *each) { return !each; });
}

host::Outcome Communicators::findError() {
  std::lock_guard<std::mutex> lock(mutex);
  if (revoked)
    return {};
  for (void *each : list) {
    ncclResult_t result = ncclSuccess;
    if (each && ncclCommGetAsyncError(static_cast<ncclComm_t>(each), &result) == ncclSuccess &&
        result != ncclInProgress)
      if (host::Outcome outcome = outcomeOf(result, "NCCL"); !outcome)
        return outcome;
  }
  return {};
}

void Communicators::revoke() {
  std::lock_guard<std::mutex> lock(mutex);
  if (revoked)
    return;
  revoked = true;
  for (void *&each : list) {
    auto communicator = static_cast<ncclComm_t>(each);
    if (!communicator)
      continue;
    if (ncclCommRevoke) {
      ncclCommRevoke(communicator, /*NCCL_REVOKE_DEFAULT=*/0);
      continue;
    }
    // Frees it too: whatever the program still asks of it is refused.
    each = nullptr;
    ncclCommAbort(communicator);
  }
}

/// Not ncclCommDestroy, which waits for all members of this host: one thread may close several ranks, and some may be
/// gone. This rank's work is done.
Communicators::~Communicators() {
  if (connecting.valid() && connecting.wait_for(patience) == std::future_status::ready)
    (void)finish();
  for (void *each : list)
    if (each)
      ncclCommAbort(static_cast<ncclComm_t>(each));
}

} // namespace hfc::cuda
