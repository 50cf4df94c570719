//===- Graphs.h - entries as graphs
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_GRAPHS_H
#define HFC_LIB_RUNTIME_CUDA_GRAPHS_H

#include "Context.h"

namespace hfc::cuda {

/// Queues entries. The first runs of each are what the program does call by call; then these calls are captured once,
/// as a graph that is launched as a whole: all addresses are fixed. Where masks decide what runs there is a graph for
/// each outcome.
class Graphs {
public:
  /// Libraries prepare what they need in their first calls, which cannot be captured.
  static constexpr int eagerRuns = 2;

  Graphs(hfc_context &context, size_t entries);
  ~Graphs();
  Graphs(const Graphs &) = delete;
  Graphs &operator=(const Graphs &) = delete;

  void queue(size_t entry, hfc_entry code, const hfc_frame &frame);

private:
  /// What an entry does where masks are as they were.
  struct Variant {
    AttentionMasks::Answers answers;
    int runs = 0;
    cudaGraphExec_t graph = nullptr;
    /// What one run adds to the counts of collectives.
    std::vector<std::pair<size_t, host::CollectiveCount>> counts;
  };
  struct Entry {
    std::vector<Variant> variants;
    /// It could not be captured, and runs call by call.
    bool refused = false;
  };

  /// The one that runs now; null if it has never run.
  Variant *current(Entry &entry);
  cudaError_t capture(Variant &variant, hfc_entry code, const hfc_frame &frame);
  void refuse(Entry &entry, size_t number, const std::string &why);
  void launch(Variant &variant);
  void runEagerly(Entry &entry, Variant *variant, hfc_entry code, const hfc_frame &frame);

  hfc_context &context;
  std::vector<Entry> entries;
  bool enabled;
};

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_GRAPHS_H
