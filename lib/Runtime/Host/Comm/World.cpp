//===- World.cpp - ranks that know of each other, and end together
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "World.h"

#include <cstdio>

namespace hfc::host {

bool CollectiveHeader::operator==(const CollectiveHeader &other) const {
  return id == other.id && kind == other.kind && reduction == other.reduction && dtype == other.dtype &&
         bytes == other.bytes;
}

bool World::recordFailure(hfc_status newStatus, const std::string &newMessage) {
  Failed call;
  {
    std::lock_guard<std::mutex> lock(mutex);
    if (hasFailed.load())
      return false;
    status = newStatus;
    message = newMessage;
    call = callback;
    hasFailed.store(true, std::memory_order_release);
  }
  if (call)
    call(newStatus, newMessage);
  return true;
}

void World::fail(hfc_status newStatus, const std::string &newMessage) {
  if (failed())
    return;
  // Others first: what is called here may end the process.
  tellOthers(newStatus, newMessage);
  recordFailure(newStatus, newMessage);
}

std::pair<hfc_status, std::string> World::failure() {
  std::lock_guard<std::mutex> lock(mutex);
  return {status, message};
}

void World::onFailure(Failed newCallback) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    callback = newCallback;
    if (!hasFailed.load())
      return;
  }
  if (newCallback)
    newCallback(status, message);
}

std::string listRanks(const std::vector<int> &ranks) {
  if (ranks.empty())
    return "nobody";
  std::string text = ranks.size() == 1 ? "rank " : "ranks ";
  for (size_t i = 0; i < ranks.size(); ++i)
    text += (i ? ", " : "") + std::to_string(ranks[i]);
  return text;
}

std::string waitedInVain(int rank, std::chrono::steady_clock::duration time, const std::string &collective,
                         const RankGroup &group, const std::vector<bool> &arrived) {
  std::vector<int> here, absent;
  for (int i = 0; i < group.size(); ++i)
    (arrived[i] ? here : absent).push_back(group.ranks[i]);
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.3g", std::chrono::duration<double>(time).count());
  return "rank " + std::to_string(rank) + " waited " + seconds + " s in " + collective + ": " + listRanks(here) +
         " arrived, " + listRanks(absent) + " did not (--timeout)";
}

std::string mismatch(int rank, const std::string &collective, int other, const std::string &others) {
  return "ranks are not in the same collective: rank " + std::to_string(rank) + " in " + collective + ", rank " +
         std::to_string(other) + " in " + others;
}

} // namespace hfc::host
