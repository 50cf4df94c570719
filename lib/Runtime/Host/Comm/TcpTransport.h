//===- TcpTransport.h - collectives over connections
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_HOST_COMM_TCPTRANSPORT_H
#define HFC_LIB_RUNTIME_HOST_COMM_TCPTRANSPORT_H

#include "Exchange.h"
#include "Sockets.h"
#include "World.h"

namespace hfc::host {

/// A rank that is a process of its own.
class TcpTransport : public Transport {
public:
  /// `connections` has one to every other rank.
  TcpTransport(World &world, const std::vector<Socket> &connections, int rank, DescribeCollective describe);

  bool perform(const RankGroup &group, const CollectiveHeader &header, std::vector<Phase> phases) override;

  /// What this rank is doing, for messages. From any thread.
  std::string status();

private:
  void begin(const RankGroup &group, const CollectiveHeader &header);
  bool greet(const Phase &first);
  bool sameEverywhere();
  bool move(const Phase &phase);
  bool combineArrivals(Exchange &exchange, const Phase &phase);
  bool check(Outcome outcome, const Exchange &exchange);
  Exchange makeExchange();
  int64_t placeOf(const Link &link) const;

  World &world;
  const std::vector<Socket> &connections;
  int rank;
  DescribeCollective describe;

  /// The collective that is being performed, or was last.
  const RankGroup *group = nullptr;
  CollectiveHeader header;
  std::vector<Link> links;
  std::vector<CollectiveHeader> headers;
  /// What links read and write: cursors refer to them.
  std::vector<View> outgoing, incoming;
  /// Parts of what is to be combined.
  std::vector<char> blocks;

  /// For `status`.
  std::mutex mutex;
  std::string doing = "starting";
  std::vector<bool> arrived;
};

} // namespace hfc::host

#endif // HFC_LIB_RUNTIME_HOST_COMM_TCPTRANSPORT_H
