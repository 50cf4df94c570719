//===- Attention.h - attention by cuDNN
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_ATTENTION_H
#define HFC_LIB_RUNTIME_CUDA_ATTENTION_H

#include "AttentionMasks.h"
#include "AttentionPlans.h"
#include "Errors.h"

#include <map>

namespace hfc::cuda {

/// A rank's attention. What cuDNN has no kernel for is left to the program's own.
class Attention {
public:
  Attention();
  ~Attention();
  Attention(const Attention &) = delete;
  Attention &operator=(const Attention &) = delete;

  /// The program may want these of the device of that number.
  void prepare(const host::RankSetting &setting, int ordinal);
  /// Queues the attention. False if it is for the program's kernel.
  io::Result<bool> run(const hfc_attention &attention, void *const *args, int32_t stream, cudaStream_t queue);

  /// Reads the device's memory behind what `queue` does until here.
  static AttentionMasks::Reader readerOn(cudaStream_t queue);

  /// Bytes that are allocated.
  int64_t scratchBytes() const { return allocatedBytes; }

  AttentionMasks masks;

private:
  /// Null where cuDNN cannot.
  const MadeAttention *planFor(const hfc_attention &attention);
  /// Of a stream, whose queue that is, at least of that size; null if the device is short of memory.
  char *scratchOf(int32_t stream, size_t bytes, cudaStream_t queue);
  /// Says once why a kernel runs that is slower.
  void warn(const std::string &why);

  struct Scratch {
    char *memory = nullptr;
    size_t bytes = 0;
  };

  bool isEnabled, hasWarned = false;
  host::StartTimes *startTimes = nullptr;
  AttentionPlans plans;
  std::map<int32_t, Scratch> scratch;
  /// What was too small; graphs use it still.
  std::vector<char *> outgrown;
  int64_t allocatedBytes = 0;
};

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_ATTENTION_H
