//===- LocalDevice.cpp - this machine's GPUs
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The compiler is built without a CUDA toolkit, so what it asks the driver for stands here, as cuda.h declares it.
//
//===----------------------------------------------------------------------===//

#include "hfc/Target/NVPTX.h"

#include "llvm/Support/DynamicLibrary.h"

using namespace hfc;

static constexpr const char *driverName = "libcuda.so.1";
static constexpr int cudaSuccess = 0;

namespace {
/// The driver's functions; null where it lacks them.
struct CudaDriver {
  int (*init)(unsigned flags);
  int (*getDeviceCount)(int *count);
  int (*getDevice)(int *device, int ordinal);
  int (*getName)(char *name, int size, int device);
  int (*getTotalMemory)(size_t *bytes, int device);

  explicit CudaDriver(llvm::sys::DynamicLibrary &library) {
    auto find = [&](auto &function, const char *name) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(library.getAddressOfSymbol(name));
      isComplete &= function != nullptr;
    };
    find(init, "cuInit");
    find(getDeviceCount, "cuDeviceGetCount");
    find(getDevice, "cuDeviceGet");
    find(getName, "cuDeviceGetName");
    find(getTotalMemory, "cuDeviceTotalMem_v2");
  }

  bool isComplete = true;
};
} // namespace

std::optional<LocalDevice> hfc::findSmallestDevice() {
  std::string error;
  llvm::sys::DynamicLibrary library = llvm::sys::DynamicLibrary::getPermanentLibrary(driverName, &error);
  if (!library.isValid())
    return std::nullopt;
  CudaDriver driver(library);
  int count = 0;
  if (!driver.isComplete || driver.init(0) != cudaSuccess || driver.getDeviceCount(&count) != cudaSuccess)
    return std::nullopt;
  std::optional<LocalDevice> smallest;
  for (int ordinal = 0; ordinal < count; ++ordinal) {
    int device = 0;
    size_t bytes = 0;
    char name[256] = "";
    if (driver.getDevice(&device, ordinal) != cudaSuccess || driver.getTotalMemory(&bytes, device) != cudaSuccess ||
        driver.getName(name, sizeof name, device) != cudaSuccess)
      continue;
    if (!smallest || static_cast<int64_t>(bytes) < smallest->memory)
      smallest = LocalDevice{name, static_cast<int64_t>(bytes)};
  }
  return smallest;
}
