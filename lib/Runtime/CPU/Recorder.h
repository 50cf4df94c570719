//===- Recorder.h - when a rank does its work
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CPU_RECORDER_H
#define HFC_LIB_RUNTIME_CPU_RECORDER_H

#include "hfc/Runtime/hfc_profile.h"

#include <chrono>
#include <vector>

namespace hfc::cpu {

/// Adds to a list when works are done, if there is one.
class Recorder {
public:
  /// Null: no list.
  void recordTo(std::vector<hfc_work_time> *list) {
    times = list;
    runs = list && !list->empty() ? list->back().run + 1 : 0;
  }

  /// The entry of that number.
  template <typename Body>
  void entry(size_t number, Body body) {
    if (!times)
      return body();
    current = {int32_t(number), 0, 0, runs++, 0, 0};
    int64_t begin = now();
    body();
    times->push_back({current.entry, -1, 0, current.run, begin, now()});
  }

  /// One work of it.
  template <typename Body>
  void work(Body body) {
    if (!times)
      return body();
    current.begin = now();
    body();
    current.end = now();
    times->push_back(current);
    ++current.work;
  }

private:
  static int64_t now() { return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count(); }

  std::vector<hfc_work_time> *times = nullptr;
  int32_t runs = 0;
  hfc_work_time current{};
};

} // namespace hfc::cpu

#endif // HFC_LIB_RUNTIME_CPU_RECORDER_H
