//===- Streams.cpp - a rank's streams and events
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Context.h"

namespace hfc::cuda {

Streams::~Streams() {
  for (std::vector<cudaEvent_t> *list : {&events, &ends})
    for (cudaEvent_t event : *list)
      cudaEventDestroy(event);
  for (void *stream : streams)
    cudaStreamDestroy(static_cast<cudaStream_t>(stream));
}

io::Status Streams::create(int64_t streamCount, int64_t eventCount) {
  int least = 0, greatest = 0;
  cudaDeviceGetStreamPriorityRange(&least, &greatest);
  for (int64_t i = 0; i < streamCount; ++i) {
    cudaStream_t stream = nullptr;
    // Communication first: it is what others wait for, and needs few of the device's processors.
    cudaError_t error = cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, i == 0 ? least : greatest);
    if (error != cudaSuccess)
      return statusOf(error, "creating a stream");
    streams.push_back(stream);
  }
  for (auto [list, count] : {std::pair(&events, eventCount), std::pair(&ends, streamCount)})
    for (int64_t i = 0; i < count; ++i) {
      cudaEvent_t event = nullptr;
      if (cudaError_t error = cudaEventCreateWithFlags(&event, cudaEventDisableTiming); error != cudaSuccess)
        return statusOf(error, "creating an event");
      list->push_back(event);
    }
  return {};
}

cudaError_t Streams::fork() {
  cudaError_t error = cudaEventRecord(ends[0], (*this)[0]);
  for (int i = 1; i < size() && error == cudaSuccess; ++i)
    error = cudaStreamWaitEvent((*this)[i], ends[0], 0);
  return error;
}

cudaError_t Streams::join() {
  cudaError_t error = cudaSuccess;
  for (int i = 1; i < size() && error == cudaSuccess; ++i) {
    error = cudaEventRecord(ends[i], (*this)[i]);
    if (error == cudaSuccess)
      error = cudaStreamWaitEvent((*this)[0], ends[i], 0);
  }
  return error;
}

cudaError_t Streams::synchronize() {
  cudaError_t first = cudaSuccess;
  for (int i = 0; i < size(); ++i)
    if (cudaError_t error = cudaStreamSynchronize((*this)[i]); first == cudaSuccess)
      first = error;
  return first;
}

} // namespace hfc::cuda

void hfc_cuda_record(hfc_context *context, int32_t event, int32_t stream) {
  context->check(cudaEventRecord(context->streams.event(event), context->streams[stream]), "recording an event");
}

void hfc_cuda_wait(hfc_context *context, int32_t event, int32_t stream) {
  context->check(cudaStreamWaitEvent(context->streams[stream], context->streams.event(event), 0),
                 "waiting for an event");
}
