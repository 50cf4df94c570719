//===- Reducer.cpp - shrinks a module while something persists
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Delta debugging. MLIR's reduction tree erases operations with their uses, so that most of what it tries is no valid
// module, and runs a program for each; here every step leaves a value where one is read, and tests run in this process.
//
//===----------------------------------------------------------------------===//

#include "Reducer.h"

using namespace hfc;

namespace {
class Reduction {
public:
  Reduction(OwningOpRef<ModuleOp> &module, function_ref<bool(ModuleOp)> persists)
      : module(module), persists(persists), size(sizeOf(*module)) {}

  size_t run() {
    size_t before;
    do {
      before = size;
      for (Step step : getSteps())
        take(step);
    } while (size < before);
    return tried;
  }

private:
  /// Tries all sites at once, then halves, and so on; from the end, since what stands last is read least.
  void take(Step step) {
    for (size_t chunk = step(*module, 0, 0); chunk > 0; chunk /= 2)
      for (size_t end = step(*module, 0, 0); end > 0;) {
        size_t begin = end > chunk ? end - chunk : 0;
        attempt(step, begin, end);
        end = std::min(begin, step(*module, 0, 0));
      }
  }

  void attempt(Step step, size_t begin, size_t end) {
    OwningOpRef<ModuleOp> candidate(module->clone());
    step(*candidate, begin, end);
    eraseUnused(*candidate);
    size_t newSize = sizeOf(*candidate);
    if (newSize >= size)
      return;
    ++tried;
    if (!persists(*candidate))
      return;
    module = std::move(candidate);
    size = newSize;
  }

  OwningOpRef<ModuleOp> &module;
  function_ref<bool(ModuleOp)> persists;
  size_t size, tried = 0;
};
} // namespace

size_t hfc::reduce(OwningOpRef<ModuleOp> &module, function_ref<bool(ModuleOp)> persists) {
  return Reduction(module, persists).run();
}
