//===- RankProcesses.h - ranks as processes that this one starts
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_RUN_RANKPROCESSES_H
#define HFC_TOOLS_HFC_RUN_RANKPROCESSES_H

#include "Options.h"

namespace hfc::run {

/// How many processes a program wants to run as: one for each rank that has a GPU of its own, unless somebody else has
/// started them already; else 1.
int countProcesses(const Options &options);

/// Runs this very command as `ranks` processes, with the variables that torchrun would set. Rank 0 prints; what others
/// say is told if they are the first to fail. All end when one does. Returns the worst status.
ExitCode runProcesses(int ranks, char **argv);

} // namespace hfc::run

#endif // HFC_TOOLS_HFC_RUN_RANKPROCESSES_H
