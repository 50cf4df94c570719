//===- GemmChoices.cpp - which of cuBLASLt's algorithms computes a product
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GemmChoices.h"

#include "GemmPlans.h"

#include "hfc/Runtime/IO/DType.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace hfc::cuda {

namespace {
/// Runs of a candidate after one that shows whether it is worth more: it is not where it takes long, so that chance
/// makes little of it, or much longer than the best so far.
constexpr int timedRuns = 4;
constexpr float longMilliseconds = 2, muchLonger = 1.25;

/// cuBLASLt lists the best first: where so many in a row are no better, the others are not.
constexpr size_t mostInVain = 3;

/// What a run may spend, and how much of that on one product: the largest come first, and the others count as much.
constexpr float usualMilliseconds = 1000, largestShare = 0.125;

/// HFC_CUDA_TUNE: "off", or seconds.
float allowedMilliseconds() {
  const char *text = std::getenv("HFC_CUDA_TUNE");
  if (!text || !*text)
    return usualMilliseconds;
  if (std::strcmp(text, "off") == 0)
    return 0;
  char *end = nullptr;
  float seconds = std::strtof(text, &end);
  if (!*end && seconds >= 0)
    return seconds * 1000;
  std::fprintf(stderr, "hfc: note: HFC_CUDA_TUNE is 'off' or a number of seconds, and not '%s'\n", text);
  return usualMilliseconds;
}
} // namespace

/// Times algorithms on a product's own operands.
class GemmChoices::Stopwatch {
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

  /// Milliseconds of one run, or infinity if it does not run. The first use of a kernel loads its code, and tells
  /// nothing.
  float time(const cublasLtMatmulAlgo_t &algorithm, bool isFirstUse, float best) {
    if (isFirstUse)
      timeRuns(algorithm, 1);
    float once = timeRuns(algorithm, 1);
    return once > longMilliseconds || once > best * muchLonger ? once : timeRuns(algorithm, timedRuns);
  }
  /// Of all runs.
  float total() const { return sum; }

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
    sum += milliseconds;
    return milliseconds / float(runs);
  }

  cublasLtHandle_t handle;
  const GemmPlan &plan;
  const GemmOperands &operands;
  void *target;
  void *workspace;
  cudaStream_t queue;
  void *scratch = nullptr;
  float sum = 0;
  cudaEvent_t begin = nullptr, end = nullptr;
};

void GemmChoices::create(cublasLtHandle_t made, const host::RankSetting &rank, const std::string &deviceModel) {
  handle = made;
  setting = &rank;
  // What is measured, now or before, differs from run to run.
  allowed = rank.program->deterministic ? 0 : allowedMilliseconds();
  if (allowed > 0 && rank.rank == 0)
    cache.open(deviceModel);
}

void GemmChoices::enterRun(bool early) {
  ++run;
  isEarly = early;
  spent = 0;
}

/// A product with a bias, or one that is added to what is there, is computed by the same kernels as one without.
std::optional<cublasLtMatmulAlgo_t> GemmChoices::remembered(const GemmPlan &plan, const GemmShape &shape) const {
  std::vector<GemmShape> relatives = {shape, shape, shape, shape};
  relatives[1].accumulate = relatives[1].hasBias = 0;
  relatives[2].accumulate = 0, relatives[2].hasBias = 1;
  relatives[3].accumulate = 1, relatives[3].hasBias = 0;
  for (const GemmShape &relative : relatives)
    if (std::optional<cublasLtMatmulAlgo_t> known = cache.find(relative.key()); known && plan.accepts(handle, *known))
      return known;
  return std::nullopt;
}

bool GemmChoices::isFirstUse(const cublasLtMatmulAlgo_t &algorithm, const GemmShape &shape) {
  std::string key(reinterpret_cast<const char *>(algorithm.data), sizeof algorithm.data);
  for (int64_t number : {shape.dtype, shape.resultDtype, shape.transposeA, shape.transposeB})
    key += char('0' + number);
  return used.insert(key).second;
}

void GemmChoices::tryCandidates(Stopwatch &watch, const GemmShape &shape, GemmChoice &choice) {
  float share = std::min(allowed * largestShare, allowed - spent);
  while (choice.tried < choice.candidates.size() && choice.inVain < mostInVain && watch.total() < share) {
    const cublasLtMatmulAlgo_t &candidate = choice.candidates[choice.tried];
    float time = watch.time(candidate, isFirstUse(candidate, shape), choice.leastMilliseconds);
    bool isBetter = time < choice.leastMilliseconds;
    if (isBetter) {
      choice.leastMilliseconds = time;
      choice.best = choice.tried;
    }
    choice.inVain = isBetter ? 0 : choice.inVain + 1;
    ++choice.tried;
  }
  spent += watch.total();
  choice.isFinal = choice.tried == choice.candidates.size() || choice.inVain == mostInVain;
}

void GemmChoices::decide(const GemmPlan &plan, const GemmShape &shape, const GemmOperands &operands, void *workspace,
                         cudaStream_t queue, GemmChoice &choice) {
  if (std::optional<cublasLtMatmulAlgo_t> known = remembered(plan, shape)) {
    choice.algorithm = *known;
    choice.isFinal = true;
    return;
  }
  if (spent >= allowed)
    return;
  Stopwatch watch(handle, plan, operands, workspace, queue);
  choice.isFinal = !watch.prepare(shape);
  if (choice.isFinal)
    return;
  tryCandidates(watch, shape, choice);
  choice.algorithm = choice.candidates[choice.best];
  if (choice.isFinal)
    cache.put(shape.key(), choice.algorithm);
}

host::Outcome GemmChoices::choose(const GemmPlan &plan, const GemmShape &shape, const GemmOperands &operands,
                                  void *workspace, cudaStream_t queue, GemmChoice &choice) {
  cudaStreamCaptureStatus capturing = cudaStreamCaptureStatusNone;
  cudaStreamIsCapturing(queue, &capturing);
  bool isNew = choice.triedIn == 0;
  if (isNew)
    choice.algorithm = choice.candidates.front();
  if (allowed == 0 || choice.candidates.size() == 1 || capturing != cudaStreamCaptureStatusNone)
    choice.isFinal = true;
  // Ranks may differ in what they run as graphs later, and in that they come here at all.
  if (choice.isFinal || choice.triedIn == run || !(isNew || isEarly))
    return {};
  choice.triedIn = run;
  host::StartTimes::Part time(*setting->startTimes, "product algorithms");
  if (setting->rank == 0)
    decide(plan, shape, operands, workspace, queue, choice);
  struct Told {
    cublasLtMatmulAlgo_t algorithm;
    int64_t isFinal;
  } told = {choice.algorithm, choice.isFinal};
  if (setting->ranks > 1 && !setting->communicator->broadcast(&told, sizeof told))
    return {rankFailure, "rank 0's choice of an algorithm did not arrive"};
  choice.algorithm = told.algorithm;
  choice.isFinal = told.isFinal;
  return {};
}

} // namespace hfc::cuda
