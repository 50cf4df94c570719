//===- check_attention.cpp - cuDNN's attention against float64 on the host
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// usage: check_attention               on a GPU: runs, compares and times every case
//        check_attention --plan FILE   without one: only plans, for the device that cuDNN's JSON in FILE describes
//
// Prints a line for each case: relative errors ‖out − ref‖ / ‖ref‖ of the result, the rows' sums and the gradients (for
// the last batch element), the times of a forward and of a backward pass and what they make of the chip (causal: half
// the products). Exits with 1 if an error is above 1e-2, or cuDNN has no kernel.
//
//===----------------------------------------------------------------------===//

#include "bench/gpu/attention_reference.h"
#include "lib/Runtime/CUDA/AttentionPlan.h"

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

using namespace hfc;
using namespace hfc::cuda;

namespace {

[[noreturn]] void die(const std::string &message) {
  std::fprintf(stderr, "check_attention: error: %s\n", message.c_str());
  std::exit(2);
}

void check(cudaError_t result) {
  if (result != cudaSuccess)
    die(cudaGetErrorString(result));
}

enum class Layout { bshd, bhsd, sbhd };

struct Case {
  const char *name;
  int64_t batch, queryHeads, keyHeads, queries, keys, depth;
  bool causal = true;
  int64_t window = 0;
  Layout layout = Layout::bshd;
};

const Case cases[] = {
    {"qwen2.5-0.5b", 4, 14, 2, 4096, 4096, 64},
    {"qwen2.5-1.5b", 4, 12, 2, 4096, 4096, 128},
    {"qwen2.5-7b", 2, 28, 4, 4096, 4096, 128},
    {"qwen2.5-7b tp=4", 2, 7, 1, 4096, 4096, 128},
    {"full", 2, 4, 4, 512, 512, 64, false},
    {"cross", 2, 4, 2, 192, 320, 64, false},
    {"window", 2, 8, 2, 1024, 1024, 64, true, 256},
    {"window of 2", 1, 2, 2, 128, 128, 64, true, 2},
    {"heads first", 2, 4, 4, 384, 384, 128, true, 0, Layout::bhsd},
    {"sequence first", 3, 6, 2, 256, 256, 64, true, 0, Layout::sbhd},
    {"odd", 3, 4, 2, 77, 77, 64},
    {"odd, depth 72", 2, 3, 1, 99, 99, 72},
    {"tiny", 1, 2, 1, 5, 5, 64},
    {"depth 256", 1, 4, 2, 256, 256, 256},
};

hfc_attention describe(const Case &one, hfc_attention_kind kind, bool deterministic) {
  hfc_attention attention = {};
  attention.kind = kind;
  attention.dtype = HFC_BFLOAT16;
  attention.causal = one.causal;
  attention.deterministic = deterministic;
  attention.window = one.window;
  attention.batch = one.batch;
  attention.query_heads = one.queryHeads;
  attention.key_heads = one.keyHeads;
  attention.queries = one.queries;
  attention.keys = one.keys;
  attention.depth = attention.value_depth = one.depth;
  attention.scale = 1 / std::sqrt(static_cast<double>(one.depth));
  auto set = [&](int64_t (&strides)[3], int64_t heads, int64_t positions) {
    int64_t depth = one.depth;
    int64_t all[3][3] = {{positions * heads * depth, depth, heads * depth},
                         {heads * positions * depth, positions * depth, depth},
                         {heads * depth, depth, one.batch * heads * depth}};
    std::copy_n(all[static_cast<int>(one.layout)], 3, strides);
  };
  set(attention.query_strides, one.queryHeads, one.queries);
  set(attention.result_strides, one.queryHeads, one.queries);
  set(attention.key_strides, one.keyHeads, one.keys);
  set(attention.value_strides, one.keyHeads, one.keys);
  return attention;
}

std::unique_ptr<AttentionPlan> plan(const Case &one, const PlanTarget &target, hfc_attention_kind kind,
                                    bool deterministic = false) {
  const io::Result<Cudnn> &cudnn = Cudnn::load();
  if (!cudnn)
    die(cudnn.error());
  io::Result<std::unique_ptr<AttentionPlan>> made =
      AttentionPlan::build(*cudnn, target, describe(one, kind, deterministic));
  if (made)
    return std::move(*made);
  std::printf("%-16s no kernel: %s\n", one.name, made.error().c_str());
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Planning alone
//===----------------------------------------------------------------------===//

int planAll(const char *file) {
  const io::Result<Cudnn> &cudnn = Cudnn::load();
  if (!cudnn)
    die(cudnn.error());
  std::ifstream stream(file);
  std::string json{std::istreambuf_iterator<char>(stream), {}};
  CudnnCalls calls(*cudnn);
  Descriptor properties(calls, CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, "the device's description");
  properties.setEach(calls, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, json);
  properties.finalize(calls);
  if (calls.hasFailed())
    die(calls.status().error());
  bool isFailed = false;
  for (const Case &one : cases) {
    std::unique_ptr<AttentionPlan> plans[] = {plan(one, {nullptr, &properties}, HFC_ATTENTION_FORWARD),
                                              plan(one, {nullptr, &properties}, HFC_ATTENTION_WITH_STATISTICS),
                                              plan(one, {nullptr, &properties}, HFC_ATTENTION_BACKWARD),
                                              plan(one, {nullptr, &properties}, HFC_ATTENTION_BACKWARD, true)};
    std::printf("%-16s scratch bytes", one.name);
    for (const std::unique_ptr<AttentionPlan> &each : plans) {
      std::printf(" %zu", each ? each->getScratchBytes() : 0);
      isFailed |= !each;
    }
    std::printf("\n");
  }
  return isFailed;
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

/// Memory of the device, filled from the host's.
class Buffer {
public:
  explicit Buffer(size_t bytes) : bytes(bytes) {
    check(cudaMalloc(&address, std::max<size_t>(bytes, 1)));
    check(cudaMemset(address, 0xff, bytes)); // NaNs, so that nothing passes unwritten.
  }
  template <typename T>
  explicit Buffer(const std::vector<T> &values) : Buffer(values.size() * sizeof(T)) {
    check(cudaMemcpy(address, values.data(), bytes, cudaMemcpyHostToDevice));
  }
  Buffer(const Buffer &) = delete;
  ~Buffer() { cudaFree(address); }

  template <typename T>
  std::vector<T> read() const {
    std::vector<T> values(bytes / sizeof(T));
    check(cudaMemcpy(values.data(), address, bytes, cudaMemcpyDeviceToHost));
    return values;
  }

  void *address = nullptr;

private:
  size_t bytes;
};

class Runner {
public:
  Runner() {
    const io::Result<Cudnn> &cudnn = Cudnn::load();
    if (!cudnn)
      die(cudnn.error());
    check(cudaStreamCreate(&stream));
    if (cudnn->create(&target.handle) != CUDNN_STATUS_SUCCESS ||
        cudnn->setStream(target.handle, stream) != CUDNN_STATUS_SUCCESS)
      die("cuDNN cannot be initialized");
  }

  bool run(const Case &one);

private:
  double time(const AttentionPlan &plan, void *const *args, char *scratch);
  void execute(const AttentionPlan &plan, void *const *args, char *scratch) {
    if (io::Status status = plan.execute(target.handle, args, scratch); !status)
      die(status.error());
  }

  PlanTarget target;
  cudaStream_t stream = nullptr;
};

/// Milliseconds of one of several runs in a graph, as programs have it.
double Runner::time(const AttentionPlan &plan, void *const *args, char *scratch) {
  constexpr int runs = 10;
  cudaGraph_t graph;
  cudaGraphExec_t executable;
  check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  for (int run = 0; run < runs; ++run)
    execute(plan, args, scratch);
  check(cudaStreamEndCapture(stream, &graph));
  check(cudaGraphInstantiate(&executable, graph, 0));
  cudaEvent_t events[2];
  for (cudaEvent_t &event : events)
    check(cudaEventCreate(&event));
  std::vector<float> times;
  for (int trial = 0; trial < 7; ++trial) {
    check(cudaEventRecord(events[0], stream));
    check(cudaGraphLaunch(executable, stream));
    check(cudaEventRecord(events[1], stream));
    check(cudaStreamSynchronize(stream));
    times.push_back(0);
    check(cudaEventElapsedTime(&times.back(), events[0], events[1]));
  }
  for (cudaEvent_t event : events)
    cudaEventDestroy(event);
  cudaGraphExecDestroy(executable);
  cudaGraphDestroy(graph);
  std::sort(times.begin(), times.end());
  return times[times.size() / 2] / runs;
}

bool Runner::run(const Case &one) {
  std::unique_ptr<AttentionPlan> forward = plan(one, target, HFC_ATTENTION_WITH_STATISTICS);
  std::unique_ptr<AttentionPlan> plain = plan(one, target, HFC_ATTENTION_FORWARD);
  std::unique_ptr<AttentionPlan> backward = plan(one, target, HFC_ATTENTION_BACKWARD);
  std::unique_ptr<AttentionPlan> repeatable = plan(one, target, HFC_ATTENTION_BACKWARD, true);
  if (!forward || !plain || !backward)
    return false;
  hfc_attention attention = describe(one, HFC_ATTENTION_BACKWARD, false);
  AttentionReference reference(attention);
  const AttentionReference::Inputs &in = reference.inputs;
  Buffer query(in.query), key(in.key), value(in.value), cotangent(in.cotangent);
  size_t queryBytes = in.query.size() * 2, keyBytes = in.key.size() * 2;
  Buffer result(queryBytes), alone(queryBytes), logSum(reference.rows() * sizeof(float));
  Buffer queryGrad(queryBytes), keyGrad(keyBytes), valueGrad(keyBytes);
  size_t bytes = std::max({forward->getScratchBytes(), plain->getScratchBytes(), backward->getScratchBytes(),
                           repeatable ? repeatable->getScratchBytes() : 0});
  Buffer scratch(bytes);
  char *space = static_cast<char *>(scratch.address);

  void *forwardArgs[] = {query.address, key.address, value.address, result.address, logSum.address};
  void *plainArgs[] = {query.address, key.address, value.address, alone.address};
  void *backwardArgs[] = {cotangent.address, query.address,     key.address,     value.address,    result.address,
                          logSum.address,    queryGrad.address, keyGrad.address, valueGrad.address};
  execute(*forward, forwardArgs, space);
  execute(*plain, plainArgs, space);
  execute(*backward, backwardArgs, space);
  check(cudaStreamSynchronize(stream));
  double errors[] = {
      reference.errorOfResult(result.read<uint16_t>()),   reference.errorOfResult(alone.read<uint16_t>()),
      reference.errorOfLogSum(logSum.read<float>()),      reference.errorOfQueryGrad(queryGrad.read<uint16_t>()),
      reference.errorOfKeyGrad(keyGrad.read<uint16_t>()), reference.errorOfValueGrad(valueGrad.read<uint16_t>())};
  double milliseconds[] = {time(*forward, forwardArgs, space), time(*backward, backwardArgs, space)};
  double repeatableTime = 0, repeatableError = 0;
  if (repeatable) {
    execute(*repeatable, backwardArgs, space);
    check(cudaStreamSynchronize(stream));
    repeatableError = reference.errorOfQueryGrad(queryGrad.read<uint16_t>());
    repeatableTime = time(*repeatable, backwardArgs, space);
  }
  double products = 4.0 * static_cast<double>(one.batch * one.queryHeads * one.queries) *
                    static_cast<double>(one.keys * one.depth) * (one.causal ? 0.5 : 1);
  std::printf("%-16s result %.1e %.1e  sums %.1e  dQ %.1e (repeatable %.1e)  dK %.1e  dV %.1e | forward %.3f ms %.0f "
              "TFLOP/s, backward %.3f ms %.0f TFLOP/s, repeatable %.3f ms | scratch %zu\n",
              one.name, errors[0], errors[1], errors[2], errors[3], repeatableError, errors[4], errors[5],
              milliseconds[0], products / milliseconds[0] * 1e-9, milliseconds[1],
              2.5 * products / milliseconds[1] * 1e-9, repeatableTime, backward->getScratchBytes());
  std::fflush(stdout);
  return repeatableError < 1e-2 &&
         std::all_of(std::begin(errors), std::end(errors), [](double error) { return error < 1e-2; });
}

} // namespace

int main(int argc, char **argv) {
  if (argc == 3 && !std::strcmp(argv[1], "--plan"))
    return planAll(argv[2]);
  if (argc != 1) {
    std::fprintf(stderr, "usage: check_attention [--plan DEVICE.json]\n");
    return 2;
  }
  Runner runner;
  bool isRight = true;
  for (const Case &one : cases)
    isRight &= runner.run(one);
  return isRight ? 0 : 1;
}
