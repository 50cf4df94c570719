//===- Launch.cpp - kernels and copies over a rank's threads
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Context.h"

#include <algorithm>
#include <cstring>

namespace {
/// Blocks differ in cost (causal attention): several pieces a thread even that out.
constexpr int64_t piecesPerThread = 8;
constexpr int64_t copyGrain = 1 << 20;
} // namespace

void hfc_rt_launch(hfc_context *context, hfc_kernel kernel, int64_t grid, void *const *args) {
  int64_t grain = grid / (context->pool.threads() * piecesPerThread);
  context->recorder.work(
      [&] { context->pool.parallelFor(grid, grain, [&](int64_t begin, int64_t end) { kernel(args, begin, end); }); });
}

void hfc_rt_copy(hfc_context *context, void *target, const void *source, int64_t bytes) {
  context->recorder.work([&] {
    context->pool.parallelFor(bytes, copyGrain, [&](int64_t begin, int64_t end) {
      std::memcpy(static_cast<char *>(target) + begin, static_cast<const char *>(source) + begin, end - begin);
    });
  });
}
