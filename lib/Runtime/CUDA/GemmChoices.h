//===- GemmChoices.h - which of cuBLASLt's algorithms computes a product
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_GEMMCHOICES_H
#define HFC_LIB_RUNTIME_CUDA_GEMMCHOICES_H

#include "AlgorithmCache.h"

#include <limits>
#include <set>
#include <vector>

namespace hfc::cuda {

class GemmPlan;
struct GemmOperands;
struct GemmShape;

/// How far the choice of a product's algorithm has come.
struct GemmChoice {
  /// The algorithms that should be good, best first as cuBLASLt sees them.
  std::vector<cublasLtMatmulAlgo_t> candidates;
  /// What runs until a better one is found, or for good.
  cublasLtMatmulAlgo_t algorithm{};
  bool isFinal = false;
  /// The run of an entry in which candidates were last tried.
  int64_t triedIn = 0;

  /// Rank 0's: how many have been timed, which is the best of these, and how many came after it in vain.
  size_t tried = 0, best = 0, inVain = 0;
  float leastMilliseconds = std::numeric_limits<float>::infinity();
};

/// Chooses for all ranks alike, since two algorithms may round otherwise: rank 0 remembers what it has measured, or
/// measures now, and tells the others. It measures on a product's own operands while the first two runs of an entry go
/// on, and not for long: what has not been tried in the first is tried in the second, or by another process.
class GemmChoices {
public:
  void create(cublasLtHandle_t handle, const host::RankSetting &setting, const std::string &deviceModel);

  /// An entry begins. `isEarly`: it has run at most once before, so that no rank runs it as a graph.
  void enterRun(bool isEarly);

  /// Goes on with the choice. All ranks come here with the same products in the same order.
  host::Outcome choose(const GemmPlan &plan, const GemmShape &shape, const GemmOperands &operands, void *workspace,
                       cudaStream_t queue, GemmChoice &choice);

private:
  class Stopwatch;

  std::optional<cublasLtMatmulAlgo_t> remembered(const GemmPlan &plan, const GemmShape &shape) const;
  void decide(const GemmPlan &plan, const GemmShape &shape, const GemmOperands &operands, void *workspace,
              cudaStream_t queue, GemmChoice &choice);
  void tryCandidates(Stopwatch &watch, const GemmShape &shape, GemmChoice &choice);
  bool isFirstUse(const cublasLtMatmulAlgo_t &algorithm, const GemmShape &shape);

  cublasLtHandle_t handle = nullptr;
  const host::RankSetting *setting = nullptr;
  /// Milliseconds of the device that a run may spend on candidates; 0: nothing is tried.
  float allowed = 0, spent = 0;
  bool isEarly = true;
  int64_t run = 0;
  AlgorithmCache cache;
  /// Whose code has been loaded, as far as one can tell: algorithms, with the types and orders of operands.
  std::set<std::string> used;
};

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_GEMMCHOICES_H
