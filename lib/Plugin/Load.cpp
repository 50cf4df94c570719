//===- Load.cpp - brings plugins into a tool
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Plugin/Load.h"

#include "PluginFile.h"
#include "hfc/Plugin/Plugin.h"

#include "mlir/Tools/Plugins/PassPlugin.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/DynamicLibrary.h"
#include "llvm/Support/FileSystem.h"

using namespace hfc;

/// Takes in what the plugin has, by hfc's entry point or MLIR's.
static LogicalResult enter(llvm::sys::DynamicLibrary library, const std::string &file, DialectRegistry &dialects,
                           std::string &error) {
  if (auto entry = reinterpret_cast<PluginEntryPoint>(library.getAddressOfSymbol(pluginEntryPoint))) {
    PluginInfo info = entry();
    PluginRegistry registry(info.name, dialects);
    info.add(registry);
    error = registry.getError().str();
    return failure(!error.empty());
  }
  if (!library.getAddressOfSymbol("mlirGetPassPluginInfo")) {
    error = "it has no entry point: define one with HFC_PLUGIN(NAME, VERSION) (hfc/Plugin/Plugin.h)";
    return failure();
  }
  llvm::Expected<PassPlugin> plugin = PassPlugin::load(file);
  if (!plugin) {
    error = llvm::toString(plugin.takeError());
    return failure();
  }
  plugin->registerPassRegistryCallbacks();
  return success();
}

static LogicalResult load(StringRef file, DialectRegistry &dialects, std::string &error) {
  static llvm::StringSet<> loaded;
  SmallString<256> path;
  if (std::error_code code = llvm::sys::fs::real_path(file, path)) {
    error = "cannot read it: " + code.message();
    return failure();
  }
  if (loaded.contains(path))
    return success();
  if (failed(checkPluginFile(path, error)))
    return failure();
  std::string why, name = path.str().str();
  llvm::sys::DynamicLibrary library = llvm::sys::DynamicLibrary::getPermanentLibrary(name.c_str(), &why);
  if (!library.isValid()) {
    error = "it cannot be loaded: " + why;
    return failure();
  }
  loaded.insert(path);
  return enter(library, name, dialects, error);
}

LogicalResult hfc::loadPlugins(ArrayRef<std::string> files, DialectRegistry &registry, std::string &error) {
  for (const std::string &file : files)
    if (failed(load(file, registry, error))) {
      error = ("--" + pluginOption + ": '" + file + "': " + error).str();
      return failure();
    }
  return success();
}

std::vector<std::string> hfc::takePluginOptions(std::vector<char *> &arguments) {
  std::vector<std::string> files;
  std::vector<char *> others;
  for (size_t i = 0; i < arguments.size(); ++i) {
    StringRef argument = arguments[i];
    bool isOption = argument.starts_with("-") && argument.ltrim('-').split('=').first == pluginOption;
    if (isOption && argument.contains('='))
      files.push_back(argument.split('=').second.str());
    else if (isOption && i + 1 < arguments.size())
      files.push_back(arguments[++i]);
    else
      others.push_back(arguments[i]);
  }
  arguments = std::move(others);
  return files;
}
