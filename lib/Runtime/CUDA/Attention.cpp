//===- Attention.cpp - attention by cuDNN
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Context.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace hfc::cuda {

Attention::Attention() {
  const char *wish = std::getenv("HFC_CUDNN");
  isEnabled = !wish || std::strcmp(wish, "off") != 0;
}

Attention::~Attention() {
  plans.clear();
  if (handle)
    Cudnn::load()->destroy(handle);
  for (auto &[stream, memory] : scratch)
    cudaFree(memory.memory);
  for (char *memory : outgrown)
    cudaFree(memory);
}

void Attention::warn(const std::string &why) {
  if (!hasWarned)
    std::fprintf(stderr, "hfc: note: attention runs on generated kernels, which are slower: %s\n", why.c_str());
  hasWarned = true;
}

const AttentionPlan *Attention::planFor(const hfc_attention &attention) {
  static_assert(sizeof(hfc_attention) % sizeof(int64_t) == 0, "no padding may tell equal descriptions apart");
  std::string key(reinterpret_cast<const char *>(&attention), sizeof attention);
  auto [found, isNew] = plans.try_emplace(key);
  if (!isNew)
    return found->second.get();
  const io::Result<Cudnn> &cudnn = Cudnn::load();
  if (!cudnn) {
    warn(cudnn.error());
    return nullptr;
  }
  if (!handle && cudnn->create(&handle) != CUDNN_STATUS_SUCCESS) {
    handle = nullptr;
    warn("cuDNN cannot be initialized");
    return nullptr;
  }
  io::Result<std::unique_ptr<AttentionPlan>> plan = AttentionPlan::build(*cudnn, {handle, nullptr}, attention);
  if (plan)
    found->second = std::move(*plan);
  else
    warn(plan.error());
  return found->second.get();
}

char *Attention::scratchOf(int32_t stream, size_t bytes) {
  Scratch &own = scratch[stream];
  if (own.bytes >= bytes && own.memory)
    return own.memory;
  void *memory = nullptr;
  if (cudaMalloc(&memory, std::max<size_t>(bytes, 1)) != cudaSuccess) {
    (void)cudaGetLastError();
    warn("the device has no " + io::bytesToString(int64_t(bytes)) + " left for cuDNN to work in");
    return nullptr;
  }
  if (own.memory)
    outgrown.push_back(own.memory);
  own = {static_cast<char *>(memory), bytes};
  allocatedBytes += int64_t(bytes);
  return own.memory;
}

AttentionMasks::Reader Attention::readerOn(cudaStream_t queue) {
  return [queue](void *host, const void *address, int64_t bytes) {
    cudaError_t error = cudaMemcpyAsync(host, address, size_t(bytes), cudaMemcpyDeviceToHost, queue);
    if (error == cudaSuccess)
      error = cudaStreamSynchronize(queue);
    return error == cudaSuccess ? io::Status() : statusOf(error, "reading an attention's mask");
  };
}

io::Result<bool> Attention::run(const hfc_attention &attention, void *const *args, int32_t stream, cudaStream_t queue) {
  if (!isEnabled)
    return false;
  io::Result<bool> hidden = masks.hide(attention, args, readerOn(queue));
  if (!hidden || *hidden)
    return hidden ? io::Result<bool>(false) : hidden;
  const AttentionPlan *plan = planFor(attention);
  char *memory = plan ? scratchOf(stream, plan->getScratchBytes()) : nullptr;
  if (!memory)
    return false;
  if (Cudnn::load()->setStream(handle, queue) != CUDNN_STATUS_SUCCESS)
    return io::Failure{"cuDNN cannot be given a stream"};
  if (io::Status status = plan->execute(handle, args, memory); !status)
    return io::Failure{status.error()};
  return true;
}

} // namespace hfc::cuda

void hfc_cuda_attention(hfc_context *context, const hfc_attention *attention, int32_t kernel, int32_t stream,
                        void *const *args) {
  if (context->hasFailed())
    return;
  hfc::cuda::Recorder::Work work(context->recorder, stream, context->streams[stream]);
  hfc::io::Result<bool> done = context->attention.run(*attention, args, stream, context->streams[stream]);
  if (!done)
    context->keep({hfc::cuda::internalError, done.error()});
  else if (!*done)
    hfc_cuda_launch(context, kernel, stream, args);
}
