//===- Recorder.cpp - when a rank's GPU does its work
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Recorder.h"

#include <chrono>

namespace hfc::cuda {

static int64_t now() { return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count(); }

Recorder::~Recorder() {
  for (cudaEvent_t event : events)
    cudaEventDestroy(event);
}

void Recorder::recordTo(std::vector<hfc_work_time> *list) {
  times = list;
  runs = list && !list->empty() ? list->back().run + 1 : 0;
}

void Recorder::keep(cudaError_t error) {
  if (failure == cudaSuccess)
    failure = error;
}

cudaError_t Recorder::record(size_t number, cudaStream_t queue) {
  while (events.size() <= number) {
    cudaEvent_t event = nullptr;
    if (cudaError_t error = cudaEventCreate(&event); error != cudaSuccess)
      return error;
    events.push_back(event);
  }
  return cudaEventRecord(events[number], queue);
}

cudaError_t Recorder::beginEntry(size_t number, cudaStream_t origin) {
  entry = int32_t(number);
  streams.clear();
  depth = 0;
  failure = record(0, origin);
  if (failure == cudaSuccess)
    failure = cudaEventSynchronize(events[0]);
  begin = now();
  return failure;
}

void Recorder::beginWork(int32_t stream, cudaStream_t queue) {
  if (!times || depth++ > 0)
    return;
  keep(record(1 + 2 * streams.size(), queue));
  streams.push_back(stream);
}

void Recorder::endWork(cudaStream_t queue) {
  if (!times || --depth > 0)
    return;
  keep(record(2 * streams.size(), queue));
}

cudaError_t Recorder::endEntry() {
  int64_t end = now();
  auto clockAt = [&](size_t number) {
    float milliseconds = 0;
    if (failure == cudaSuccess)
      keep(cudaEventElapsedTime(&milliseconds, events[0], events[number]));
    return begin + int64_t(double(milliseconds) * 1e6);
  };
  for (size_t work = 0; work < streams.size(); ++work)
    times->push_back({entry, int32_t(work), streams[work], runs, clockAt(1 + 2 * work), clockAt(2 + 2 * work)});
  times->push_back({entry, -1, 0, runs++, begin, end});
  return failure;
}

} // namespace hfc::cuda
