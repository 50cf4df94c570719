//===- AttentionPlan.cpp - an attention that cuDNN has made a kernel for
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionPlan.h"

using namespace hfc;
using namespace hfc::cuda;

/// The engines that say they can, the best first.
static std::vector<Descriptor> findEngines(CudnnCalls &calls, const PlanTarget &target, const Descriptor &operations) {
  Descriptor heuristics(calls, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, "the choice of an engine");
  heuristics.set(calls, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, operations);
  heuristics.set(calls, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, CUDNN_HEUR_MODE_A);
  if (target.properties)
    heuristics.set(calls, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, *target.properties);
  heuristics.finalize(calls);
  constexpr int64_t most = 8;
  std::vector<Descriptor> engines;
  std::vector<cudnnBackendDescriptor_t> raw;
  for (int64_t number = 0; number < most; ++number) {
    engines.emplace_back(calls, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, "an engine");
    raw.push_back(engines.back().get());
  }
  int64_t count = 0;
  if (!calls.hasFailed())
    calls.check(calls.cudnn.getAttribute(heuristics.get(), CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                                         most, &count, raw.data()),
                "the choice of an engine");
  engines.resize(static_cast<size_t>(calls.hasFailed() ? 0 : count));
  return engines;
}

io::Status AttentionPlan::choose(const PlanTarget &target) {
  operations = graph.graph.finish(target.handle);
  std::vector<Descriptor> engines = findEngines(calls, target, operations);
  if (calls.hasFailed())
    return calls.status();
  io::Status status = io::Failure{"cuDNN has no engine for this attention"};
  for (Descriptor &engine : engines) {
    // One that fails leaves the next its chance.
    CudnnCalls attempt(calls.cudnn);
    Descriptor made(attempt, CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, "a plan");
    if (target.handle)
      made.set(attempt, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, target.handle);
    if (target.properties)
      made.set(attempt, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, *target.properties);
    made.set(attempt, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, engine);
    made.finalize(attempt);
    int64_t bytes = 0, count = 0;
    if (!attempt.hasFailed())
      attempt.check(calls.cudnn.getAttribute(made.get(), CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1,
                                             &count, &bytes),
                    "a plan's scratch memory");
    status = attempt.status();
    if (!status)
      continue;
    chosen = std::move(engine);
    plan = std::move(made);
    planScratch = static_cast<size_t>(bytes);
    return status;
  }
  return status;
}

io::Result<std::unique_ptr<AttentionPlan>> AttentionPlan::build(const Cudnn &cudnn, const PlanTarget &target,
                                                                const hfc_attention &attention) {
  if (attention.dtype != HFC_BFLOAT16)
    return io::Failure{"cuDNN is given attention in bfloat16 only"};
  std::unique_ptr<AttentionPlan> plan(new AttentionPlan(cudnn, attention));
  if (io::Status status = plan->choose(target); !status)
    return io::Failure{status.error()};
  return plan;
}

io::Status AttentionPlan::execute(cudnnHandle_t handle, void *const *args, char *scratch) const {
  CudnnCalls run(calls.cudnn);
  std::vector<int64_t> ids;
  std::vector<void *> addresses;
  for (const AttentionBinding &binding : graph.bindings) {
    ids.push_back(binding.id);
    switch (binding.source) {
    case AttentionBinding::Source::argument:
      addresses.push_back(args[binding.place]);
      break;
    case AttentionBinding::Source::scratch:
      addresses.push_back(scratch + binding.place);
      break;
    case AttentionBinding::Source::value:
      addresses.push_back(const_cast<float *>(&binding.number));
      break;
    }
  }
  void *own = scratch + graph.scratch;
  Descriptor pack(run, CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, "the addresses of an attention");
  pack.setEach(run, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, addresses);
  pack.setEach(run, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, ids);
  pack.set(run, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, own);
  pack.finalize(run);
  if (!run.hasFailed())
    run.check(calls.cudnn.execute(handle, plan.get(), pack.get()), "an attention");
  return run.status();
}
