//===- SmallOutputs.h - results that come along with a run
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_SMALLOUTPUTS_H
#define HFC_LIB_RUNTIME_CUDA_SMALLOUTPUTS_H

#include "Errors.h"

#include "hfc/Runtime/IO/Metadata.h"

#include <vector>

namespace hfc::cuda {

/// Copies of an entry's small outputs in the host's memory, made as the last thing that the entry does. Who reads them
/// then does not wait for the device another time: a token's time is short beside two such waits.
class SmallOutputs {
public:
  SmallOutputs() = default;
  ~SmallOutputs() { cudaFreeHost(memory); }
  SmallOutputs(const SmallOutputs &) = delete;
  SmallOutputs &operator=(const SmallOutputs &) = delete;

  io::Status create(const io::ProgramInfo &program);

  /// Queues the copies of what `entry` leaves in the arena. They are there when the stream has done so far.
  cudaError_t queue(const io::EntryInfo &entry, const char *arena, cudaStream_t stream);
  /// The copy of what lies there, or null.
  const char *find(const void *address, int64_t bytes) const;
  /// Before the program's memory changes.
  void forget() { copies.clear(); }

private:
  struct Copy {
    const char *address;
    int64_t bytes;
    const char *host;
  };

  char *memory = nullptr;
  std::vector<Copy> copies;
};

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_SMALLOUTPUTS_H
