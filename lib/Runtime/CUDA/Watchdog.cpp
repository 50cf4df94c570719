//===- Watchdog.cpp - names what stalls, and ends it
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Context.h"

#include "lib/Runtime/Host/Comm/Mishap.h"

#include <cstdio>
#include <cuda.h>

namespace hfc::cuda {

namespace {
constexpr std::chrono::milliseconds pause{20};
/// The driver's version whose cuStreamWriteValue32 this is.
constexpr unsigned entryPointVersion = 12000;
using WriteValue = CUresult (*)(CUstream, CUdeviceptr, cuuint32_t, unsigned);
} // namespace

Watchdog::~Watchdog() {
  stopping = true;
  if (thread.joinable())
    thread.join();
  if (progress)
    cudaFreeHost(progress);
}

host::Outcome Watchdog::start(const host::RankSetting &rank, Communicators &watched, int64_t streamCount) {
  setting = &rank;
  communicators = &watched;
  streams = streamCount;
  cudaDriverEntryPointQueryResult found;
  cudaError_t error = cudaGetDriverEntryPointByVersion("cuStreamWriteValue32", &writeValue, entryPointVersion,
                                                       cudaEnableDefault, &found);
  if (error != cudaSuccess || found != cudaDriverEntryPointSuccess || !writeValue)
    return {userError, "the driver lacks cuStreamWriteValue32, by which stalled ranks are found: update the driver"};
  void *memory = nullptr;
  error = cudaHostAlloc(&memory, streams * sizeof(Progress), cudaHostAllocMapped | cudaHostAllocPortable);
  if (error != cudaSuccess)
    return outcomeOf(error, "memory of the host that the device writes");
  progress = static_cast<Progress *>(memory);
  for (int64_t i = 0; i < streams; ++i)
    progress[i].begun = progress[i].ended = 0;
  thread = std::thread([this] { watch(); });
  return {};
}

cudaError_t Watchdog::write(volatile uint32_t *word, uint32_t value, cudaStream_t queue) {
  if (!progress)
    return cudaSuccess;
  auto function = reinterpret_cast<WriteValue>(writeValue);
  CUresult result = function(queue, reinterpret_cast<CUdeviceptr>(word), value, CU_STREAM_WRITE_VALUE_DEFAULT);
  return result == CUDA_SUCCESS ? cudaSuccess : cudaErrorUnknown;
}

cudaError_t Watchdog::begin(int32_t id, int32_t stream, cudaStream_t queue) {
  return progress ? write(&progress[stream].begun, uint32_t(id) + 1, queue) : cudaSuccess;
}

cudaError_t Watchdog::end(int32_t id, int32_t stream, cudaStream_t queue) {
  return progress ? write(&progress[stream].ended, uint32_t(id) + 1, queue) : cudaSuccess;
}

bool Watchdog::hasStalled(Seen &seen, const Progress &now) const {
  uint32_t begun = now.begun, ended = now.ended;
  uint64_t run = runs;
  auto time = std::chrono::steady_clock::now();
  if (begun != seen.begun || ended != seen.ended || run != seen.run || begun == ended) {
    seen = {begun, ended, run, time};
    return false;
  }
  return std::chrono::duration<double>(time - seen.since).count() > setting->patience;
}

void Watchdog::report(uint32_t collective) const {
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.3g", setting->patience);
  setting->fail(rankFailure, "rank " + std::to_string(setting->rank) + " waited " + seconds + " s in " +
                                 setting->describe(int64_t(collective) - 1) +
                                 ": not all of its ranks came to it (--timeout)");
}

void Watchdog::watch() {
  std::vector<Seen> seen(streams);
  while (!stopping && !setting->hasFailed()) {
    std::this_thread::sleep_for(pause);
    for (int64_t i = 0; i < streams; ++i)
      if (hasStalled(seen[i], progress[i]))
        report(seen[i].begun);
    if (host::Outcome error = communicators->findError(); !error)
      setting->fail(error.status, "rank " + std::to_string(setting->rank) + ": " + error.message);
  }
  if (setting->hasFailed())
    communicators->revoke();
}

} // namespace hfc::cuda

void hfc_cuda_collective_begin(hfc_context *context, int32_t id, int32_t stream) {
  hfc::host::meetWithMishap(context->setting.rank, id);
  context->recorder.beginWork(stream, context->streams[stream]);
  context->check(context->watchdog.begin(id, stream, context->streams[stream]), "noting that a collective begins");
}

void hfc_cuda_collective_end(hfc_context *context, int32_t id, int64_t bytes, int32_t nccl_result, int32_t stream) {
  if (size_t(id) < context->counts.size()) {
    ++context->counts[id].executed;
    context->counts[id].bytes += bytes;
  }
  if (nccl_result != ncclSuccess)
    context->check(ncclResult_t(nccl_result),
                   "rank " + std::to_string(context->setting.rank) + " in " +
                       (context->setting.describe ? context->setting.describe(id) : "a collective"));
  context->check(context->watchdog.end(id, stream, context->streams[stream]), "noting that a collective has ended");
  context->recorder.endWork(context->streams[stream]);
}
