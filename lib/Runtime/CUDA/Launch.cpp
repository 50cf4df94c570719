//===- Launch.cpp - kernels and copies on a stream
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Context.h"
#include "Switches.h"

namespace hfc::cuda {

namespace {
/// What a kernel may use without asking for more.
constexpr int64_t plainShared = 48 << 10;
/// Of pointers that a kernel is given; metadata with more is refused.
constexpr int64_t mostArguments = 512;
} // namespace

Kernels::~Kernels() {
  if (library)
    cudaLibraryUnload(library);
}

io::Status Kernels::load(const void *cubin, const io::GpuInfo &gpu) {
  if (gpu.kernels.empty())
    return {};
  if (!cubin)
    return io::Failure{"the program has no 'hfc_program_cubin'; compile it again"};
  cudaError_t error = cudaLibraryLoadData(&library, cubin, nullptr, nullptr, 0, nullptr, nullptr, 0);
  if (error != cudaSuccess)
    return statusOf(error, "loading the program's kernels, compiled for " + gpu.name);
  bool mayBeEarly = readSwitch("HFC_CUDA_EARLY");
  for (const io::KernelInfo &info : gpu.kernels) {
    Kernel kernel{nullptr,        dim3(unsigned(info.grid)), dim3(unsigned(info.lanes)), size_t(info.shared),
                  info.arguments, mayBeEarly && info.isEarly};
    if (error = cudaLibraryGetKernel(&kernel.function, library, info.name.c_str()); error != cudaSuccess)
      return statusOf(error, "finding kernel '" + info.name + "'");
    if (info.shared > plainShared) {
      error = cudaFuncSetAttribute(reinterpret_cast<const void *>(kernel.function),
                                   cudaFuncAttributeMaxDynamicSharedMemorySize, int(info.shared));
      if (error != cudaSuccess)
        return statusOf(error, std::to_string(info.shared) + " bytes of shared memory for kernel '" + info.name + "'");
    }
    kernels.push_back(kernel);
  }
  return {};
}

cudaError_t Kernels::launch(int32_t number, void *const *arguments, cudaStream_t stream) const {
  const Kernel &kernel = kernels[number];
  void *addresses[mostArguments];
  for (int64_t i = 0; i < kernel.arguments; ++i)
    addresses[i] = const_cast<void **>(&arguments[i]);
  cudaLaunchAttribute early{};
  early.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  early.val.programmaticStreamSerializationAllowed = 1;
  cudaLaunchConfig_t config{};
  config.gridDim = kernel.grid;
  config.blockDim = kernel.lanes;
  config.dynamicSmemBytes = kernel.shared;
  config.stream = stream;
  config.attrs = &early;
  config.numAttrs = kernel.isEarly;
  return cudaLaunchKernelExC(&config, reinterpret_cast<const void *>(kernel.function), addresses);
}

} // namespace hfc::cuda

void hfc_cuda_launch(hfc_context *context, int32_t kernel, int32_t stream, void *const *args) {
  if (context->hasFailed())
    return;
  hfc::cuda::Recorder::Work work(context->recorder, stream, context->streams[stream]);
  cudaError_t error = context->kernels.launch(kernel, args, context->streams[stream]);
  if (error != cudaSuccess)
    context->check(error, "launching kernel '" + context->gpu.kernels[kernel].name + "'");
}

void hfc_cuda_copy(hfc_context *context, void *target, const void *source, int64_t bytes, int32_t stream) {
  hfc::cuda::Recorder::Work work(context->recorder, stream, context->streams[stream]);
  if (bytes > 0 && target != source)
    context->check(cudaMemcpyAsync(target, source, bytes, cudaMemcpyDeviceToDevice, context->streams[stream]),
                   "copying within the device");
}

void hfc_cuda_copy_rows(hfc_context *context, void *target, int64_t target_pitch, const void *source,
                        int64_t source_pitch, int64_t width, int64_t rows, int32_t stream) {
  if (width > 0 && rows > 0)
    context->check(cudaMemcpy2DAsync(target, target_pitch, source, source_pitch, width, rows, cudaMemcpyDeviceToDevice,
                                     context->streams[stream]),
                   "copying rows within the device");
}

void hfc_cuda_clear(hfc_context *context, void *target, int64_t bytes, int32_t stream) {
  if (bytes > 0)
    context->check(cudaMemsetAsync(target, 0, bytes, context->streams[stream]), "clearing memory");
}
