//===- Sockets.cpp - TCP connections that never block
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sockets.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hfc::host {

namespace {
constexpr int backlog = 1024;
constexpr int pollTime = 1000;

io::Failure systemFailure(const std::string &what) { return io::Failure{what + ": " + std::strerror(errno)}; }

Socket prepared(int descriptor) {
  int one = 1;
  fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
  return Socket(descriptor);
}

io::Result<Socket> connectTo(const addrinfo &address, Deadline deadline) {
  int descriptor = ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0)
    return systemFailure("socket");
  Socket socket = prepared(descriptor);
  if (::connect(descriptor, address.ai_addr, address.ai_addrlen) == 0)
    return socket;
  if (errno != EINPROGRESS)
    return systemFailure("connect");
  if (!waitFor(descriptor, POLLOUT, deadline))
    return io::Failure{"connect: no answer in time"};
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
  errno = error;
  if (error)
    return systemFailure("connect");
  return socket;
}
/// IPv6 takes IPv4's connections too.
io::Result<Socket> listenOn(int family, int port) {
  int descriptor = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0)
    return systemFailure("socket");
  Socket socket = prepared(descriptor);
  // A port that an earlier run used a moment ago is free; one that somebody listens on is not.
  int one = 1, zero = 0;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (family == AF_INET6)
    setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(uint16_t(port));
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(uint16_t(port));
  int bound = family == AF_INET6 ? ::bind(descriptor, reinterpret_cast<sockaddr *>(&six), sizeof six)
                                 : ::bind(descriptor, reinterpret_cast<sockaddr *>(&four), sizeof four);
  if (bound != 0 || ::listen(descriptor, backlog) != 0)
    return systemFailure("port " + std::to_string(port));
  return socket;
}
} // namespace

int millisecondsUntil(Deadline deadline, int most) {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  return int(std::clamp<int64_t>(left, 0, most));
}

bool waitFor(int descriptor, short events, Deadline deadline) {
  for (;;) {
    pollfd entry{descriptor, events, 0};
    int ready = ::poll(&entry, 1, millisecondsUntil(deadline, pollTime));
    if (ready > 0)
      return true;
    if (std::chrono::steady_clock::now() >= deadline)
      return false;
  }
}

Socket::~Socket() {
  if (descriptor >= 0)
    ::close(descriptor);
}

io::Result<Socket> Socket::listen(int port) {
  io::Result<Socket> socket = listenOn(AF_INET6, port);
  // Hosts without IPv6.
  bool lacksSix = !socket && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL);
  return lacksSix ? listenOn(AF_INET, port) : std::move(socket);
}

int Socket::port() const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(descriptor, reinterpret_cast<sockaddr *>(&address), &size) != 0)
    return 0;
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6 &>(address).sin6_port
                                             : reinterpret_cast<sockaddr_in &>(address).sin_port);
}

io::Result<Socket> Socket::accept(Deadline deadline) const {
  for (;;) {
    int accepted = ::accept4(descriptor, nullptr, nullptr, SOCK_CLOEXEC);
    if (accepted >= 0)
      return prepared(accepted);
    bool again = errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
    if (!again)
      return systemFailure("accept");
    if (!waitFor(descriptor, POLLIN, deadline))
      return io::Failure{"nobody connects"};
  }
}

io::Result<Socket> Socket::connect(const std::string &host, int port, Deadline deadline) {
  addrinfo hints{}, *list = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  if (int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list))
    return io::Failure{"address '" + host + "': " + gai_strerror(error)};
  std::unique_ptr<addrinfo, void (*)(addrinfo *)> addresses(list, freeaddrinfo);
  std::string error = "no address";
  for (const addrinfo *each = list; each; each = each->ai_next) {
    io::Result<Socket> socket = connectTo(*each, deadline);
    if (socket)
      return socket;
    error = socket.error();
  }
  return io::Failure{error};
}

std::string Socket::peerAddress() const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  char host[NI_MAXHOST] = "";
  if (getpeername(descriptor, reinterpret_cast<sockaddr *>(&address), &size) == 0)
    getnameinfo(reinterpret_cast<sockaddr *>(&address), size, host, sizeof host, nullptr, 0, NI_NUMERICHOST);
  // An IPv4 connection to a listener of both kinds.
  std::string text = host;
  return text.rfind("::ffff:", 0) == 0 ? text.substr(7) : text;
}

io::Status Socket::send(const void *data, int64_t bytes, Deadline deadline) const {
  const char *at = static_cast<const char *>(data);
  while (bytes > 0) {
    ssize_t sent = ::send(descriptor, at, size_t(bytes), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
      return systemFailure("send");
    if (sent < 0 && !waitFor(descriptor, POLLOUT, deadline))
      return io::Failure{"send: no answer in time"};
    at += std::max<ssize_t>(sent, 0);
    bytes -= std::max<ssize_t>(sent, 0);
  }
  return {};
}

io::Status Socket::receive(void *data, int64_t bytes, Deadline deadline) const {
  char *at = static_cast<char *>(data);
  while (bytes > 0) {
    ssize_t received = ::recv(descriptor, at, size_t(bytes), 0);
    if (received == 0)
      return io::Failure{"the connection was closed"};
    if (received < 0 && errno != EAGAIN && errno != EINTR)
      return systemFailure("receive");
    if (received < 0 && !waitFor(descriptor, POLLIN, deadline))
      return io::Failure{"receive: no answer in time"};
    at += std::max<ssize_t>(received, 0);
    bytes -= std::max<ssize_t>(received, 0);
  }
  return {};
}

} // namespace hfc::host
