//===- Watchdog.h - names what stalls, and ends it
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_WATCHDOG_H
#define HFC_LIB_RUNTIME_CUDA_WATCHDOG_H

#include "Communicators.h"

#include <atomic>
#include <chrono>
#include <thread>

namespace hfc::cuda {

/// Streams write into the host's memory which collective they are in, also where a graph is replayed. A thread reads
/// that: a collective that does not end in time is the world's failure. When the world fails, for whatever reason,
/// communicators are revoked, so that nobody waits for a rank that is gone.
class Watchdog {
public:
  Watchdog() = default;
  ~Watchdog();
  Watchdog(const Watchdog &) = delete;
  Watchdog &operator=(const Watchdog &) = delete;

  /// Both outlive this.
  host::Outcome start(const host::RankSetting &setting, Communicators &communicators, int64_t streams);

  /// Queue the notes that a collective begins, and that it has ended.
  cudaError_t begin(int32_t id, int32_t stream, cudaStream_t queue);
  cudaError_t end(int32_t id, int32_t stream, cudaStream_t queue);
  /// Another run begins, which may come to the collective where the last one was.
  void enter() { ++runs; }

private:
  /// Collectives' numbers plus one; 0: none yet.
  struct Progress {
    volatile uint32_t begun, ended;
  };
  struct Seen {
    uint32_t begun = 0, ended = 0;
    uint64_t run = 0;
    std::chrono::steady_clock::time_point since;
  };

  void watch();
  /// Whether a stream is in a collective for too long.
  bool hasStalled(Seen &seen, const Progress &progress) const;
  void report(uint32_t collective) const;
  cudaError_t write(volatile uint32_t *word, uint32_t value, cudaStream_t queue);

  const host::RankSetting *setting = nullptr;
  Communicators *communicators = nullptr;
  void *writeValue = nullptr;
  /// One for each stream, in the host's memory.
  Progress *progress = nullptr;
  int64_t streams = 0;
  std::atomic<uint64_t> runs{0};
  std::atomic<bool> stopping{false};
  std::thread thread;
};

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_WATCHDOG_H
