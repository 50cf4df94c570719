//===- FakeDevice.h - what the fakes of CUDA's libraries share
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// Machines without a GPU test the host's part of the CUDA runtime against libraries of these names: libcudart.so.13,
// libcublasLt.so.13 and libnccl.so.2 with the functions that hfc calls, on the CPU. Addresses of device memory are no
// addresses of the host's, so that whoever touches them without the libraries crashes.

#ifndef HFC_TEST_RUNTIME_FAKECUDA_FAKEDEVICE_H
#define HFC_TEST_RUNTIME_FAKECUDA_FAKEDEVICE_H

#include <cuda_runtime.h>

#include <functional>

namespace fake {

/// The bytes behind `size` bytes of a device's memory, or null if they are not (all) within one allocation.
char *hostAddress(const void *device, size_t size);

/// Queues work: it runs at once, or, where the stream is being captured, whenever its graph is launched. Work that
/// fails makes the device's next synchronization fail.
cudaError_t enqueue(cudaStream_t stream, std::function<cudaError_t()> work);

/// Of all devices.
size_t allocatedBytes();

/// Milliseconds that work pretends to take.
void spend(float milliseconds);

} // namespace fake

#endif // HFC_TEST_RUNTIME_FAKECUDA_FAKEDEVICE_H
