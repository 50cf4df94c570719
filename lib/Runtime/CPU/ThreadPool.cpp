//===- ThreadPool.cpp - threads that share one loop at a time
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ThreadPool.h"

#include "lib/Runtime/Host/Futex.h"

#include <algorithm>
#include <chrono>

namespace hfc::cpu {

using host::futexWait;
using host::futexWakeAll;
using host::pauseBriefly;
using host::usableCores;

namespace {
constexpr uint32_t openBit = 1u << 31;
/// How long a worker watches for the next loop before it sleeps.
constexpr std::chrono::microseconds spinTime{200};
/// The clock costs more than a pause.
constexpr int pausesPerLook = 32;

thread_local bool insideLoop = false;
} // namespace

ThreadPool::ThreadPool(int threads) {
  int count = threads > 0 ? threads : usableCores();
  for (int i = 1; i < count; ++i)
    workers.emplace_back([this] { work(); });
}

ThreadPool::~ThreadPool() {
  stopping.store(true);
  epoch.fetch_add(1);
  futexWakeAll(epoch);
  for (std::thread &worker : workers)
    worker.join();
}

void ThreadPool::runPieces() {
  insideLoop = true;
  for (;;) {
    int64_t begin = next.fetch_add(grain, std::memory_order_relaxed);
    if (begin >= count)
      break;
    body(user, begin, std::min(begin + grain, count));
  }
  insideLoop = false;
}

void ThreadPool::run(int64_t count, int64_t grain, Body body, void *user) {
  if (count <= 0)
    return;
  grain = std::max<int64_t>(grain, 1);
  if (workers.empty() || insideLoop || count <= grain) {
    body(user, 0, count);
    return;
  }
  this->body = body;
  this->user = user;
  this->count = count;
  this->grain = grain;
  next.store(0, std::memory_order_relaxed);
  inside.store(openBit, std::memory_order_release);
  epoch.fetch_add(1);
  if (sleepers.load() > 0)
    futexWakeAll(epoch);
  runPieces();
  // Nobody may enter any more; wait for those who have.
  uint32_t left = inside.fetch_and(~openBit, std::memory_order_acquire) & ~openBit;
  for (int spins = 0; left != 0; left = inside.load(std::memory_order_acquire)) {
    pauseBriefly();
    if (++spins > 2000)
      sched_yield();
  }
}

bool ThreadPool::waitForWork(uint32_t seen) {
  auto deadline = std::chrono::steady_clock::now() + spinTime;
  while (epoch.load(std::memory_order_relaxed) == seen) {
    for (int i = 0; i < pausesPerLook && epoch.load(std::memory_order_relaxed) == seen; ++i)
      pauseBriefly();
    if (std::chrono::steady_clock::now() < deadline)
      continue;
    sleepers.fetch_add(1);
    if (epoch.load() == seen)
      futexWait(epoch, seen);
    sleepers.fetch_sub(1);
  }
  return !stopping.load();
}

void ThreadPool::work() {
  uint32_t seen = 0;
  while (waitForWork(seen)) {
    seen = epoch.load(std::memory_order_acquire);
    uint32_t state = inside.load(std::memory_order_relaxed);
    while ((state & openBit) && !inside.compare_exchange_weak(state, state + 1, std::memory_order_acquire))
      ;
    if (!(state & openBit))
      continue;
    runPieces();
    inside.fetch_sub(1, std::memory_order_release);
  }
}

} // namespace hfc::cpu
