//===- ThreadPool.h - threads that share one loop at a time
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CPU_THREADPOOL_H
#define HFC_LIB_RUNTIME_CPU_THREADPOOL_H

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace hfc::cpu {

/// A rank's threads. The caller takes part in its loop; workers spin for a moment after each, since the next
/// one usually follows at once, and then sleep. A loop never waits for a worker that has not begun with it.
class ThreadPool {
public:
  /// Runs elements [begin, end).
  using Body = void (*)(void *user, int64_t begin, int64_t end);

  /// `threads` counts the caller; 0: as many as this process may use.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  int threads() const { return int(workers.size()) + 1; }

  /// Divides [0, count) into pieces of `grain` over the threads; returns when all are done. Loops inside loops run on
  /// the calling thread. One caller at a time.
  void run(int64_t count, int64_t grain, Body body, void *user);

  template <typename Callable>
  void parallelFor(int64_t count, int64_t grain, Callable &&callable) {
    run(
        count, grain, [](void *user, int64_t begin, int64_t end) { (*static_cast<Callable *>(user))(begin, end); },
        const_cast<void *>(static_cast<const void *>(&callable)));
  }

private:
  void work();
  bool waitForWork(uint32_t seen);
  void runPieces();

  /// What the current loop is; written by the caller while no worker is inside.
  Body body = nullptr;
  void *user = nullptr;
  int64_t count = 0, grain = 1;
  alignas(64) std::atomic<int64_t> next{0};

  /// Bit 31: a loop is open. Below: workers inside it.
  alignas(64) std::atomic<uint32_t> inside{0};
  /// Counts loops; sleepers wait for it to change.
  alignas(64) std::atomic<uint32_t> epoch{0};
  std::atomic<uint32_t> sleepers{0};
  std::atomic<bool> stopping{false};
  std::vector<std::thread> workers;
};

} // namespace hfc::cpu

#endif // HFC_LIB_RUNTIME_CPU_THREADPOOL_H
