//===- ProgramFile.h - looks into a program before it is loaded
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_HOST_PROGRAMFILE_H
#define HFC_LIB_RUNTIME_HOST_PROGRAMFILE_H

#include "hfc/Runtime/IO/Metadata.h"

#include <string>

namespace hfc::host {

/// Checks that a file is a program of this ABI that this CPU can run, without executing anything of it, and
/// returns its metadata.
io::Result<io::ProgramInfo> inspectProgram(const std::string &path);

} // namespace hfc::host

#endif // HFC_LIB_RUNTIME_HOST_PROGRAMFILE_H
