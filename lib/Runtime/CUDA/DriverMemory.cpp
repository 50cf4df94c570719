//===- DriverMemory.cpp - what a process has of a GPU's memory
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DriverMemory.h"

#include <dlfcn.h>
#include <optional>
#include <unistd.h>
#include <vector>

namespace hfc::cuda {

namespace {
/// The driver's library for such questions. Its header is no part of the toolkit's runtime, so what is used of it
/// stands here.
constexpr const char *nvmlFile = "libnvidia-ml.so.1";
constexpr int nvmlSuccess = 0;
using NvmlDevice = void *;
struct NvmlProcess {
  unsigned pid;
  unsigned long long bytes;
  unsigned gpuInstance, computeInstance;
};

class Nvml {
public:
  Nvml() : library(dlopen(nvmlFile, RTLD_NOW | RTLD_LOCAL)) {
    if (!library)
      return;
    int (*init)() = nullptr;
    find(init, "nvmlInit_v2");
    find(shutdown, "nvmlShutdown");
    find(deviceOf, "nvmlDeviceGetHandleByPciBusId_v2");
    find(processesOf, "nvmlDeviceGetComputeRunningProcesses_v3");
    works = init && shutdown && deviceOf && processesOf && init() == nvmlSuccess;
  }
  ~Nvml() {
    if (works)
      shutdown();
    if (library)
      dlclose(library);
  }
  Nvml(const Nvml &) = delete;
  Nvml &operator=(const Nvml &) = delete;

  std::optional<int64_t> bytesOf(unsigned pid, const char *busId) const {
    NvmlDevice device = nullptr;
    if (!works || deviceOf(busId, &device) != nvmlSuccess)
      return std::nullopt;
    std::vector<NvmlProcess> processes(mostProcesses);
    unsigned count = mostProcesses;
    if (processesOf(device, &count, processes.data()) != nvmlSuccess)
      return std::nullopt;
    for (unsigned i = 0; i < count; ++i)
      // It is all ones where the driver does not tell. In a container other numbers may stand there than this
      // process's.
      if (processes[i].pid == pid && int64_t(processes[i].bytes) > 0)
        return int64_t(processes[i].bytes);
    return std::nullopt;
  }

private:
  static constexpr unsigned mostProcesses = 256;

  template <typename Function>
  void find(Function &function, const char *name) {
    function = reinterpret_cast<Function>(dlsym(library, name));
  }

  void *library;
  bool works = false;
  int (*shutdown)() = nullptr;
  int (*deviceOf)(const char *, NvmlDevice *) = nullptr;
  /// The last argument points to NvmlProcess; that type is not the library's own.
  int (*processesOf)(NvmlDevice, unsigned *, void *) = nullptr;
};
} // namespace

host::DriverMemory readDriverMemory(int ordinal) {
  char busId[32] = "";
  if (cudaDeviceGetPCIBusId(busId, sizeof busId, ordinal) == cudaSuccess)
    if (std::optional<int64_t> bytes = Nvml().bytesOf(unsigned(getpid()), busId))
      return {*bytes, "NVML"};
  size_t free = 0, total = 0;
  if (cudaMemGetInfo(&free, &total) != cudaSuccess)
    return {};
  return {int64_t(total - free), "cudaMemGetInfo"};
}

} // namespace hfc::cuda
