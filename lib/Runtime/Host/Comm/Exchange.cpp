//===- Exchange.cpp - sends and receives on many connections at once
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Exchange.h"

#include <cerrno>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace hfc::host {

namespace {
using Clock = std::chrono::steady_clock;

/// Runs of memory that one system call takes.
constexpr int maxRuns = 64;
/// How often a sleeper looks around.
constexpr int napMilliseconds = 50;

/// Sends or receives what the connection takes at once; false where it has ended.
template <typename Call>
bool transfer(int descriptor, Cursor &cursor, bool &moved, Call call) {
  while (cursor.bytesLeft() > 0) {
    iovec runs[maxRuns];
    int count = 0;
    for (Cursor ahead = cursor; count < maxRuns && ahead.bytesLeft() > 0; ++count) {
      runs[count] = {ahead.data(), size_t(ahead.contiguous())};
      ahead.advance(ahead.contiguous());
    }
    msghdr message{};
    message.msg_iov = runs;
    message.msg_iovlen = size_t(count);
    ssize_t bytes = call(descriptor, &message);
    if (bytes < 0 && errno == EINTR)
      continue;
    if (bytes < 0)
      return errno == EAGAIN || errno == EWOULDBLOCK;
    if (bytes == 0)
      return false;
    moved = true;
    for (int64_t left = bytes; left > 0;) {
      int64_t step = std::min(left, cursor.contiguous());
      cursor.advance(step);
      left -= step;
    }
  }
  return true;
}
} // namespace

bool Exchange::move(Link &link, bool &moved) {
  bool sent = transfer(link.descriptor, link.out, moved,
                       [](int descriptor, msghdr *message) { return sendmsg(descriptor, message, MSG_NOSIGNAL); });
  // What has arrived is read even from a rank that has ended.
  bool expects = link.in.bytesLeft() > 0;
  bool alive = transfer(link.descriptor, link.in, moved,
                        [](int descriptor, msghdr *message) { return recvmsg(descriptor, message, 0); });
  if (expects && link.in.bytesLeft() == 0)
    received(link);
  return sent && alive;
}

bool Exchange::isDone(bool untilSent) const {
  for (const Link &link : links)
    if (link.in.bytesLeft() > 0 || (untilSent && link.out.bytesLeft() > 0))
      return false;
  return true;
}

void Exchange::sleep() const {
  std::vector<pollfd> entries;
  for (const Link &link : links) {
    short events = short((link.in.bytesLeft() > 0 ? POLLIN : 0) | (link.out.bytesLeft() > 0 ? POLLOUT : 0));
    if (events)
      entries.push_back({link.descriptor, events, 0});
  }
  ::poll(entries.data(), entries.size(), napMilliseconds);
}

Outcome Exchange::run(bool untilSent) {
  Clock::time_point lastMove = Clock::now();
  while (!isDone(untilSent)) {
    bool moved = false;
    for (Link &link : links)
      if (!move(link, moved)) {
        failed = &link;
        return Outcome::closed;
      }
    if (moved) {
      lastMove = Clock::now();
      continue;
    }
    if (stop())
      return Outcome::stopped;
    if (Clock::now() - lastMove > timeout)
      return Outcome::timedOut;
    sleep();
  }
  return Outcome::done;
}

} // namespace hfc::host
