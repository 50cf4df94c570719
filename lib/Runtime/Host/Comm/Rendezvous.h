//===- Rendezvous.h - processes that find each other over TCP
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_HOST_COMM_RENDEZVOUS_H
#define HFC_LIB_RUNTIME_HOST_COMM_RENDEZVOUS_H

#include "Sockets.h"

#include <vector>

namespace hfc::host {

/// Where ranks meet: torchrun's RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT.
struct MeetingPoint {
  int rank = 0, ranks = 1;
  std::string address;
  int port = 0;
  /// What ranks of one job have in common: ports may be another job's.
  std::string job;
};

/// A rank's connections.
struct Connections {
  /// For news of failures: rank 0 has one to every other rank, the others have one to rank 0.
  std::vector<Socket> control;
  /// For tensors: one to every other rank.
  std::vector<Socket> data;
};

/// Rank 0 listens at `port`, or at one of the next ones if that is taken (torchrun's own store may have it); the others
/// find it there and learn from it where everybody is.
io::Result<Connections> meet(const MeetingPoint &point, Deadline deadline);

} // namespace hfc::host

#endif // HFC_LIB_RUNTIME_HOST_COMM_RENDEZVOUS_H
