//===- Training.h - the loss of a training program
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_FRONTEND_TRAINING_H
#define HFC_LIB_FRONTEND_TRAINING_H

#include "Model.h"

namespace hfc::frontend {

/// Writes `begin_step` of a language model: the tokens that the global batch's loss counts, and a loss of zero.
/// With `countsMicroSteps` the state `micro`, too, starts at zero.
void buildTokenCount(ProgramBuilder &program, const Request &request, int64_t vocabulary, bool countsMicroSteps);

/// Writes `begin_step` of a program whose loss is a sum.
void buildZeroLoss(ProgramBuilder &program, bool countsMicroSteps);

/// Ends `micro_step` of a language model: cross entropy against the shifted labels, over the number of counted tokens.
/// `logits` are [batch, sequence, vocabulary].
void emitTokenLoss(EntryBuilder &entry, int64_t vocabulary, Value logits);

/// Ends `micro_step` of a tower: the sum of its outputs weighted by inputs. `pooled` may be null.
void emitWeightedLoss(EntryBuilder &entry, Value lastHiddenState, Value pooled);

} // namespace hfc::frontend

#endif // HFC_LIB_FRONTEND_TRAINING_H
