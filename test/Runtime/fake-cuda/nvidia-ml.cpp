//===- nvidia-ml.cpp - an NVML on the CPU, with the functions that hfc calls
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FakeDevice.h"

#include <cstdlib>
#include <string>
#include <unistd.h>

// Two processes use the device: another one, and this. The driver's own share is HFC_FAKE_CONTEXT bytes.

struct Process {
  unsigned pid;
  unsigned long long bytes;
  unsigned gpuInstance, computeInstance;
};

extern "C" {
int nvmlInit_v2() { return std::getenv("HFC_FAKE_NO_NVML") ? 9 : 0; }
int nvmlShutdown() { return 0; }
int nvmlDeviceGetHandleByPciBusId_v2(const char *id, void **device) {
  static char made;
  *device = &made;
  return std::string(id).rfind("0000:", 0) == 0 ? 0 : 2;
}
int nvmlDeviceGetComputeRunningProcesses_v3(void *, unsigned *count, void *list) {
  auto *processes = static_cast<Process *>(list);
  if (*count < 2)
    return 7;
  const char *context = std::getenv("HFC_FAKE_CONTEXT");
  processes[0] = {unsigned(getpid()) + 1, 77, 0, 0};
  processes[1] = {unsigned(getpid()), fake::allocatedBytes() + (context ? std::strtoull(context, nullptr, 10) : 0), 0,
                  0};
  *count = 2;
  return 0;
}
}
