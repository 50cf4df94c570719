//===- Trainer.h - steps of a training program
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_RUN_TRAINER_H
#define HFC_TOOLS_HFC_RUN_TRAINER_H

#include "WholeTensors.h"

namespace hfc::run {

/// What one optimizer step is given.
struct Hyperparameters {
  double lr = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0.01;
  /// Infinity: gradients are not clipped.
  double clip = 0;

  /// What the user says, or torch's AdamW's.
  static Hyperparameters from(const Options &options);
};

/// The entries of a program compiled with --task=train, in their order. Every rank calls the same.
class Trainer {
public:
  /// Refuses programs that lack entries.
  explicit Trainer(const io::ProgramInfo &program);

  /// An entry whose inputs are those of a whole batch: what files are read for.
  io::EntryInfo batchEntry(const io::ProgramInfo &whole) const;

  /// The forward and backward passes of one batch. Then the loss and the gradients are complete, and `results`, if
  /// given, holds the outputs of the whole batch, on rank 0.
  void accumulate(const Rank &rank, const WholeInputs &batch, Results *results) const;
  /// One optimizer step with what has been accumulated.
  void update(const Rank &rank, const Hyperparameters &numbers) const;

  /// Of the last batch; nothing where the program keeps none.
  std::optional<double> loss(const Rank &rank) const;
  /// Of all gradients, before clipping; after `update`.
  std::optional<double> gradientNorm(const Rank &rank) const;

private:
  const io::EntryInfo &entry(const char *name) const;
  void putOutputs(const Rank &rank, const io::EntryInfo &entry, int64_t micro,
                  std::map<std::string, std::vector<char>> &outputs) const;

  const io::ProgramInfo &program;
};

} // namespace hfc::run

#endif // HFC_TOOLS_HFC_RUN_TRAINER_H
