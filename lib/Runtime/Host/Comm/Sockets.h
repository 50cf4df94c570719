//===- Sockets.h - TCP connections that never block
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_HOST_COMM_SOCKETS_H
#define HFC_LIB_RUNTIME_HOST_COMM_SOCKETS_H

#include "hfc/Runtime/IO/Result.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace hfc::host {

using Deadline = std::chrono::steady_clock::time_point;

/// A connection or a listener; closed with the object. Descriptors are non-blocking and without delay.
class Socket {
public:
  Socket() = default;
  explicit Socket(int descriptor) : descriptor(descriptor) {}
  ~Socket();
  Socket(Socket &&other) noexcept : descriptor(std::exchange(other.descriptor, -1)) {}
  Socket &operator=(Socket &&other) noexcept {
    std::swap(descriptor, other.descriptor);
    return *this;
  }

  int get() const { return descriptor; }
  explicit operator bool() const { return descriptor >= 0; }

  /// On all of the host's addresses; port 0: any that is free.
  static io::Result<Socket> listen(int port);
  int port() const;
  /// The next connection, or none by the deadline.
  io::Result<Socket> accept(Deadline deadline) const;
  /// Once; see `Rendezvous` for trying again.
  static io::Result<Socket> connect(const std::string &host, int port, Deadline deadline);
  /// The numeric address of the other end.
  std::string peerAddress() const;

  /// All of it, by the deadline.
  io::Status send(const void *data, int64_t bytes, Deadline deadline) const;
  io::Status receive(void *data, int64_t bytes, Deadline deadline) const;

private:
  int descriptor = -1;
};

/// Waits until one of `events` of a descriptor; false at the deadline.
bool waitFor(int descriptor, short events, Deadline deadline);
/// Milliseconds for poll(2), at least 0 and at most `most`.
int millisecondsUntil(Deadline deadline, int most);

} // namespace hfc::host

#endif // HFC_LIB_RUNTIME_HOST_COMM_SOCKETS_H
