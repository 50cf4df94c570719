//===- Graphs.cpp - entries as graphs
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Graphs.h"

#include <cstdio>
#include <cstdlib>

namespace hfc::cuda {

namespace {
/// Libraries prepare what they need in their first calls, which cannot be captured.
constexpr int eagerRuns = 2;

bool readSwitch(const char *variable) {
  const char *text = std::getenv(variable);
  return !text || std::string(text) != "off";
}
} // namespace

Graphs::Graphs(hfc_context &context, size_t count)
    : context(context), entries(count), enabled(readSwitch("HFC_CUDA_GRAPHS")) {}

Graphs::~Graphs() {
  for (Entry &entry : entries)
    if (entry.graph)
      cudaGraphExecDestroy(entry.graph);
}

cudaError_t Graphs::capture(Entry &entry, hfc_entry code, const hfc_frame &frame) {
  cudaStream_t origin = context.streams[0];
  // Of this thread alone: other ranks of this process go on with what they do.
  cudaError_t error = cudaStreamBeginCapture(origin, cudaStreamCaptureModeThreadLocal);
  if (error != cudaSuccess)
    return error;
  std::vector<host::CollectiveCount> before = context.counts;
  error = context.streams.fork();
  code(&frame);
  if (cudaError_t joined = context.streams.join(); error == cudaSuccess)
    error = joined;
  cudaGraph_t graph = nullptr;
  if (cudaError_t ended = cudaStreamEndCapture(origin, &graph); error == cudaSuccess)
    error = ended;
  if (error == cudaSuccess && !context.hasFailed())
    error = cudaGraphInstantiate(&entry.graph, graph, 0);
  if (graph)
    cudaGraphDestroy(graph);
  for (size_t i = 0; i < before.size(); ++i)
    if (int64_t executed = context.counts[i].executed - before[i].executed)
      entry.counts.push_back({i, {executed, context.counts[i].bytes - before[i].bytes}});
  context.counts = std::move(before);
  return error;
}

void Graphs::refuse(Entry &entry, size_t number, const std::string &why) {
  std::fprintf(stderr, "hfc: note: rank %d runs '%s' call by call, since it cannot be captured as a graph: %s\n",
               context.setting.rank, context.setting.program->entries[number].name.c_str(), why.c_str());
  entry.refused = true;
  entry.counts.clear();
  context.failure = {};
  // The error that the capture left behind.
  (void)cudaGetLastError();
}

void Graphs::queue(size_t number, hfc_entry code, const hfc_frame &frame) {
  Entry &entry = entries[number];
  bool isDue = enabled && !entry.refused && !entry.graph && entry.runs++ >= eagerRuns;
  if (isDue) {
    cudaError_t error = capture(entry, code, frame);
    if (context.hasFailed() || error != cudaSuccess)
      refuse(entry, number, context.hasFailed() ? context.failure.message : cudaGetErrorString(error));
  }
  if (!entry.graph)
    return code(&frame);
  for (auto [collective, count] : entry.counts) {
    context.counts[collective].executed += count.executed;
    context.counts[collective].bytes += count.bytes;
  }
  context.check(cudaGraphLaunch(entry.graph, context.streams[0]), "launching an entry's graph");
}

} // namespace hfc::cuda
