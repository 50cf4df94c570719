//===- Expect.h - what the runtime's own tests count failures with
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TEST_RUNTIME_EXPECT_H
#define HFC_TEST_RUNTIME_EXPECT_H

#include <atomic>
#include <cstdio>
#include <string>

namespace hfc {

inline std::atomic<int> failures{0};

/// Threads may call it. What is broken often is told twenty times.
inline void expect(bool condition, const std::string &what) {
  if (!condition && failures++ < 20)
    std::printf("FAILED: %s\n", what.c_str());
}

} // namespace hfc

#endif // HFC_TEST_RUNTIME_EXPECT_H
