//===- CPULevels.cpp - instruction sets that programs may use
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Target/CPU.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

using namespace hfc;

namespace {
/// A level of the x86-64 ABI and what it needs beyond the level before.
struct Level {
  StringRef name;
  std::initializer_list<StringRef> features;
};
} // namespace

static ArrayRef<Level> levels() {
  static const Level levels[] = {
      {"x86-64", {}},
      {"x86-64-v2", {"cx16", "popcnt", "sse3", "sse4.1", "sse4.2", "ssse3"}},
      {"x86-64-v3", {"avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"}},
      {"x86-64-v4", {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}},
  };
  return levels;
}

static bool isX86() { return llvm::Triple(llvm::sys::getProcessTriple()).isX86(); }

StringRef hfc::defaultCPU() { return isX86() ? "x86-64-v3" : "generic"; }

std::string hfc::resolveCPU(StringRef name) {
  if (!isX86())
    return name == "generic" || name == "native" ? "generic" : "";
  if (name != "native")
    return llvm::any_of(levels(), [&](const Level &level) { return level.name == name; }) ? name.str() : "";
  llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
  StringRef best;
  for (const Level &level : levels()) {
    if (!llvm::all_of(level.features, [&](StringRef feature) { return host.lookup(feature); }))
      break;
    best = level.name;
  }
  return best.str();
}

std::string hfc::knownCPUs() {
  if (!isX86())
    return "generic, native";
  std::string names;
  for (const Level &level : levels())
    names += (level.name + ", ").str();
  return names + "native";
}
