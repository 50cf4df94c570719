//===- ProgressLine.h - what is going on, on a terminal
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_RUN_PROGRESSLINE_H
#define HFC_TOOLS_HFC_RUN_PROGRESSLINE_H

#include <chrono>
#include <cstdint>

namespace hfc::run {

/// Shows progress on stderr if that is a terminal, once something takes more than two seconds.
class ProgressLine {
public:
  ProgressLine();
  ~ProgressLine();
  ProgressLine(const ProgressLine &) = delete;
  ProgressLine &operator=(const ProgressLine &) = delete;

  void show(const char *what, int64_t done, int64_t total);
  /// For hfc_progress.
  static void callback(void *user, const char *what, int64_t done, int64_t total) {
    static_cast<ProgressLine *>(user)->show(what, done, total);
  }

private:
  bool terminal, shown = false;
  std::chrono::steady_clock::time_point start, last;
};

} // namespace hfc::run

#endif // HFC_TOOLS_HFC_RUN_PROGRESSLINE_H
