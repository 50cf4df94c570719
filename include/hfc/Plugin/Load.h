//===- Load.h - brings plugins into a tool -----------------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_PLUGIN_LOAD_H
#define HFC_PLUGIN_LOAD_H

#include "hfc/Support/LLVM.h"

#include <string>
#include <vector>

namespace hfc {

/// The option by which tools take plugins.
inline constexpr StringLiteral pluginOption = "load-pass-plugin";

/// Loads plugins of hfc, and pass plugins of MLIR that do not use hfc. Nothing of a file that was built against another
/// hfc runs. A file that is loaded already is left alone. On failure `error` is one line for a person.
LogicalResult loadPlugins(ArrayRef<std::string> files, DialectRegistry &registry, std::string &error);

/// Takes `--load-pass-plugin=FILE` and `--load-pass-plugin FILE` out of a command line, wherever they stand.
std::vector<std::string> takePluginOptions(std::vector<char *> &arguments);

} // namespace hfc

#endif // HFC_PLUGIN_LOAD_H
