//===- Recorder.h - when a rank's GPU does its work
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_RECORDER_H
#define HFC_LIB_RUNTIME_CUDA_RECORDER_H

#include "Errors.h"

#include "hfc/Runtime/hfc_profile.h"

#include <vector>

namespace hfc::cuda {

/// Adds to a list when works are done, if there is one: an event before each and one behind it, on its stream.
class Recorder {
public:
  Recorder() = default;
  ~Recorder();
  Recorder(const Recorder &) = delete;
  Recorder &operator=(const Recorder &) = delete;

  /// Null: no list.
  void recordTo(std::vector<hfc_work_time> *list);
  bool isOn() const { return times; }

  /// Around the calls of an entry. All streams wait for `origin`, and at the end they are idle.
  cudaError_t beginEntry(size_t number, cudaStream_t origin);
  cudaError_t endEntry();

  /// One work of it, as long as this lives. What it calls itself is a part of it.
  class Work {
  public:
    Work(Recorder &recorder, int32_t stream, cudaStream_t queue) : recorder(recorder), queue(queue) {
      recorder.beginWork(stream, queue);
    }
    ~Work() { recorder.endWork(queue); }
    Work(const Work &) = delete;
    Work &operator=(const Work &) = delete;

  private:
    Recorder &recorder;
    cudaStream_t queue;
  };
  void beginWork(int32_t stream, cudaStream_t queue);
  void endWork(cudaStream_t queue);

private:
  /// The event of that number of a run.
  cudaError_t record(size_t number, cudaStream_t queue);
  void keep(cudaError_t error);

  std::vector<hfc_work_time> *times = nullptr;
  int32_t runs = 0;
  /// Of the entry that runs: its number, the clock at the first event, and the works' streams.
  int32_t entry = 0;
  int64_t begin = 0;
  std::vector<int32_t> streams;
  int depth = 0;
  cudaError_t failure = cudaSuccess;
  /// The entry's beginning, and two for each work; used again by later runs.
  std::vector<cudaEvent_t> events;
};

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_RECORDER_H
