//===- TcpWorld.cpp - ranks as processes that reach each other over TCP
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TcpWorld.h"
#include "Rendezvous.h"
#include "TcpTransport.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>

namespace hfc::host {

namespace {
using Clock = std::chrono::steady_clock;

/// For the few bytes of news.
constexpr std::chrono::seconds newsTime{5};
constexpr int32_t longestNews = 1 << 16;
/// Before a rank's end is reported by whoever sees it: who waits for that rank in a collective knows more to say.
constexpr std::chrono::milliseconds verdictTime{250};
constexpr int longestPoll = 1000;
enum class News : int32_t { failure = 1, farewell = 2 };

struct NewsHeader {
  News kind = News::farewell;
  int32_t status = 0, length = 0;
};

/// One local rank, its connections, and a thread that listens for news of the others: a rank that ends, or fails, ends
/// all, whatever they are doing.
class TcpWorld : public World {
public:
  TcpWorld(const MeetingPoint &point, double timeout, Connections newConnections)
      : World(point.ranks, point.rank, 1, timeout), rank(point.rank), connections(std::move(newConnections)),
        left(point.ranks, false), wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), watcher([this] { watch(); }) {}

  ~TcpWorld() override {
    finishing = true;
    if (!failed())
      tell(News::farewell, 0, "", -1);
    uint64_t one = 1;
    (void)!write(wake.get(), &one, sizeof one);
    watcher.join();
  }

  std::shared_ptr<Transport> makeTransport(int, DescribeCollective describe) override {
    auto made = std::make_shared<TcpTransport>(*this, connections.data, rank, std::move(describe));
    std::lock_guard<std::mutex> lock(mutex);
    transport = made;
    return made;
  }

  /// Others hear of each other through rank 0; if that is gone without a word, everything else follows from it.
  int firstToEnd(int seen) const override { return ended >= 0 ? int(ended) : seen; }

protected:
  void tellOthers(hfc_status status, const std::string &message) override { tell(News::failure, status, message, -1); }

private:
  void tell(News kind, hfc_status status, const std::string &text, int except) {
    NewsHeader header{kind, status, int32_t(std::min<size_t>(text.size(), longestNews))};
    std::lock_guard<std::mutex> lock(sending);
    for (int other = 0; other < ranks; ++other) {
      if (other == except || !connections.control[other])
        continue;
      // Who does not listen any more does not need the news.
      const Socket &socket = connections.control[other];
      if (socket.send(&header, sizeof header, Clock::now() + newsTime))
        (void)bool(socket.send(text.data(), header.length, Clock::now() + newsTime));
    }
  }

  void watch() {
    for (;;) {
      std::vector<pollfd> entries{{wake.get(), POLLIN, 0}};
      std::vector<int> others{-1};
      for (int other = 0; other < ranks; ++other)
        if (connections.control[other] && !left[other]) {
          entries.push_back({connections.control[other].get(), POLLIN, 0});
          others.push_back(other);
        }
      int ready = ::poll(entries.data(), entries.size(), ended >= 0 ? millisecondsUntil(verdict, longestPoll) : -1);
      if (ended >= 0 && !finishing && Clock::now() >= verdict)
        reportEnd();
      if (ready <= 0)
        continue;
      if (entries[0].revents)
        return;
      for (size_t i = 1; i < entries.size(); ++i)
        if (entries[i].revents)
          readNews(others[i]);
    }
  }

  void readNews(int other) {
    const Socket &socket = connections.control[other];
    NewsHeader header;
    std::string text;
    bool heard = bool(socket.receive(&header, sizeof header, Clock::now() + newsTime));
    if (heard && header.length > 0 && header.length <= longestNews) {
      text.resize(header.length);
      heard = bool(socket.receive(text.data(), header.length, Clock::now() + newsTime));
    }
    left[other] = true;
    // At the end connections may break in any order.
    if (finishing || (heard && header.kind == News::farewell))
      return;
    if (heard && rank == 0)
      tell(News::failure, header.status, text, other);
    if (heard) {
      recordFailure(header.status, text);
    } else if (ended < 0) {
      verdict = Clock::now() + verdictTime;
      ended = other;
    }
  }

  void reportEnd() {
    fail(rankFailure, "rank " + std::to_string(ended) + " ended (its connection was closed) while " + whatIDo());
    ended = -1;
  }

  std::string whatIDo() {
    std::lock_guard<std::mutex> lock(mutex);
    std::shared_ptr<TcpTransport> present = transport.lock();
    return present ? present->status() : "rank " + std::to_string(rank) + " was starting";
  }

  int rank;
  Connections connections;
  /// Ranks that say nothing any more; the watcher's.
  std::vector<bool> left;
  /// A rank whose end is to be reported, or -1; and when, which is the watcher's.
  std::atomic<int> ended{-1};
  Deadline verdict;
  Socket wake;
  std::atomic<bool> finishing{false};
  std::mutex sending, mutex;
  std::weak_ptr<TcpTransport> transport;
  std::thread watcher;
};
} // namespace

io::Result<std::unique_ptr<World>> makeTcpWorld(const MeetingPoint &point, double timeout) {
  auto time = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(timeout));
  io::Result<Connections> connections = meet(point, Clock::now() + time);
  if (!connections)
    return io::Failure{connections.error()};
  return std::unique_ptr<World>(std::make_unique<TcpWorld>(point, timeout, std::move(*connections)));
}

} // namespace hfc::host
