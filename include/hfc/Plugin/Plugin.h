//===- Plugin.h - what a plugin of hfc is written with ----------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A plugin is a shared object that `--load-pass-plugin=FILE` brings into hfc's tools. It has one function:
//
//   HFC_PLUGIN("tensor-parallel-2d", "1.0") {
//     registry.addStrategy<TensorParallel2D>();
//     registry.addPass<MyPass>();
//     registry.addPassesAt(ExtensionPoint::AfterMaterialize, [](OpPassManager &manager) { manager.addPass(…); });
//   }
//
// CMake: `find_package(HFC)`, then `add_hfc_plugin(NAME sources…)`. See docs/plugins.md.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_PLUGIN_PLUGIN_H
#define HFC_PLUGIN_PLUGIN_H

#include "hfc/Partition/Strategy.h"
#include "hfc/Pipelines/ExtensionPoints.h"
#include "hfc/Plugin/Stamp.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

namespace hfc {

/// What a plugin adds its parts to.
class PluginRegistry {
public:
  PluginRegistry(StringRef plugin, DialectRegistry &dialects) : plugin(plugin.str()), dialects(dialects) {}

  /// Makes a strategy known to `--partitioner=NAME`.
  template <typename Strategy>
  void addStrategy() {
    addStrategy([] { return std::make_unique<Strategy>(); });
  }
  void addStrategy(partition::StrategyFactory factory);

  /// Makes a pass known to hfc-opt, by its argument.
  template <typename Pass>
  void addPass() {
    addPass([] { return std::make_unique<Pass>(); });
  }
  void addPass(const PassAllocatorFunction &allocate);

  /// Has passes run in every compilation.
  void addPassesAt(ExtensionPoint point, PipelineExtension extension);

  /// For dialects of the plugin's own, and interfaces of others' ops.
  DialectRegistry &getDialects() { return dialects; }

  /// What was wrong with a part; empty if nothing was.
  StringRef getError() const { return error; }

private:
  std::string plugin;
  DialectRegistry &dialects;
  std::string error;
};

/// What a plugin's entry point returns.
struct PluginInfo {
  const char *stamp;
  const char *name;
  const char *version;
  void (*add)(PluginRegistry &registry);
};

/// The entry point's name and type.
inline constexpr char pluginEntryPoint[] = "hfcGetPluginInfo";
using PluginEntryPoint = PluginInfo (*)();

} // namespace hfc

/// Defines a plugin's entry point; the function's body follows, with `registry` in it.
#define HFC_PLUGIN(NAME, VERSION)                                                                                      \
  static void addToHFC(::hfc::PluginRegistry &registry);                                                               \
  extern "C" [[gnu::visibility("default")]] ::hfc::PluginInfo hfcGetPluginInfo() {                                     \
    return {HFC_PLUGIN_STAMP, NAME, VERSION, addToHFC};                                                                \
  }                                                                                                                    \
  static void addToHFC([[maybe_unused]] ::hfc::PluginRegistry &registry)

#endif // HFC_PLUGIN_PLUGIN_H
