//===- PluginRegistry.cpp - what a plugin adds its parts to
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Plugin/Plugin.h"

using namespace hfc;

void PluginRegistry::addStrategy(partition::StrategyFactory factory) {
  std::string name = factory()->name().str();
  if (llvm::is_contained(partition::getStrategyNames(), name))
    error = "there is a partition strategy '" + name + "' already; give the plugin's another name";
  else
    partition::registerStrategy(std::move(factory));
}

void PluginRegistry::addPass(const PassAllocatorFunction &allocate) {
  std::string name = allocate()->getArgument().str();
  if (name.empty())
    error = "a pass has no argument (getArgument()), by which hfc-opt would know it";
  else if (PassInfo::lookup(name))
    error = "there is a pass '--" + name + "' already; give the plugin's another name";
  else
    registerPass(allocate);
}

void PluginRegistry::addPassesAt(ExtensionPoint point, PipelineExtension extension) {
  registerExtension(point, plugin, std::move(extension));
}
