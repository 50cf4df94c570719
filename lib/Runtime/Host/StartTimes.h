//===- StartTimes.h - where the time of a start goes
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_HOST_STARTTIMES_H
#define HFC_LIB_RUNTIME_HOST_STARTTIMES_H

#include "hfc/Runtime/hfc_account.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <vector>

namespace hfc::host {

/// A rank's seconds, by what they went into; of one thread at a time.
class StartTimes {
public:
  using Clock = std::chrono::steady_clock;

  void add(const char *what, Clock::duration time) {
    auto found =
        std::find_if(list.begin(), list.end(), [=](const auto &each) { return !std::strcmp(each.what, what); });
    if (found == list.end())
      found = list.insert(list.end(), {what, 0});
    found->seconds += std::chrono::duration<double>(time).count();
  }
  const std::vector<hfc_start_time> &lines() const { return list; }

  /// Adds the time for which it lives.
  class Part {
  public:
    Part(StartTimes &times, const char *what) : times(times), what(what) {}
    ~Part() { times.add(what, Clock::now() - begin); }
    Part(const Part &) = delete;
    Part &operator=(const Part &) = delete;

  private:
    StartTimes &times;
    const char *what;
    Clock::time_point begin = Clock::now();
  };

private:
  std::vector<hfc_start_time> list;
};

} // namespace hfc::host

#endif // HFC_LIB_RUNTIME_HOST_STARTTIMES_H
