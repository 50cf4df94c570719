//===- Graphs.cpp - entries as graphs
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Graphs.h"

#include "Switches.h"

#include <cstdio>

namespace hfc::cuda {

Graphs::Graphs(hfc_context &context, size_t count)
    : context(context), entries(count), enabled(readSwitch("HFC_CUDA_GRAPHS")) {}

Graphs::~Graphs() {
  for (Entry &entry : entries)
    for (Variant &variant : entry.variants)
      if (variant.graph)
        cudaGraphExecDestroy(variant.graph);
}

cudaError_t Graphs::capture(Variant &variant, hfc_entry code, const hfc_frame &frame) {
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
    // Of streams' priorities nothing is left otherwise.
    error = cudaGraphInstantiate(&variant.graph, graph, cudaGraphInstantiateFlagUseNodePriority);
  if (graph)
    cudaGraphDestroy(graph);
  for (size_t i = 0; i < before.size(); ++i)
    if (int64_t executed = context.counts[i].executed - before[i].executed)
      variant.counts.push_back({i, {executed, context.counts[i].bytes - before[i].bytes}});
  context.counts = std::move(before);
  return error;
}

void Graphs::refuse(Entry &entry, size_t number, const std::string &why) {
  std::fprintf(stderr, "hfc: note: rank %d runs '%s' call by call, since it cannot be captured as a graph: %s\n",
               context.setting.rank, context.setting.program->entries[number].name.c_str(), why.c_str());
  entry.refused = true;
  context.failure = {};
  // The error that the capture left behind.
  (void)cudaGetLastError();
}

Graphs::Variant *Graphs::current(Entry &entry) {
  AttentionMasks::Reader reader = Attention::readerOn(context.streams[0]);
  for (Variant &variant : entry.variants) {
    io::Result<bool> agrees = context.attention.masks.agree(variant.answers, reader);
    if (!agrees)
      context.keep({internalError, agrees.error()});
    else if (*agrees)
      return &variant;
  }
  return nullptr;
}

void Graphs::launch(Variant &variant) {
  for (auto [collective, count] : variant.counts) {
    context.counts[collective].executed += count.executed;
    context.counts[collective].bytes += count.bytes;
  }
  context.check(cudaGraphLaunch(variant.graph, context.streams[0]), "launching an entry's graph");
}

/// Call by call, and noting what masks decided.
void Graphs::runEagerly(Entry &entry, Variant *variant, hfc_entry code, const hfc_frame &frame) {
  AttentionMasks &masks = context.attention.masks;
  (void)masks.takeAnswers();
  code(&frame);
  if (context.hasFailed())
    return;
  if (!variant) {
    entry.variants.emplace_back();
    variant = &entry.variants.back();
    variant->answers = masks.takeAnswers();
  }
  ++variant->runs;
}

void Graphs::queue(size_t number, hfc_entry code, const hfc_frame &frame) {
  Entry &entry = entries[number];
  if (!enabled || entry.refused)
    return code(&frame);
  Variant *variant = current(entry);
  if (context.hasFailed())
    return;
  if (variant && !variant->graph && variant->runs >= eagerRuns) {
    cudaError_t error = capture(*variant, code, frame);
    if (context.hasFailed() || error != cudaSuccess) {
      refuse(entry, number, context.hasFailed() ? context.failure.message : cudaGetErrorString(error));
      return code(&frame);
    }
  }
  if (variant && variant->graph)
    launch(*variant);
  else
    runEagerly(entry, variant, code, frame);
}

} // namespace hfc::cuda
