//===- Stamp.h - which hfc a plugin is built against ------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// C++ has no stable ABI: a plugin fits the hfc whose headers it was compiled with, and no other. Each object file of a
// plugin has this stamp in a section of its own, which hfc reads in the file before it loads it, so that nothing of a
// plugin for another hfc ever runs. `HFC_PLUGIN` and `add_hfc_plugin` see to it.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_PLUGIN_STAMP_H
#define HFC_PLUGIN_STAMP_H

#include "hfc/Plugin/ABI.h"

#include "llvm/Config/llvm-config.h"

/// The section, and what it holds: "hfc 0.1.0, ABI 0123456789abcdef, LLVM 22.1.0".
#define HFC_PLUGIN_SECTION "hfc_plugin"
#define HFC_PLUGIN_STAMP "hfc " HFC_ABI_VERSION_STRING ", ABI " HFC_ABI_HASH ", LLVM " LLVM_VERSION_STRING

namespace hfc::detail {
[[gnu::used, gnu::section(HFC_PLUGIN_SECTION)]] static const char pluginStamp[] = HFC_PLUGIN_STAMP;
} // namespace hfc::detail

#endif // HFC_PLUGIN_STAMP_H
