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

void Attention::prepare(const host::RankSetting &setting, int ordinal) {
  startTimes = setting.startTimes;
  auto *attentions = static_cast<const hfc_attention *>(setting.symbol("hfc_program_attentions"));
  if (isEnabled && attentions)
    plans.prepare(attentions, setting.program->gpu->attentions, ordinal);
}

const MadeAttention *Attention::planFor(const hfc_attention &attention) {
  host::StartTimes::Part time(*startTimes, "attention plans");
  const MadeAttention &made = plans.get(attention);
  if (!made.plan)
    warn(made.failure);
  return made.plan ? &made : nullptr;
}

char *Attention::scratchOf(int32_t stream, size_t bytes, cudaStream_t queue) {
  Scratch &own = scratch[stream];
  if (own.bytes >= bytes && own.memory)
    return own.memory;
  void *memory = nullptr;
  bytes = std::max<size_t>(bytes, 1);
  // cuDNN reads some of it before anything is written there, which checkers of memory would take for a fault of ours.
  if (cudaMalloc(&memory, bytes) != cudaSuccess || cudaMemsetAsync(memory, 0, bytes, queue) != cudaSuccess) {
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
  const MadeAttention *made = planFor(attention);
  char *memory = made ? scratchOf(stream, made->plan->getScratchBytes(), queue) : nullptr;
  if (!memory)
    return false;
  if (Cudnn::load()->setStream(made->handle, queue) != CUDNN_STATUS_SUCCESS)
    return io::Failure{"cuDNN cannot be given a stream"};
  if (io::Status status = made->plan->execute(made->handle, args, memory); !status)
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
