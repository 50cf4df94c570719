//===- PluginFile.h - what a plugin's file says before it is loaded -*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_PLUGIN_PLUGINFILE_H
#define HFC_LIB_PLUGIN_PLUGINFILE_H

#include "hfc/Support/LLVM.h"

#include <string>

namespace hfc {

/// Checks that a file is a shared object that may be loaded: every object file in it was compiled with the headers of
/// this hfc, or none uses hfc. On failure `error` says why not.
LogicalResult checkPluginFile(StringRef file, std::string &error);

} // namespace hfc

#endif // HFC_LIB_PLUGIN_PLUGINFILE_H
