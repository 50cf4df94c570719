//===- Toolkit.cpp - finds CUDA
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Target/NVPTX.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"

using namespace hfc;

static bool isToolkit(StringRef folder) {
  SmallString<128> library(folder);
  llvm::sys::path::append(library, "nvvm", "libdevice", "libdevice.10.bc");
  return !folder.empty() && llvm::sys::fs::exists(library);
}

/// The folder above `bin`, in which `program` on PATH stands.
static std::string toolkitOf(StringRef program) {
  llvm::ErrorOr<std::string> path = llvm::sys::findProgramByName(program);
  SmallString<128> real;
  if (!path || llvm::sys::fs::real_path(*path, real))
    return "";
  return llvm::sys::path::parent_path(llvm::sys::path::parent_path(real)).str();
}

std::string hfc::findCudaToolkit() {
  for (StringRef variable : {"CUDA_HOME", "CUDA_PATH"})
    if (std::optional<std::string> folder = llvm::sys::Process::GetEnv(variable); folder && isToolkit(*folder))
      return *folder;
  for (StringRef program : {"nvcc", "ptxas"})
    if (std::string folder = toolkitOf(program); isToolkit(folder))
      return folder;
  return isToolkit("/usr/local/cuda") ? "/usr/local/cuda" : "";
}
