//===- TcpTransport.cpp - collectives over connections
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TcpTransport.h"

#include <thread>

namespace hfc::host {

namespace {
/// Memory for what arrives and is combined, for all members together.
constexpr int64_t blockMemory = 1 << 19;
constexpr int64_t blockMultiple = 64;
/// How long news of a failure may take.
constexpr std::chrono::milliseconds newsTime{100};
} // namespace

TcpTransport::TcpTransport(World &world, const std::vector<Socket> &connections, int rank, DescribeCollective describe)
    : world(world), connections(connections), rank(rank), describe(std::move(describe)) {}

bool TcpTransport::perform(const RankGroup &newGroup, const CollectiveHeader &newHeader, std::vector<Phase> phases) {
  if (world.failed())
    return false;
  if (phases.empty())
    return true;
  begin(newGroup, newHeader);
  if (!greet(phases.front()))
    return false;
  for (const Phase &phase : phases) {
    if (&phase != &phases.front())
      for (Link &link : links)
        link.out = Cursor(phase.sends[placeOf(link)]);
    if (!move(phase))
      return false;
    copyView(phase.landing, phase.staged);
  }
  std::lock_guard<std::mutex> lock(mutex);
  doing = "behind " + describe(header);
  return true;
}

int64_t TcpTransport::placeOf(const Link &link) const {
  // Links stand in the order of places, without the own one.
  int64_t number = &link - links.data();
  return number < group->place ? number : number + 1;
}

void TcpTransport::begin(const RankGroup &newGroup, const CollectiveHeader &newHeader) {
  group = &newGroup;
  header = newHeader;
  links.clear();
  for (int member : group->ranks)
    if (member != rank)
      links.push_back({member, connections[member].get(), {}, {}});
  headers.assign(group->size(), header);
  outgoing.assign(group->size(), View());
  incoming.assign(group->size(), View());
  std::lock_guard<std::mutex> lock(mutex);
  doing = "in " + describe(header);
  arrived.assign(group->size(), false);
  arrived[group->place] = true;
}

Exchange TcpTransport::makeExchange() {
  return Exchange(
      links, world.patience(header), [this] { return world.failed(); },
      [this](const Link &link) {
        std::lock_guard<std::mutex> lock(mutex);
        arrived[placeOf(link)] = true;
      });
}

/// Says to all members which collective this is, and hears it from them. The first phase's tensors follow at once.
bool TcpTransport::greet(const Phase &first) {
  for (Link &link : links) {
    int64_t place = placeOf(link);
    outgoing[place].add({reinterpret_cast<char *>(&header), 1, sizeof header, sizeof header});
    for (const Segment &segment : first.sends[place].segments())
      outgoing[place].add(segment);
    incoming[place] = View(&headers[place], sizeof header);
    link.out = Cursor(outgoing[place]);
    link.in = Cursor(incoming[place]);
  }
  Exchange exchange = makeExchange();
  return check(exchange.receiveAll(), exchange) && sameEverywhere();
}

bool TcpTransport::sameEverywhere() {
  for (int i = 0; i < group->size(); ++i)
    if (headers[i] != header) {
      world.fail(internalFailure, mismatch(rank, describe(header), group->ranks[i], describe(headers[i])));
      return false;
    }
  return true;
}

bool TcpTransport::move(const Phase &phase) {
  Exchange exchange = makeExchange();
  if (phase.combines) {
    if (!combineArrivals(exchange, phase))
      return false;
  } else {
    for (Link &link : links)
      link.in = Cursor(phase.receives[placeOf(link)]);
    copyView(phase.receives[group->place], phase.sends[group->place]);
  }
  return check(exchange.finish(), exchange);
}

/// A block of every member at a time.
bool TcpTransport::combineArrivals(Exchange &exchange, const Phase &phase) {
  int64_t block = std::max<int64_t>(blockMemory / group->size() / blockMultiple, 1) * blockMultiple;
  blocks.resize(size_t(block * group->size()));
  Cursor target(phase.combined);
  std::vector<Cursor> sources(group->size());
  sources[group->place] = Cursor(phase.sends[group->place]);
  while (target.bytesLeft() > 0) {
    int64_t bytes = std::min(block, target.bytesLeft());
    for (Link &link : links) {
      int64_t place = placeOf(link);
      incoming[place] = View(blocks.data() + place * block, bytes);
      link.in = sources[place] = Cursor(incoming[place]);
    }
    if (!check(exchange.receiveAll(), exchange))
      return false;
    combine(phase.combination, target, sources, bytes);
  }
  return true;
}

bool TcpTransport::check(Outcome outcome, const Exchange &exchange) {
  if (outcome == Outcome::done)
    return true;
  if (outcome == Outcome::closed) {
    // A rank that ends because of another failure has told before; who was killed has not. Collectives say more than
    // the gathering of results behind them.
    for (Deadline end = std::chrono::steady_clock::now() + (header.id < 0 ? 2 : 1) * newsTime;
         !world.failed() && std::chrono::steady_clock::now() < end;)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    world.fail(rankFailure, "rank " + std::to_string(world.firstToEnd(exchange.broken()->rank)) +
                                " ended (its connection was closed) while " + status());
  } else if (outcome == Outcome::timedOut) {
    std::vector<bool> here(group->size(), true);
    for (const Link &link : links)
      here[placeOf(link)] = link.in.bytesLeft() == 0;
    world.fail(rankFailure, waitedInVain(rank, world.patience(header), describe(header), *group, here));
  }
  return false;
}

std::string TcpTransport::status() {
  std::lock_guard<std::mutex> lock(mutex);
  std::string text = "rank " + std::to_string(rank) + " was " + doing;
  if (!group || doing.rfind("in ", 0) != 0)
    return text;
  std::vector<int> here, absent;
  for (int i = 0; i < group->size(); ++i)
    (arrived[i] ? here : absent).push_back(group->ranks[i]);
  return text + ": " + listRanks(here) + " arrived, " + listRanks(absent) + " did not";
}

} // namespace hfc::host
