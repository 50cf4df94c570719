//===- Train.cpp - steps of a training program
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Train.h"

#include "Print.h"
#include "Program.h"
#include "Values.h"

#include "hfc/Interpreter/FlatBucket.h"
#include "hfc/Runtime/IO/MicroBatches.h"

using namespace hfc;
using namespace hfc::interpreter;

//===----------------------------------------------------------------------===//
// One step
//===----------------------------------------------------------------------===//

/// Before differentiating there is no last micro-step of its own.
llvm::Expected<const io::EntryInfo *> Trainer::stepEntry(const io::ProgramInfo &info) {
  for (const char *name : {"last_micro_step", "micro_step"})
    if (const io::EntryInfo *entry = info.findEntry(name))
      return entry;
  return llvm::createStringError("a training program has an entry 'last_micro_step' or 'micro_step'; this has neither");
}

static Tensor convertTo(const Domain &domain, Element element, const Tensor &value) {
  Tensor converted(element, value.getShape());
  domain.convert(value.getElement(), element, value.words(), converted.mutableWords());
  return converted;
}

llvm::Error Trainer::initializeBucket(const io::StateInfo &state) {
  llvm::Expected<FlatBucket> bucket = FlatBucket::of(module, state.name);
  if (!bucket)
    return bucket.takeError();
  TensorMap values;
  for (const FlatBucket::Member &member : bucket->members()) {
    llvm::Expected<Tensor> value = interpreter.parameter(member.port.name);
    if (!value)
      return value.takeError();
    values[member.port.name] = convertTo(interpreter.domain(), elementOf(state.dtype), *value);
  }
  llvm::Expected<Tensor> flat = bucket->pack(elementOf(state.dtype), values);
  if (!flat)
    return flat.takeError();
  interpreter.setState(state.name, *flat);
  return llvm::Error::success();
}

llvm::Error Trainer::initializeStates() {
  for (const io::StateInfo &state : info.states) {
    if (state.isWholeBucket())
      continue;
    if (!state.ofBucket.empty() && state.role == "master") {
      if (llvm::Error error = initializeBucket(state))
        return error;
      continue;
    }
    if (state.initial.empty())
      continue;
    llvm::Expected<Tensor> value = interpreter.parameter(state.initial);
    if (!value)
      return value.takeError();
    interpreter.setState(state.name, convertTo(interpreter.domain(), elementOf(state.dtype), *value));
  }
  return llvm::Error::success();
}

llvm::Error Trainer::begin() {
  const io::EntryInfo *entry = info.findEntry("begin_step");
  if (!entry)
    return llvm::createStringError("a training program has an entry 'begin_step'; this has none");
  TensorMap values;
  for (const io::BindingInfo &binding : entry->inputs) {
    auto found = inputs.find(binding.name);
    if (found == inputs.end() || static_cast<int64_t>(found->second.size()) != binding.bytes())
      return llvm::createStringError("'begin_step' takes '" + binding.name + "' " + io::shapeToString(binding.shape) +
                                     ", which is no input of the whole batch");
    values[binding.name] = tensorOf(interpreter.domain(), binding, found->second.data());
  }
  llvm::Expected<TensorMap> results = interpreter.run(entry->name, values);
  return results ? llvm::Error::success() : results.takeError();
}

llvm::Error Trainer::runMicroBatch(const io::EntryInfo &entry, int64_t number) {
  TensorMap values;
  for (const io::BindingInfo &binding : entry.inputs) {
    std::vector<char> part(binding.bytes());
    io::takeMicroBatch(info, binding, number, inputs.at(binding.name).data(), part.data());
    values[binding.name] = tensorOf(interpreter.domain(), binding, part.data());
  }
  llvm::Expected<TensorMap> results = interpreter.run(entry.name, values);
  if (!results)
    return results.takeError();
  for (auto [binding, output] : llvm::zip(entry.outputs, outputs)) {
    std::vector<char> part = bytesOf(interpreter.domain(), results->at(binding.name));
    io::putMicroBatch(info, binding, number, part.data(), output.data.data());
  }
  return llvm::Error::success();
}

llvm::Error Trainer::accumulate() {
  llvm::Expected<const io::EntryInfo *> last = stepEntry(info);
  if (!last)
    return last.takeError();
  outputs.clear();
  for (const io::BindingInfo &output : io::wholeBatch(info, **last).outputs)
    outputs.push_back({output, std::vector<char>(output.bytes())});
  if (llvm::Error error = begin())
    return error;
  const io::EntryInfo *earlier = info.findEntry("micro_step");
  if (info.microBatches > 1 && !earlier)
    return llvm::createStringError("a training program of several micro-batches has an entry 'micro_step'");
  for (int64_t number = 0; number < info.microBatches; ++number)
    if (llvm::Error error = runMicroBatch(number + 1 < info.microBatches ? *earlier : **last, number))
      return error;
  return llvm::Error::success();
}

llvm::Error Trainer::update(const OptimizerOptions &options) {
  const io::EntryInfo *entry = info.findEntry("optimizer_step");
  if (!entry)
    return llvm::createStringError("--steps: the program has no entry 'optimizer_step' at this stage");
  const std::map<StringRef, double> rates{{"lr", options.rate},     {"beta1", options.beta1},
                                          {"beta2", options.beta2}, {"eps", options.epsilon},
                                          {"clip", options.clip},   {"weight_decay", options.weightDecay}};
  TensorMap values;
  for (const io::BindingInfo &binding : entry->inputs) {
    auto found = rates.find(binding.name);
    if (found == rates.end() || binding.elements() != 1)
      return llvm::createStringError("'optimizer_step' takes '" + binding.name + "', which is no option of AdamW");
    Tensor value(elementOf(binding.dtype), ArrayRef<int64_t>(binding.shape));
    value.mutableWords()[0] = interpreter.domain().fromReal(found->second, value.getElement());
    values[binding.name] = value;
  }
  llvm::Expected<TensorMap> results = interpreter.run(entry->name, values);
  if (!results)
    return results.takeError();
  for (const io::BindingInfo &output : entry->outputs)
    outputs.push_back(ownedOf(interpreter.domain(), output, results->at(output.name)));
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// What comes out
//===----------------------------------------------------------------------===//

static const io::ParameterInfo *findParameter(const io::ProgramInfo &info, StringRef name) {
  for (const io::ParameterInfo &parameter : info.parameters)
    if (name == parameter.name)
      return &parameter;
  return nullptr;
}

llvm::Expected<std::vector<io::OwnedTensor>>
Trainer::assemble(ArrayRef<std::pair<const io::ParameterInfo *, io::OwnedTensor>> values, StringRef prefix) {
  std::vector<io::ParameterValue> views;
  for (const auto &[parameter, value] : values)
    views.push_back({parameter, value.info.dtype, value.data.data()});
  llvm::Expected<std::vector<io::OwnedTensor>> tensors = expected(io::assembleStateDict(views));
  if (tensors)
    for (io::OwnedTensor &tensor : *tensors)
      tensor.info.name = prefix.str() + tensor.info.name;
  return tensors;
}

llvm::Error Trainer::forEachGradient(llvm::function_ref<void(const io::ParameterInfo &, Tensor)> take) const {
  for (const io::StateInfo &state : info.states) {
    if (state.role != "gradient" || state.isWholeBucket())
      continue;
    llvm::Expected<Tensor> value = interpreter.state(state.name);
    if (!value)
      return value.takeError();
    if (state.ofBucket.empty()) {
      if (const io::ParameterInfo *parameter = findParameter(info, state.of))
        take(*parameter, std::move(*value));
      continue;
    }
    llvm::Expected<FlatBucket> bucket = FlatBucket::of(module, state.name);
    if (!bucket)
      return bucket.takeError();
    for (const FlatBucket::Member &member : bucket->members()) {
      llvm::Expected<Tensor> part = bucket->unpack(interpreter.domain(), member, *value);
      if (!part)
        return part.takeError();
      if (const io::ParameterInfo *parameter = findParameter(info, member.port.name))
        take(*parameter, std::move(*part));
    }
  }
  return llvm::Error::success();
}

llvm::Expected<std::vector<io::OwnedTensor>> Trainer::results() {
  std::vector<io::OwnedTensor> all;
  if (const io::StateInfo *state = info.findState("loss")) {
    llvm::Expected<Tensor> loss = interpreter.state("loss");
    if (!loss)
      return loss.takeError();
    io::TensorInfo row = *state;
    row.shape = {1};
    all.push_back(ownedOf(interpreter.domain(), row, *loss));
  }
  std::vector<std::pair<const io::ParameterInfo *, io::OwnedTensor>> gradients;
  llvm::Error error = forEachGradient([&](const io::ParameterInfo &parameter, Tensor value) {
    io::TensorInfo row = parameter;
    row.dtype = *dtypeOf(value.getElement());
    gradients.push_back({&parameter, ownedOf(interpreter.domain(), row, value)});
  });
  if (error)
    return error;
  llvm::append_range(all, outputs);
  llvm::Expected<std::vector<io::OwnedTensor>> assembled = assemble(gradients, "grad.");
  if (!assembled)
    return assembled.takeError();
  llvm::append_range(all, std::move(*assembled));
  return all;
}

llvm::Expected<std::vector<io::OwnedTensor>> Trainer::parameters() {
  std::vector<std::pair<const io::ParameterInfo *, io::OwnedTensor>> values;
  for (const io::ParameterInfo &parameter : info.parameters) {
    llvm::Expected<Tensor> value = interpreter.parameter(parameter.name);
    if (!value)
      return value.takeError();
    values.push_back({&parameter, ownedOf(interpreter.domain(), parameter, *value)});
  }
  return assemble(values, "");
}

llvm::Expected<Status> Session::train() {
  llvm::Expected<const io::EntryInfo *> entry = Trainer::stepEntry(info);
  if (!entry)
    return entry.takeError();
  llvm::Expected<Buffers> buffers = readInputs(io::wholeBatch(info, **entry));
  if (!buffers)
    return buffers.takeError();
  if (llvm::Error error = bindParameters())
    return error;
  Trainer trainer(module, *interpreter, info, std::move(*buffers));
  isRunning = true;
  if (llvm::Error error = trainer.initializeStates())
    return error;
  if (llvm::Error error = trainer.accumulate())
    return error;
  for (int64_t step = 1, steps = options.optimizer.steps.value_or(0); step <= steps; ++step) {
    if (llvm::Error error = trainer.update(options.optimizer))
      return error;
    if (step == steps)
      break;
    if (llvm::Error error = trainer.accumulate())
      return error;
  }
  llvm::Expected<std::vector<io::OwnedTensor>> results = trainer.results();
  if (!results)
    return results.takeError();
  std::vector<io::OwnedTensor> trained;
  if (options.optimizer.steps || saved) {
    llvm::Expected<std::vector<io::OwnedTensor>> parameters = trainer.parameters();
    if (!parameters)
      return parameters.takeError();
    trained = std::move(*parameters);
  }
  isRunning = false;
  if (options.print)
    for (ArrayRef<io::OwnedTensor> tensors : {ArrayRef(*results), ArrayRef(trained)})
      for (const io::OwnedTensor &each : tensors)
        printTensor(llvm::outs(), interpreter->domain(), each.info.name,
                    tensorOf(interpreter->domain(), each.info, each.data.data()));
  return report(*results, trained);
}
