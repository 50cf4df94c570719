//===- Processes.h - trials in processes of their own
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A trial runs whatever a plugin has. In a process of its own it can crash, or never end, without harm to others, and
// its plugins are not those of the trial that it is compared with.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_WORKBENCH_PROCESSES_H
#define HFC_WORKBENCH_PROCESSES_H

#include "hfc/Workbench/Trial.h"

namespace hfc::workbench {

/// How long a trial may take, in seconds; then it is given up.
inline constexpr unsigned trialLimit = 300;

/// Runs all trials, at most `jobs` at once; `done` is called with the number of each as it ends. The caller must have
/// one thread.
void runAll(ArrayRef<Trial> trials, const ledger::Machine &machine, unsigned jobs,
            llvm::function_ref<void(size_t, Outcome)> done);

/// The axes that a partitioner cuts by, "megatron{zero=1}" with its options. Fails with one line where a plugin cannot
/// be loaded, or there is no such partitioner.
llvm::Expected<std::vector<std::string>> axesOf(StringRef partitioner, ArrayRef<std::string> plugins);

} // namespace hfc::workbench

#endif // HFC_WORKBENCH_PROCESSES_H
