//===- Unstamped.cpp - a plugin that does not say which hfc it is for
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Partition/Strategy.h"

#include "mlir/Tools/Plugins/PassPlugin.h"

#include <cstdlib>

using namespace hfc;

namespace {
struct Crash {
  Crash() { std::abort(); } // code of a plugin that may not fit must not run, not even its constructors
} crash;
} // namespace

extern "C" PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "unstamped", "1.0", [] { (void)partition::getStrategyNames(); }};
}
