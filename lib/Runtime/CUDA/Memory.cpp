//===- Memory.cpp - a rank's memory on a GPU
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Memory.h"

#include "NewerNCCL.h"
#include "Switches.h"

namespace hfc::cuda {

namespace {
/// As cudaMalloc aligns.
constexpr int64_t alignment = 256;

/// Windows are of whole pages.
constexpr int64_t pageBytes = 4096;

int64_t roundUp(int64_t bytes, int64_t to = alignment) { return (bytes + to - 1) / to * to; }
} // namespace

Memory::~Memory() {
  if (isShown)
    ncclMemFree(base);
  else
    cudaFree(base);
}

cudaError_t Memory::take(bool wantsShown) {
  void *memory = nullptr;
  isShown = wantsShown && ncclMemAlloc && ncclMemFree && ncclCommWindowRegister && readSwitch("HFC_CUDA_WINDOWS") &&
            ncclMemAlloc(&memory, size_t(size)) == ncclSuccess;
  // NCCL does not say whether there was too little.
  (void)cudaGetLastError();
  cudaError_t error = isShown ? cudaSuccess : cudaMalloc(&memory, size_t(size));
  base = static_cast<char *>(memory);
  return error;
}

io::Status Memory::reserve(int64_t bytes, int64_t pieces, const std::string &what, const std::string &device,
                           bool wantsShown) {
  size = roundUp(bytes + pieces * alignment, pageBytes);
  cudaError_t error = take(wantsShown);
  if (error == cudaErrorMemoryAllocation) {
    size_t free = 0, total = 0;
    cudaMemGetInfo(&free, &total);
    return io::Failure{device + " is short of memory: the program needs " + io::bytesToString(size) + " (" + what +
                       "), and of its " + io::bytesToString(int64_t(total)) + " " + io::bytesToString(int64_t(free)) +
                       " are free"};
  }
  if (error != cudaSuccess)
    return statusOf(error, "allocating " + io::bytesToString(size) + " on " + device);
  // Streams of the program's do not wait for the default one, on which this runs beside the host.
  error = cudaMemset(base, 0, size);
  return statusOf(error == cudaSuccess ? cudaDeviceSynchronize() : error, "clearing memory on " + device);
}

io::Result<char *> Memory::allocate(int64_t bytes) {
  if (roundUp(bytes) > size - used)
    return io::Failure{"more than was reserved for it"};
  char *address = base + used;
  used += roundUp(bytes);
  return address;
}

} // namespace hfc::cuda
