//===- Streams.h - a rank's streams and events
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_STREAMS_H
#define HFC_LIB_RUNTIME_CUDA_STREAMS_H

#include "Errors.h"

#include <vector>

namespace hfc::cuda {

/// Streams by their numbers in the program: 0 computes, others carry what overlaps with it. Entries begin and end with
/// all of them idle.
class Streams {
public:
  Streams() = default;
  ~Streams();
  Streams(const Streams &) = delete;
  Streams &operator=(const Streams &) = delete;

  io::Status create(int64_t streams, int64_t events);

  cudaStream_t operator[](int32_t stream) const { return static_cast<cudaStream_t>(streams[stream]); }
  cudaEvent_t event(int32_t number) const { return events[number]; }
  int size() const { return int(streams.size()); }
  /// As frames hold them.
  void *const *data() const { return streams.data(); }

  /// Makes all streams wait for stream 0, or stream 0 for all others: what a graph that begins and ends on stream 0
  /// needs.
  cudaError_t fork();
  cudaError_t join();
  /// Until all are idle.
  cudaError_t synchronize();

private:
  std::vector<void *> streams;
  std::vector<cudaEvent_t> events;
  /// One for each stream.
  std::vector<cudaEvent_t> ends;
};

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_STREAMS_H
