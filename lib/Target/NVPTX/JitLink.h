//===- JitLink.h - the toolkit's PTX compiler, in this process ------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_TARGET_NVPTX_JITLINK_H
#define HFC_LIB_TARGET_NVPTX_JITLINK_H

#include "hfc/Support/LLVM.h"

#include <optional>
#include <string>

namespace hfc {

/// What became of a PTX text.
struct JitLinkResult {
  /// Machine code; empty if there were errors.
  std::string code;
  /// What `ptxas -v` would have printed.
  std::string messages;
};

/// Compiles `ptx` with the toolkit's libnvJitLink, which holds ptxas as a library; nothing if there is none.
std::optional<JitLinkResult> compileInProcess(StringRef ptx, StringRef chip, StringRef toolkit);

} // namespace hfc

#endif // HFC_LIB_TARGET_NVPTX_JITLINK_H
