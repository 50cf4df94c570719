//===- Rendezvous.cpp - processes that find each other over TCP
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Rendezvous.h"

#include "World.h"

#include "hfc/Runtime/IO/Random.h"

#include <cstdio>
#include <cstring>
#include <thread>

namespace hfc::host {

namespace {
using Clock = std::chrono::steady_clock;

/// How many ports from MASTER_PORT on are tried.
constexpr int portsTried = 16;
constexpr std::chrono::milliseconds retryTime{50};
/// Strangers who are silent are not waited for: this long at first, longer in each round, in case they are only slow.
constexpr std::chrono::milliseconds greetingTime{300}, longestGreeting{5000};
constexpr char confirmation = '!';
constexpr size_t addressSize = 64;

enum class Purpose : uint32_t { join = 1, data = 2 };

/// What a connection begins with.
struct Greeting {
  char magic[8] = {'h', 'f', 'c', 'r', 'a', 'n', 'k', '1'};
  uint64_t job = 0;
  int32_t rank = 0, ranks = 0, port = 0;
  Purpose purpose = Purpose::join;
};

/// Where a rank listens.
struct Place {
  char address[addressSize] = {};
  int32_t port = 0;
};

class Rendezvous {
public:
  Rendezvous(const MeetingPoint &point, Deadline deadline) : point(point), deadline(deadline), started(Clock::now()) {
    connections.control.resize(point.ranks);
    connections.data.resize(point.ranks);
  }

  io::Result<Connections> run() {
    io::Status status = point.rank == 0 ? gatherRanks() : join();
    if (status)
      status = connectLower();
    if (status)
      status = acceptHigher();
    if (!status)
      return io::Failure{"rank " + std::to_string(point.rank) + ": " + status.error()};
    return std::move(connections);
  }

private:
  std::string where() const { return point.address + ":" + std::to_string(point.port); }

  Deadline soon(std::chrono::milliseconds time) const { return std::min(deadline, Clock::now() + time); }

  Greeting greeting(Purpose purpose) const {
    Greeting greeting;
    greeting.job = io::randomKey(uint64_t(point.port), point.job);
    greeting.rank = point.rank;
    greeting.ranks = point.ranks;
    greeting.port = listener ? listener.port() : 0;
    greeting.purpose = purpose;
    return greeting;
  }

  bool isOurs(const Greeting &theirs, Purpose purpose) const {
    Greeting own = greeting(purpose);
    return std::memcmp(own.magic, theirs.magic, sizeof own.magic) == 0 && own.job == theirs.job &&
           own.ranks == theirs.ranks && own.purpose == theirs.purpose && theirs.rank >= 0 &&
           theirs.rank < point.ranks && theirs.rank != point.rank;
  }

  /// The next connection of this job, or none by the deadline.
  io::Result<Socket> acceptOurs(Purpose purpose, Greeting &theirs) {
    for (;;) {
      io::Result<Socket> socket = listener.accept(deadline);
      if (!socket)
        return socket;
      if (socket->receive(&theirs, sizeof theirs, soon(longestGreeting)) && isOurs(theirs, purpose))
        return socket;
    }
  }

  //===-- Rank 0 ----------------------------------------------------------===//

  io::Status gatherRanks() {
    std::string error;
    for (int i = 0; i < portsTried && !listener; ++i) {
      io::Result<Socket> socket = Socket::listen(point.port + i);
      if (socket)
        listener = std::move(*socket);
      else if (error.empty())
        error = socket.error();
    }
    if (!listener)
      return io::Failure{"cannot listen at " + where() + " or at the " + std::to_string(portsTried - 1) +
                         " ports after it (MASTER_PORT): " + error};
    for (int count = 1; count < point.ranks; ++count)
      if (io::Status status = welcomeOne(); !status)
        return status;
    for (int rank = 1; rank < point.ranks; ++rank)
      if (io::Status status = connections.control[rank].send(places.data(), placesBytes(), deadline); !status)
        return status;
    return {};
  }

  io::Status welcomeOne() {
    places.resize(point.ranks);
    Greeting theirs;
    io::Result<Socket> socket = acceptOurs(Purpose::join, theirs);
    if (!socket)
      return io::Failure{whoCame()};
    // It may have lost patience and gone elsewhere: it counts when it has seen who this is.
    Greeting own = greeting(Purpose::join);
    char answer = 0;
    bool stayed = socket->send(&own, sizeof own, soon(longestGreeting)) &&
                  socket->receive(&answer, 1, soon(longestGreeting)) && answer == confirmation;
    if (!stayed)
      return welcomeOne();
    if (connections.control[theirs.rank])
      return io::Failure{"two processes say that they are rank " + std::to_string(theirs.rank) + " (RANK)"};
    std::snprintf(places[theirs.rank].address, addressSize, "%s", socket->peerAddress().c_str());
    places[theirs.rank].port = theirs.port;
    connections.control[theirs.rank] = std::move(*socket);
    return {};
  }

  std::string whoCame() const {
    RankGroup all;
    std::vector<bool> came;
    for (int rank = 0; rank < point.ranks; ++rank) {
      all.ranks.push_back(rank);
      came.push_back(rank == 0 || bool(connections.control[rank]));
    }
    return waitedInVain(0, Clock::now() - started, "the meeting of all ranks at " + where(), all, came);
  }

  //===-- The others ------------------------------------------------------===//

  io::Status join() {
    io::Result<Socket> socket = Socket::listen(0);
    if (!socket)
      return io::Failure{socket.error()};
    listener = std::move(*socket);
    std::string error = "nobody listens";
    for (auto patience = greetingTime; !connections.control[0]; patience = std::min(2 * patience, longestGreeting)) {
      for (int i = 0; i < portsTried && !connections.control[0]; ++i)
        if (io::Status status = tryPort(point.port + i, patience); !status && i == 0)
          error = status.error();
      if (connections.control[0])
        break;
      if (Clock::now() >= deadline)
        return io::Failure{"cannot reach rank 0 at " + where() + " (MASTER_ADDR, MASTER_PORT): " + error};
      std::this_thread::sleep_for(retryTime);
    }
    places.resize(point.ranks);
    if (!connections.control[0].receive(places.data(), placesBytes(), deadline))
      return io::Failure{"rank 0 at " + where() + " ended before all ranks had met"};
    return {};
  }

  io::Status tryPort(int port, std::chrono::milliseconds patience) {
    io::Result<Socket> socket = Socket::connect(point.address, port, soon(patience));
    if (!socket)
      return io::Failure{socket.error()};
    Greeting own = greeting(Purpose::join), theirs;
    if (io::Status status = socket->send(&own, sizeof own, soon(patience)); !status)
      return status;
    if (io::Status status = socket->receive(&theirs, sizeof theirs, soon(patience)); !status)
      return status;
    if (!isOurs(theirs, Purpose::join) || theirs.rank != 0)
      return io::Failure{"another program answers there"};
    if (io::Status status = socket->send(&confirmation, 1, soon(patience)); !status)
      return status;
    foundAt = port;
    connections.control[0] = std::move(*socket);
    return {};
  }

  //===-- Tensors' connections --------------------------------------------===//

  io::Status connectLower() {
    for (int rank = 0; rank < point.rank; ++rank) {
      std::string address = rank == 0 ? point.address : std::string(places[rank].address);
      int port = rank == 0 ? foundAt : places[rank].port;
      io::Result<Socket> socket = Socket::connect(address, port, deadline);
      if (!socket)
        return io::Failure{"cannot reach rank " + std::to_string(rank) + " at " + address + ":" + std::to_string(port) +
                           ": " + socket.error()};
      Greeting own = greeting(Purpose::data);
      if (io::Status status = socket->send(&own, sizeof own, deadline); !status)
        return status;
      connections.data[rank] = std::move(*socket);
    }
    return {};
  }

  io::Status acceptHigher() {
    for (int count = point.rank + 1; count < point.ranks; ++count) {
      Greeting theirs;
      io::Result<Socket> socket = acceptOurs(Purpose::data, theirs);
      if (!socket)
        return io::Failure{"not all ranks connected to it: " + socket.error()};
      connections.data[theirs.rank] = std::move(*socket);
    }
    return {};
  }

  int64_t placesBytes() const { return int64_t(places.size() * sizeof(Place)); }

  const MeetingPoint &point;
  Deadline deadline;
  Clock::time_point started;
  Socket listener;
  Connections connections;
  std::vector<Place> places;
  int foundAt = 0;
};
} // namespace

io::Result<Connections> meet(const MeetingPoint &point, Deadline deadline) { return Rendezvous(point, deadline).run(); }

} // namespace hfc::host
