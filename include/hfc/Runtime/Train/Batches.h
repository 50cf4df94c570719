//===- Batches.h - sequences of a token file, packed and shuffled
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_RUNTIME_TRAIN_BATCHES_H
#define HFC_RUNTIME_TRAIN_BATCHES_H

#include "hfc/Runtime/Train/TokenFile.h"

#include <vector>

namespace hfc::train {

struct BatchOptions {
  int64_t batch = 1, sequence = 1;
  /// Tokens are from 0 to this, exclusive.
  int64_t vocabulary = 0;
  /// The token that ends a document; none: the file is one document.
  std::optional<int32_t> separator;
  uint64_t seed = 0;
};

/// A global batch, [batch, sequence] each, under the names of a training program's inputs.
struct Batch {
  std::vector<int32_t> inputIds, positionIds, shiftedLabels;
  /// Labels that count.
  int64_t counted = 0;
};

/// Cuts the stream of tokens into windows of `sequence` + 1 that overlap by one token: what stands at a window's places
/// is read, what stands one further is predicted. Documents are packed: positions begin at 0 after each separator, so
/// attention does not cross, and the first token of a document is never predicted. A window's rest of a document that
/// began before it has positions from 0 too. Windows are visited in a new random order each epoch; a batch may end
/// one epoch and begin the next.
class Batches {
public:
  /// Refuses a file with fewer tokens than one window.
  static io::Result<Batches> create(TokenFile file, const BatchOptions &options);

  int64_t windows() const { return windowCount; }
  /// The sequences from the `position`-th that a run reads, counted over epochs from 0.
  io::Result<Batch> read(int64_t position) const;

private:
  Batches(TokenFile file, const BatchOptions &options, int64_t windowCount)
      : file(std::move(file)), options(options), windowCount(windowCount) {}

  io::Status readWindow(int64_t window, Batch &batch) const;

  TokenFile file;
  BatchOptions options;
  int64_t windowCount;
};

} // namespace hfc::train

#endif // HFC_RUNTIME_TRAIN_BATCHES_H
