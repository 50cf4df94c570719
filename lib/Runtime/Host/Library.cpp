//===- Library.cpp - a program's code, loaded
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Library.h"

#include "ProgramFile.h"

#include "lib/Runtime/CPU/CpuDevice.h"

#include <dlfcn.h>

namespace hfc::host {

namespace {
/// Programs for a GPU need this library. It stands beside this one, wherever the program was compiled, and is loaded
/// first, so that it is found; NCCL comes with it.
constexpr const char *cudaRuntime = "libhfc_rt_cuda.so.1", *cudaBackend = "hfc_cuda_backend";
} // namespace

Library::~Library() {
  if (handle)
    dlclose(handle);
}

io::Result<std::shared_ptr<Library>> Library::open(const std::string &path) {
  io::Result<io::ProgramInfo> info = inspectProgram(path);
  if (!info)
    return io::Failure{info.error()};
  std::shared_ptr<Library> library(new Library);
  library->info = std::move(*info);
  // Without a slash, dlopen would search the system's folders.
  std::string file = path.find('/') == std::string::npos ? "./" + path : path;
  bool isCuda = library->info.target == "cuda";
  if (isCuda && !dlopen(cudaRuntime, RTLD_NOW | RTLD_LOCAL))
    return io::Failure{"cannot run '" + path +
                       "': it was compiled for --target=cuda, and CUDA's runtime cannot be loaded: " + dlerror()};
  library->handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library->handle)
    return io::Failure{"cannot load '" + path + "': " + dlerror()};
  if (isCuda)
    if (io::Status status = library->findBackend(); !status)
      return io::Failure{"cannot run '" + path + "': " + status.error()};
  library->json = static_cast<const char *>(dlsym(library->handle, "hfc_program_json"));
  for (const io::EntryInfo &entry : library->info.entries) {
    void *symbol = dlsym(library->handle, entry.symbol.c_str());
    if (!symbol)
      return io::Failure{"cannot load '" + path + "': it lacks its entry '" + entry.symbol + "'"};
    library->entries.push_back(reinterpret_cast<hfc_entry>(symbol));
  }
  return library;
}

const void *Library::symbol(const char *name) const { return dlsym(handle, name); }

io::Status Library::findBackend() {
  auto find = reinterpret_cast<const Backend *(*)()>(dlsym(handle, cudaBackend));
  if (!find)
    return io::Failure{std::string("it was compiled for --target=cuda, but not linked against ") + cudaRuntime +
                       "; compile it again"};
  backend = find();
  if (std::string(backend->stamp) != backendStamp)
    return io::Failure{std::string(cudaRuntime) + " is of another build (" + backend->stamp +
                       ") than libhfc_rt.so.1 (" + backendStamp + "); install both together"};
  return {};
}

io::Result<std::unique_ptr<Device>> Library::openDevice(const RankSetting &setting) const {
  return backend ? backend->open(setting) : cpu::openDevice(setting);
}

} // namespace hfc::host
