//===- Exchange.h - sends and receives on many connections at once
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_HOST_COMM_EXCHANGE_H
#define HFC_LIB_RUNTIME_HOST_COMM_EXCHANGE_H

#include "View.h"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace hfc::host {

/// One connection with what is still to be sent and received on it.
struct Link {
  int rank = 0, descriptor = -1;
  Cursor out, in;
};

/// Why an exchange ended.
enum class Outcome { done, stopped, timedOut, closed };

/// Moves bytes in both directions on all links, so that no two ranks wait for each other to read.
class Exchange {
public:
  /// `stop` is asked now and then; `received` is told of each link that has received all it should.
  Exchange(std::vector<Link> &links, std::chrono::steady_clock::duration timeout, std::function<bool()> stop,
           std::function<void(const Link &)> received)
      : links(links), timeout(timeout), stop(std::move(stop)), received(std::move(received)) {}

  /// Until everything has been received; what can be sent meanwhile is.
  Outcome receiveAll() { return run(/*untilSent=*/false); }
  /// Until everything has been sent too.
  Outcome finish() { return run(/*untilSent=*/true); }

  /// The link that `closed` is about.
  const Link *broken() const { return failed; }

private:
  Outcome run(bool untilSent);
  /// False where the connection has ended.
  bool move(Link &link, bool &moved);
  bool isDone(bool untilSent) const;
  void sleep() const;

  std::vector<Link> &links;
  std::chrono::steady_clock::duration timeout;
  std::function<bool()> stop;
  std::function<void(const Link &)> received;
  const Link *failed = nullptr;
};

} // namespace hfc::host

#endif // HFC_LIB_RUNTIME_HOST_COMM_EXCHANGE_H
