//===- GemmChoices.cpp - which of cuBLASLt's algorithms computes a product
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GemmChoices.h"

#include "GemmPlans.h"

#include "hfc/Runtime/IO/DType.h"

#include <cstdlib>
#include <limits>

namespace hfc::cuda {

namespace {
/// Runs of a candidate, after one that loads its code and one that shows whether it is worth more: it is not where it
/// takes long, so that chance makes little of it, or much longer than the best so far.
constexpr int timedRuns = 4;
constexpr float longMilliseconds = 2, muchLonger = 1.25;

/// Times algorithms on a product's own operands.
class Stopwatch {
public:
  Stopwatch(cublasLtHandle_t handle, const GemmPlan &plan, const GemmOperands &operands, void *workspace,
            cudaStream_t queue)
      : handle(handle), plan(plan), operands(operands), target(operands.c), workspace(workspace), queue(queue) {}
  ~Stopwatch() {
    for (cudaEvent_t event : {begin, end})
      if (event)
        cudaEventDestroy(event);
    cudaFree(scratch);
  }

  /// What accumulates must not do so for practice. False where there is no room for that.
  bool prepare(const GemmShape &shape) {
    if (cudaEventCreate(&begin) != cudaSuccess || cudaEventCreate(&end) != cudaSuccess)
      return false;
    if (!shape.accumulate)
      return true;
    int64_t bytes = shape.batch * shape.m * shape.n * io::sizeOf(hfc_dtype(shape.resultDtype));
    if (cudaMalloc(&scratch, bytes) == cudaSuccess)
      return target = scratch, true;
    // Not an error of the program's.
    (void)cudaGetLastError();
    return false;
  }

  /// Milliseconds of one run, or infinity if it does not run.
  float time(const cublasLtMatmulAlgo_t &algorithm, float best) {
    timeRuns(algorithm, 1);
    float once = timeRuns(algorithm, 1);
    return once > longMilliseconds || once > best * muchLonger ? once : timeRuns(algorithm, timedRuns);
  }

private:
  float timeRuns(const cublasLtMatmulAlgo_t &algorithm, int runs) {
    constexpr float failed = std::numeric_limits<float>::infinity();
    cudaEventRecord(begin, queue);
    for (int i = 0; i < runs; ++i)
      if (plan.run(handle, algorithm, operands, target, workspace, queue) != CUBLAS_STATUS_SUCCESS)
        return failed;
    cudaEventRecord(end, queue);
    float milliseconds = failed;
    if (cudaEventSynchronize(end) != cudaSuccess || cudaEventElapsedTime(&milliseconds, begin, end) != cudaSuccess)
      return failed;
    return milliseconds / float(runs);
  }

  cublasLtHandle_t handle;
  const GemmPlan &plan;
  const GemmOperands &operands;
  void *target;
  void *workspace;
  cudaStream_t queue;
  void *scratch = nullptr;
  cudaEvent_t begin = nullptr, end = nullptr;
};
} // namespace

void GemmChoices::create(cublasLtHandle_t made, const host::RankSetting &rank, const std::string &deviceModel) {
  handle = made;
  setting = &rank;
  const char *text = std::getenv("HFC_CUDA_TUNE");
  enabled = !text || std::string(text) != "off";
  if (enabled && rank.rank == 0)
    cache.open(deviceModel);
}

cublasLtMatmulAlgo_t GemmChoices::decide(const GemmPlan &plan, const GemmShape &shape,
                                         const std::vector<cublasLtMatmulAlgo_t> &candidates,
                                         const GemmOperands &operands, void *workspace, cudaStream_t queue) {
  if (std::optional<cublasLtMatmulAlgo_t> known = cache.find(shape.key()); known && plan.accepts(handle, *known))
    return *known;
  Stopwatch watch(handle, plan, operands, workspace, queue);
  if (!watch.prepare(shape))
    return candidates.front();
  size_t best = 0;
  float least = std::numeric_limits<float>::infinity();
  for (size_t i = 0; i < candidates.size(); ++i)
    if (float time = watch.time(candidates[i], least); time < least) {
      least = time;
      best = i;
    }
  cache.put(shape.key(), candidates[best]);
  return candidates[best];
}

host::Outcome GemmChoices::choose(const GemmPlan &plan, const GemmShape &shape,
                                  const std::vector<cublasLtMatmulAlgo_t> &candidates, const GemmOperands &operands,
                                  void *workspace, cudaStream_t queue, cublasLtMatmulAlgo_t &chosen) {
  chosen = candidates.front();
  cudaStreamCaptureStatus capturing = cudaStreamCaptureStatusNone;
  cudaStreamIsCapturing(queue, &capturing);
  if (!enabled || candidates.size() == 1 || capturing != cudaStreamCaptureStatusNone)
    return {};
  if (setting->rank == 0)
    chosen = decide(plan, shape, candidates, operands, workspace, queue);
  if (setting->ranks == 1 || setting->communicator->broadcast(&chosen, sizeof chosen))
    return {};
  return {rankFailure, "rank 0's choice of an algorithm did not arrive"};
}

} // namespace hfc::cuda
