//===- OwnKernels.cpp - the runtime's own kernels, on a stream
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OwnKernels.h"

namespace hfc::cuda {

namespace {
constexpr char ptx[] =
#include "lib/Runtime/CUDA/DeviceCode.ptx.inc"
    ;

bool canHold(hfc_dtype dtype) { return dtype == HFC_FLOAT32 || dtype == HFC_BFLOAT16; }
} // namespace

OwnKernels::~OwnKernels() {
  if (library)
    cudaLibraryUnload(library);
}

template <typename Arguments>
io::Status OwnKernels::launch(const char *name, Arguments arguments, cudaStream_t stream) {
  if (arguments.items() == 0)
    return {};
  cudaError_t error = cudaSuccess;
  if (!library)
    error = cudaLibraryLoadData(&library, ptx, nullptr, nullptr, 0, nullptr, nullptr, 0);
  cudaKernel_t kernel = nullptr;
  if (error == cudaSuccess)
    error = cudaLibraryGetKernel(&kernel, library, name);
  if (error != cudaSuccess)
    return statusOf(error, std::string("loading the runtime's kernel '") + name + "'");
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(unsigned(blocksOf(arguments.items())));
  config.blockDim = dim3(unsigned(ownLanes));
  config.stream = stream;
  void *addresses[] = {&arguments};
  error = cudaLaunchKernelExC(&config, reinterpret_cast<const void *>(kernel), addresses);
  return statusOf(error, std::string("launching the runtime's kernel '") + name + "'");
}

io::Status OwnKernels::fill(char *target, const io::Draw &draw, cudaStream_t stream) {
  if (!canHold(draw.dtype))
    return io::Failure{"random values on a GPU are float32 or bfloat16, not " + std::string(io::nameOf(draw.dtype))};
  return launch("hfc_fill", FillArguments{target, draw}, stream);
}

io::Status OwnKernels::convert(const void *source, hfc_dtype from, void *target, hfc_dtype to, int64_t count,
                               cudaStream_t stream) {
  if (!canHold(from) || !canHold(to))
    return io::Failure{"a GPU's values of " + std::string(io::nameOf(from)) + " cannot be made " +
                       std::string(io::nameOf(to))};
  return launch("hfc_convert", ConvertArguments{source, target, count, from, to}, stream);
}

} // namespace hfc::cuda
