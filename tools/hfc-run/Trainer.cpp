//===- Trainer.cpp - steps of a training program
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Trainer.h"

#include "hfc/Runtime/IO/MicroBatches.h"

#include <cmath>
#include <limits>

namespace hfc::run {

namespace {
constexpr const char *beginStep = "begin_step", *microStep = "micro_step", *lastMicroStep = "last_micro_step",
                     *optimizerStep = "optimizer_step";

std::optional<double> readScalar(const Rank &rank, const void *address, hfc_dtype dtype) {
  if (!address)
    return std::nullopt;
  std::vector<char> buffer;
  return io::loadElement(rank.view(address, io::sizeOf(dtype), buffer), dtype, 0);
}
} // namespace

Hyperparameters Hyperparameters::from(const Options &options) {
  Hyperparameters numbers;
  numbers.lr = options.lr.value_or(numbers.lr);
  numbers.beta1 = options.beta1.value_or(numbers.beta1);
  numbers.beta2 = options.beta2.value_or(numbers.beta2);
  numbers.eps = options.eps.value_or(numbers.eps);
  numbers.weightDecay = options.weightDecay.value_or(numbers.weightDecay);
  numbers.clip = options.clip.value_or(std::numeric_limits<double>::infinity());
  return numbers;
}

Trainer::Trainer(const io::ProgramInfo &program) : program(program) {
  for (const char *name : {beginStep, lastMicroStep, optimizerStep})
    entry(name);
  if (program.microBatches > 1)
    entry(microStep);
}

const io::EntryInfo &Trainer::entry(const char *name) const {
  if (const io::EntryInfo *found = program.findEntry(name))
    return *found;
  throw Error(std::string("the program has no entry '") + name + "', which training needs; compile it again");
}

io::EntryInfo Trainer::batchEntry(const io::ProgramInfo &whole) const {
  return io::wholeBatch(whole, *whole.findEntry(lastMicroStep));
}

void Trainer::accumulate(const Rank &rank, const WholeInputs &batch, Results *results) const {
  batch.give(program, entry(beginStep), 0, rank);
  rank.run(beginStep);
  std::map<std::string, std::vector<char>> outputs;
  for (int64_t micro = 0; micro < program.microBatches; ++micro) {
    const io::EntryInfo &step = entry(micro + 1 == program.microBatches ? lastMicroStep : microStep);
    batch.give(program, step, micro, rank);
    rank.run(step.name);
    if (results)
      putOutputs(rank, step, micro, outputs);
  }
  if (!results || !rank.leads())
    return;
  for (const io::BindingInfo &output : entry(lastMicroStep).outputs) {
    io::TensorInfo info = wholeTensor(output);
    if (std::optional<size_t> dim = io::batchDim(program, info))
      info.shape[*dim] *= program.microBatches;
    results->add(std::move(info), std::move(outputs.at(output.name)));
  }
}

void Trainer::putOutputs(const Rank &rank, const io::EntryInfo &step, int64_t micro,
                         std::map<std::string, std::vector<char>> &outputs) const {
  for (const io::BindingInfo &output : step.outputs) {
    io::TensorInfo part = wholeTensor(output);
    std::vector<char> values(rank.leads() ? part.bytes() : 0);
    gatherTensor(rank, program.mesh, output, rank.output(step.name, output.name), values.data());
    if (!rank.leads())
      continue;
    std::vector<char> &whole = outputs[output.name];
    whole.resize(part.bytes() * (io::batchDim(program, part) ? program.microBatches : 1));
    io::putMicroBatch(program, part, micro, values.data(), whole.data());
  }
}

void Trainer::update(const Rank &rank, const Hyperparameters &numbers) const {
  const std::pair<const char *, double> scalars[] = {{"lr", numbers.lr},
                                                     {"beta1", numbers.beta1},
                                                     {"beta2", numbers.beta2},
                                                     {"eps", numbers.eps},
                                                     {"weight_decay", numbers.weightDecay},
                                                     {"clip", numbers.clip}};
  for (auto [name, value] : scalars)
    if (void *target = rank.input(optimizerStep, name)) {
      float number = float(value);
      rank.write(target, &number, sizeof number);
    }
  rank.run(optimizerStep);
}

std::optional<double> Trainer::loss(const Rank &rank) const {
  const io::StateInfo *state = program.findState("loss");
  return readScalar(rank, state ? rank.state(state->name) : nullptr, state ? state->dtype : HFC_FLOAT32);
}

std::optional<double> Trainer::gradientNorm(const Rank &rank) const {
  return readScalar(rank, rank.output(optimizerStep, "grad_norm"), HFC_FLOAT32);
}

} // namespace hfc::run
