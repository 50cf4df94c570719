//===- cuda.cpp - a CUDA driver on the CPU, with the functions that the compiler calls
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include <cstdint>
#include <cstdio>
#include <cstdlib>

// Devices of HFC_FAKE_MEMORY bytes, but the last has twice that.

static int64_t setting(const char *variable, int64_t fallback) {
  const char *text = std::getenv(variable);
  return text ? std::atoll(text) : fallback;
}
static int countDevices() { return int(setting("HFC_FAKE_GPUS", 8)); }

extern "C" {
int cuInit(unsigned) { return setting("HFC_FAKE_DRIVER", 13000) ? 0 : 100; }
int cuDeviceGetCount(int *count) { return *count = countDevices(), 0; }
int cuDeviceGet(int *device, int ordinal) { return *device = ordinal, ordinal < countDevices() ? 0 : 101; }
int cuDeviceGetName(char *name, int size, int) { return std::snprintf(name, size_t(size), "Fake"), 0; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) {
  *bytes = size_t(setting("HFC_FAKE_MEMORY", int64_t(1) << 40)) * (device + 1 == countDevices() ? 2 : 1);
  return 0;
}
}
