//===- Futex.h - sleeping on a word of memory
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_HOST_FUTEX_H
#define HFC_LIB_RUNTIME_HOST_FUTEX_H

#include <algorithm>
#include <atomic>
#include <chrono>
#include <climits>
#include <cstdint>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <thread>
#include <time.h>
#include <unistd.h>

namespace hfc::host {

inline void pauseBriefly() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

/// Sleeps while `word` is `value`, at most `time`; 0 is without end. May wake for no reason.
inline void futexWait(std::atomic<uint32_t> &word, uint32_t value, std::chrono::nanoseconds time = {}) {
  timespec limit{time_t(time.count() / 1'000'000'000), long(time.count() % 1'000'000'000)};
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAIT_PRIVATE, value, time.count() ? &limit : nullptr,
          nullptr, 0);
}

inline void futexWakeAll(std::atomic<uint32_t> &word) {
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

/// How many cores this process may use.
inline int usableCores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    return std::max(1, CPU_COUNT(&set));
  return int(std::max(1u, std::thread::hardware_concurrency()));
}

} // namespace hfc::host

#endif // HFC_LIB_RUNTIME_HOST_FUTEX_H
