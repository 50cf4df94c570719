//===- BatchSource.h - where the batches of a training run come from
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_RUN_BATCHSOURCE_H
#define HFC_TOOLS_HFC_RUN_BATCHSOURCE_H

#include "Trainer.h"

namespace hfc::run {

class BatchSource {
public:
  virtual ~BatchSource() = default;

  /// The batch that begins with the run's `position`-th sequence. Called by every rank.
  virtual std::shared_ptr<const WholeInputs> batch(int64_t position) const = 0;
};

/// The file of --tokens, or the one batch of --inputs for every step. Refuses both, and neither. `seed` is that of the
/// order of sequences and of dropout.
std::unique_ptr<BatchSource> makeBatchSource(Session &session, const Trainer &trainer, uint64_t seed);

} // namespace hfc::run

#endif // HFC_TOOLS_HFC_RUN_BATCHSOURCE_H
