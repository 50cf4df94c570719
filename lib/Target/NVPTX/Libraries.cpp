//===- Libraries.cpp - what CUDA programs are linked with
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Target/NVPTX.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"

using namespace hfc;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

/// Libraries by the names that programs need them under.
static constexpr StringLiteral runtimeName = "libhfc_rt_cuda.so.1";
static constexpr StringLiteral ncclName = "libnccl.so.2";

static std::string cudaRuntime() {
  SmallString<256> file(libraryDirectory());
  path::append(file, runtimeName);
  return fs::exists(file) ? file.str().str() : "";
}

/// NCCL_HOME's, the toolkit's, or the system's.
static ProgramLibrary findNCCL() {
  SmallVector<std::string> folders;
  auto add = [&](StringRef root, std::initializer_list<StringRef> names) {
    for (StringRef name : names)
      if (!root.empty())
        folders.push_back((root + "/" + name).str());
  };
  if (std::optional<std::string> home = llvm::sys::Process::GetEnv("NCCL_HOME"))
    add(*home, {"lib", "lib64"});
  add(findCudaToolkit(), {"lib64", "lib", "targets/x86_64-linux/lib"});
  size_t numOwn = folders.size();
  add("/usr", {"lib/x86_64-linux-gnu", "lib64", "lib"});
  for (auto [number, folder] : llvm::enumerate(folders)) {
    SmallString<256> file(folder);
    path::append(file, ncclName);
    if (fs::exists(file))
      return {file.str().str(), /*isSearched=*/number < numOwn};
  }
  return {};
}

FailureOr<SmallVector<ProgramLibrary>> hfc::findCudaLibraries(std::string &error) {
  ProgramLibrary runtime{cudaRuntime(), /*isSearched=*/false}, nccl = findNCCL();
  if (runtime.path.empty())
    error = ("this build of hfc has no runtime for GPUs: there is no '" + runtimeName + "' in '" + libraryDirectory() +
             "'; build hfc where there is a CUDA toolkit, or use --target=cpu")
                .str();
  else if (nccl.path.empty())
    error = ("programs for GPUs are linked with NCCL, but '" + ncclName +
             "' was not found; set CUDA_HOME or NCCL_HOME to the folder above the 'lib' that holds it")
                .str();
  if (!error.empty())
    return failure();
  return SmallVector<ProgramLibrary>{runtime, nccl};
}

bool hfc::hasCudaDevice() { return fs::exists("/dev/nvidia0") && !cudaRuntime().empty() && !findCudaToolkit().empty(); }
