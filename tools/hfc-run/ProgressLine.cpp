//===- ProgressLine.cpp - what is going on, on a terminal
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProgressLine.h"

#include <cstdio>
#include <unistd.h>

namespace hfc::run {

ProgressLine::ProgressLine() : terminal(isatty(STDERR_FILENO)), start(std::chrono::steady_clock::now()), last(start) {}

ProgressLine::~ProgressLine() {
  if (shown)
    std::fprintf(stderr, "\r\033[K");
}

void ProgressLine::show(const char *what, int64_t done, int64_t total) {
  auto now = std::chrono::steady_clock::now();
  if (!terminal || now - start < std::chrono::seconds(2) || now - last < std::chrono::milliseconds(100))
    return;
  last = now;
  shown = true;
  std::fprintf(stderr, "\r\033[K%s: %.1f of %.1f GB", what, double(done) * 1e-9, double(total) * 1e-9);
  std::fflush(stderr);
}

} // namespace hfc::run
