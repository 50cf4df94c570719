//===- TrainingState.cpp - the state of a run, as checkpoints hold it
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TrainingState.h"

namespace hfc::run {

namespace {
constexpr const char *roles[] = {"moment1", "moment2", "master"};

/// Counts optimizer steps, on every rank: AdamW's correction of its moments, and dropout, depend on it.
constexpr const char *stepState = "step";
} // namespace

std::vector<io::OwnedTensor> assemble(const io::ProgramInfo &program, const io::ProgramInfo &whole,
                                      std::vector<WholeValue> values) {
  std::vector<io::ParameterValue> list;
  for (const WholeValue &value : values)
    list.push_back({&whole.parameters[value.parameter - program.parameters.data()], value.dtype, nullptr});
  io::StateDictAssembler assembler = orThrow(io::StateDictAssembler::create(list));
  std::vector<io::OwnedTensor> tensors;
  for (size_t number = 0; number < values.size(); ++number) {
    assembler.add(number, values[number].data.data());
    values[number] = {};
    while (std::optional<io::OwnedTensor> tensor = assembler.takeNext())
      tensors.push_back(std::move(*tensor));
  }
  return tensors;
}

namespace {
/// Writes a checkpoint while ranks bring together what they have, one parameter after the other.
class CheckpointWriter {
public:
  CheckpointWriter(const Session &session, const train::Progress &progress)
      : CheckpointWriter(session.info, assemblerOf(session), session.options.save, progress) {}

  void addParameter(size_t number, const WholeValue &value) {
    assembler.add(number, value.data.data());
    while (std::optional<io::OwnedTensor> tensor = assembler.takeNext())
      orThrow(writer.addParameter(tensor->data.data()));
  }
  void addState(const WholeValue &value) { orThrow(writer.addOptimizer(value.data.data())); }
  void commit() { orThrow(writer.commit()); }

private:
  CheckpointWriter(const io::ProgramInfo &program, io::StateDictAssembler made, const std::string &path,
                   const train::Progress &progress)
      : assembler(std::move(made)),
        writer(orThrow(train::RunWriter::create(path, progress, modelOf(assembler), statesOf(program)))) {}

  /// Checkpoints are read by the checkpoint's names, not by state_dict()'s.
  static io::StateDictAssembler assemblerOf(const Session &session) {
    io::ProgramInfo whole = session.whole;
    std::vector<io::ParameterValue> values;
    for (io::ParameterInfo &parameter : whole.parameters) {
      parameter.stateDict.clear();
      values.push_back({&parameter, parameter.dtype, nullptr});
    }
    return orThrow(io::StateDictAssembler::create(values));
  }

  static std::vector<io::TensorToWrite> modelOf(const io::StateDictAssembler &assembler) {
    std::vector<io::TensorToWrite> tensors;
    for (const io::TensorInfo &info : assembler.tensors())
      tensors.push_back({info.name, info.dtype, info.shape, nullptr});
    return tensors;
  }

  static std::vector<io::TensorToWrite> statesOf(const io::ProgramInfo &program) {
    std::vector<io::TensorToWrite> tensors;
    for (const io::ParameterInfo &parameter : program.parameters)
      for (const char *role : roles)
        if (std::optional<hfc_dtype> dtype = typeOfState(program, parameter, role))
          tensors.push_back({std::string(role) + "." + parameter.name, *dtype, parameter.wholeShape(), nullptr});
    return tensors;
  }

  io::StateDictAssembler assembler;
  train::RunWriter writer;
};
} // namespace

void saveState(const Session &session, const Rank &rank, const train::Progress &progress) {
  std::optional<CheckpointWriter> writer;
  if (rank.leads())
    writer.emplace(session, progress);
  for (size_t number = 0; number < session.info.parameters.size(); ++number) {
    const io::ParameterInfo &parameter = session.info.parameters[number];
    if (std::optional<WholeValue> value = gatherParameter(rank, session.info, parameter); writer)
      writer->addParameter(number, *value);
    for (const char *role : roles)
      if (std::optional<WholeValue> state = gatherState(rank, session.info, parameter, role); state && writer)
        writer->addState(*state);
  }
  if (writer)
    writer->commit();
}

void restoreState(const Session &session, const Rank &rank, const train::SavedRun &run) {
  for (const io::ParameterInfo &parameter : session.info.parameters)
    for (const char *role : roles)
      scatterState(rank, session.info, parameter, role, run.optimizer);
  if (void *step = rank.state(stepState)) {
    int32_t steps = int32_t(run.progress.step);
    rank.write(step, &steps, sizeof steps);
  }
}

} // namespace hfc::run
