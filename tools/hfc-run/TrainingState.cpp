//===- TrainingState.cpp - the state of a run, as checkpoints hold it
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TrainingState.h"

#include <cstring>

namespace hfc::run {

namespace {
constexpr const char *roles[] = {"moment1", "moment2", "master"};

/// Counts optimizer steps, on every rank: AdamW's correction of its moments, and dropout, depend on it.
constexpr const char *stepState = "step";
} // namespace

std::vector<io::OwnedTensor> assemble(const io::ProgramInfo &program, const io::ProgramInfo &whole,
                                      const std::vector<WholeValue> &values) {
  std::vector<io::ParameterValue> list;
  for (const WholeValue &value : values)
    list.push_back({&whole.parameters[value.parameter - program.parameters.data()], value.dtype, value.data.data()});
  return orThrow(io::assembleStateDict(list));
}

void saveState(const Session &session, const Rank &rank, const train::Progress &progress) {
  std::vector<WholeValue> parameters;
  std::vector<std::pair<std::string, WholeValue>> optimizer;
  for (const io::ParameterInfo &parameter : session.info.parameters) {
    parameters.push_back(std::move(*gatherParameter(rank, session.info, parameter)));
    for (const char *role : roles)
      if (std::optional<WholeValue> state = gatherState(rank, session.info, parameter, role))
        optimizer.emplace_back(std::string(role) + "." + parameter.name, std::move(*state));
  }
  if (!rank.leads())
    return;
  // Checkpoints are read by the checkpoint's names, not by state_dict()'s.
  io::ProgramInfo whole = session.whole;
  for (io::ParameterInfo &parameter : whole.parameters)
    parameter.stateDict.clear();
  std::vector<io::OwnedTensor> owned = assemble(session.info, whole, parameters);
  std::vector<io::TensorToWrite> model, states;
  for (const io::OwnedTensor &tensor : owned)
    model.push_back({tensor.info.name, tensor.info.dtype, tensor.info.shape, tensor.data.data()});
  for (const auto &[name, value] : optimizer)
    states.push_back({name, value.dtype, value.parameter->wholeShape(), value.data.data()});
  orThrow(train::saveRun(session.options.save, progress, model, states));
}

void restoreState(const Session &session, const Rank &rank, const train::SavedRun &run) {
  for (const io::ParameterInfo &parameter : session.info.parameters)
    for (const char *role : roles)
      scatterState(rank, session.info, parameter, role, run.optimizer);
  if (void *step = rank.state(stepState)) {
    int32_t steps = int32_t(run.progress.step);
    std::memcpy(step, &steps, sizeof steps);
  }
}

} // namespace hfc::run
