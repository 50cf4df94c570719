//===- InChunks.h - long loops over memory, on all cores
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_IO_INCHUNKS_H
#define HFC_LIB_RUNTIME_IO_INCHUNKS_H

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace hfc::io {

/// Calls `body(begin, end)` for [0, count) in chunks of `step`, on as many threads as there are cores and chunks.
/// Loading is rare and long, so these are threads of its own, and not the pool of the programs that run.
template <typename Body>
void inChunks(int64_t count, int64_t step, const Body &body) {
  std::atomic<int64_t> next{0};
  auto work = [&] {
    for (int64_t begin; (begin = next.fetch_add(step)) < count;)
      body(begin, std::min(begin + step, count));
  };
  int64_t wanted = std::min<int64_t>((count + step - 1) / step, std::max(1u, std::thread::hardware_concurrency()));
  std::vector<std::thread> threads;
  for (int64_t i = 1; i < wanted; ++i)
    threads.emplace_back(work);
  work();
  for (std::thread &thread : threads)
    thread.join();
}

} // namespace hfc::io

#endif // HFC_LIB_RUNTIME_IO_INCHUNKS_H
