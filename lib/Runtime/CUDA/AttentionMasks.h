//===- AttentionMasks.h - whether attention's masks hide something
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Masks are data, but those of most runs hide nothing, and then cuDNN does what needs the program's own kernel
// otherwise. Masks are inputs that the host writes before each run, so what they say is known on the host without
// asking the device; only what was written before it was known to be a mask is read back, once.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_ATTENTIONMASKS_H
#define HFC_LIB_RUNTIME_CUDA_ATTENTIONMASKS_H

#include "AttentionArguments.h"

#include "hfc/Runtime/IO/Result.h"

#include <functional>
#include <utility>
#include <vector>

namespace hfc::cuda {

class AttentionMasks {
public:
  /// Reads the device's memory. Not while a stream is being captured: then only what is known may be asked.
  using Reader = std::function<io::Status(void *host, const void *address, int64_t bytes)>;
  /// What a run asked, by the question's number, and what it was told.
  using Answers = std::vector<std::pair<size_t, bool>>;

  /// Takes note of what the host writes to the device.
  void written(const void *address, const void *values, int64_t bytes);

  /// Whether the masks among the arguments hide a key that the attention would see without them.
  io::Result<bool> hide(const hfc_attention &attention, void *const *args, const Reader &reader);

  /// Answers since the last call, each question's once.
  Answers takeAnswers();
  /// Whether the same questions have the same answers now.
  io::Result<bool> agree(const Answers &answers, const Reader &reader);

private:
  /// An int32 [rows, columns] of the device.
  struct Mask {
    const char *address;
    int64_t rows, columns;
    bool isKnown = false;
    /// Nothing is 0.
    bool isFull = false;
    /// The one value of each row; empty where a row has several.
    std::vector<int32_t> rowValues;

    int64_t bytes() const { return rows * columns * int64_t(sizeof(int32_t)); }
    void learn(const int32_t *values);
  };
  static constexpr size_t none = -1;
  /// Places of masks.
  struct Question {
    size_t keyMask = none, querySegments = none, keySegments = none;
  };

  size_t maskAt(const void *address, int64_t rows, int64_t columns);
  size_t numberOf(const Question &question);
  io::Result<bool> answer(const Question &question, const Reader &reader);

  std::vector<Mask> masks;
  std::vector<Question> questions;
  Answers recent;
};

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_ATTENTIONMASKS_H
