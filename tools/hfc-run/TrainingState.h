//===- TrainingState.h - the state of a run, as checkpoints hold it
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_RUN_TRAININGSTATE_H
#define HFC_TOOLS_HFC_RUN_TRAININGSTATE_H

#include "WholeTensors.h"

#include "hfc/Runtime/Train/SavedRun.h"

namespace hfc::run {

/// The tensors of a dictionary of the class' spelling, or of the checkpoint's. Values go as tensors come.
std::vector<io::OwnedTensor> assemble(const io::ProgramInfo &program, const io::ProgramInfo &whole,
                                      std::vector<WholeValue> values);

/// Writes a checkpoint into --save. Called by every rank; rank 0 writes what all have.
void saveState(const Session &session, const Rank &rank, const train::Progress &progress);

/// Gives a rank its part of a saved run's optimizer states and counters. Parameters are loaded as any checkpoint's.
void restoreState(const Session &session, const Rank &rank, const train::SavedRun &run);

} // namespace hfc::run

#endif // HFC_TOOLS_HFC_RUN_TRAININGSTATE_H
