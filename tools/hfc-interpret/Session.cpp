//===- Session.cpp - runs an entry on the user's files
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Session.h"

#include "Print.h"
#include "Values.h"

#include "hfc/Runtime/IO/Compare.h"
#include "hfc/Runtime/IO/Weights.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace hfc;
using namespace hfc::interpreter;

//===----------------------------------------------------------------------===//
// Opening
//===----------------------------------------------------------------------===//

llvm::Error hfc::adoptShapes(InterpretOptions &options) {
  if (options.generates())
    options.import.task = Task::generate;
  if (!options.promptIds.empty()) {
    llvm::Expected<std::vector<Tokens>> prompts = parsePrompts(options.promptIds);
    if (!prompts)
      return prompts.takeError();
    size_t longest = 0;
    for (const Tokens &prompt : *prompts)
      longest = std::max(longest, prompt.size());
    options.import.batch = options.import.batch.value_or(prompts->size());
    options.import.sequence = options.import.sequence.value_or(longest + options.newTokens.value_or(16));
    return llvm::Error::success();
  }
  if (options.inputs.empty() || randomSeed(options.inputs))
    return llvm::Error::success();
  llvm::Expected<io::SafeTensors> file = expected(io::SafeTensors::open(options.inputs));
  if (!file)
    return file.takeError();
  const io::TensorView *prompt = options.generates() ? file->find("generate.prompt") : nullptr;
  for (StringRef name : {"input_ids", "inputs_embeds", "pixel_values"}) {
    const io::TensorView *tensor = prompt ? prompt : file->find(name.str());
    if (!tensor || tensor->shape.empty())
      continue;
    if (!options.import.batch)
      options.import.batch = tensor->shape[0];
    if (!options.import.sequence && tensor->shape.size() < 4 && tensor->shape.size() > 1)
      options.import.sequence = tensor->shape[1] + (options.generates() ? options.newTokens.value_or(16) : 0);
    if (!options.import.inputs && name == "inputs_embeds" && !prompt)
      options.import.inputs = InputKind::inputsEmbeds;
    break;
  }
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<Session>> Session::open(ModuleOp module, const InterpretOptions &options) {
  std::unique_ptr<Session> session(new Session(module, options));
  llvm::Expected<std::unique_ptr<Interpreter>> interpreter = Interpreter::create(module, options.execution);
  if (!interpreter)
    return interpreter.takeError();
  session->interpreter = std::move(*interpreter);
  llvm::Expected<io::ProgramInfo> info = programOf(module, *session->interpreter, options.entry);
  if (!info)
    return info.takeError();
  session->info = std::move(*info);
  if (llvm::Error error = session->openFiles())
    return error;
  return session;
}

llvm::Error Session::openFiles() {
  auto open = [](const std::string &path, std::optional<io::SafeTensors> &file) -> llvm::Error {
    if (path.empty() || randomSeed(path))
      return llvm::Error::success();
    llvm::Expected<io::SafeTensors> opened = expected(io::SafeTensors::open(path));
    if (!opened)
      return opened.takeError();
    file = std::move(*opened);
    return llvm::Error::success();
  };
  if (llvm::Error error = open(options.inputs, inputs))
    return error;
  if (llvm::Error error = open(options.check, check))
    return error;
  for (auto [path, file] : {std::pair(&options.outputs, &outputs), std::pair(&options.save, &saved)}) {
    if (path->empty())
      continue;
    llvm::Expected<std::unique_ptr<io::OutputFile>> created = expected(io::OutputFile::create(*path));
    if (!created)
      return created.takeError();
    *file = std::move(*created);
  }
  return llvm::Error::success();
}

llvm::Error Session::bindParameters() {
  if (info.parameters.empty())
    return llvm::Error::success();
  if (options.weights.empty())
    return llvm::createStringError("the program has " + std::to_string(info.parameters.size()) +
                                   " parameters: give --weights=DIR, a safetensors file, or random:SEED");
  std::optional<uint64_t> seed = randomSeed(options.weights);
  llvm::Expected<io::Weights> weights =
      expected(seed ? io::Weights::random(info, *seed) : io::Weights::load(info, options.weights));
  if (!weights)
    return weights.takeError();
  for (auto [parameter, data] : llvm::zip(info.parameters, weights->data()))
    interpreter->setParameter(parameter.name, tensorOf(interpreter->domain(), parameter, data));
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Forward
//===----------------------------------------------------------------------===//

llvm::Expected<const io::EntryInfo *> Session::findEntry() const {
  std::string name = options.entry;
  if (name.empty())
    name = info.entries.size() == 1 ? info.entries[0].name : "forward";
  if (const io::EntryInfo *entry = info.findEntry(name))
    return entry;
  std::string names;
  for (const io::EntryInfo &entry : info.entries)
    names += (names.empty() ? "" : ", ") + entry.name;
  return llvm::createStringError(options.entry.empty() ? "name one of the module's entries with --entry: " + names
                                                       : "there is no entry @" + name + "; there are " + names);
}

llvm::Expected<Buffers> Session::readInputs(const io::EntryInfo &entry) const {
  Buffers buffers;
  for (const io::BindingInfo &binding : entry.inputs) {
    if (binding.dtype != HFC_FLOAT32 && binding.dtype != HFC_BFLOAT16 && binding.dtype != HFC_INT32)
      return llvm::createStringError("input '" + binding.name + "' is of " + std::string(io::nameOf(binding.dtype)) +
                                     "; inputs are of float32, bfloat16 or int32");
    buffers[binding.name].resize(binding.bytes());
  }
  auto buffer = [&](const io::BindingInfo &binding) -> void * { return buffers[binding.name].data(); };
  std::vector<std::string> ignored;
  if (std::optional<uint64_t> seed = randomSeed(options.inputs))
    io::randomInputs(entry, *seed, buffer);
  else if (llvm::Error error = errorOf(io::readInputs(info, entry, inputs ? &*inputs : nullptr, buffer, &ignored)))
    return error;
  for (const std::string &name : ignored)
    llvm::errs() << "hfc-interpret: note: '" << name << "' in '" << inputs->path()
                 << "' means nothing to this program and is ignored\n";
  return buffers;
}

llvm::Expected<Status> Session::forward() {
  llvm::Expected<const io::EntryInfo *> entry = findEntry();
  if (!entry)
    return entry.takeError();
  llvm::Expected<Buffers> buffers = readInputs(**entry);
  if (!buffers)
    return buffers.takeError();
  if (llvm::Error error = bindParameters())
    return error;
  TensorMap values;
  for (const io::BindingInfo &binding : (*entry)->inputs)
    values[binding.name] = tensorOf(interpreter->domain(), binding, buffers->at(binding.name).data());
  isRunning = true;
  llvm::Expected<TensorMap> results = interpreter->run((*entry)->name, values);
  if (!results)
    return results.takeError();
  isRunning = false;
  std::vector<io::OwnedTensor> owned;
  for (const io::BindingInfo &output : (*entry)->outputs) {
    const Tensor &result = results->at(output.name);
    owned.push_back(ownedOf(interpreter->domain(), output, result));
    if (options.print)
      printTensor(llvm::outs(), interpreter->domain(), output.name, result);
  }
  return report(owned);
}

//===----------------------------------------------------------------------===//
// What comes out
//===----------------------------------------------------------------------===//

llvm::Expected<std::vector<io::Comparison>> Session::compare(ArrayRef<io::OwnedTensor> results) const {
  std::vector<io::OutputView> views;
  for (const io::OwnedTensor &result : results)
    views.push_back({result.info, result.data.data()});
  const io::TensorView *mask = inputs ? inputs->find("attention_mask") : nullptr;
  mask = mask ? mask : check->find("attention_mask");
  return expected(io::compareOutputs(views, *check, mask, info.layout == "sequence-first"));
}

static llvm::Error write(io::OutputFile &file, ArrayRef<io::OwnedTensor> results) {
  std::vector<io::TensorToWrite> tensors;
  for (const io::OwnedTensor &result : results)
    tensors.push_back({result.info.name, result.info.dtype, result.info.shape, result.data.data()});
  if (llvm::Error error = errorOf(io::writeSafeTensors(file, tensors)))
    return error;
  return errorOf(file.commit());
}

llvm::Expected<Status> Session::report(ArrayRef<io::OwnedTensor> results, ArrayRef<io::OwnedTensor> parameters) {
  std::vector<io::OwnedTensor> all(results);
  llvm::append_range(all, parameters);
  // Before anything is written: a reference that does not fit is the user's mistake.
  std::vector<io::Comparison> comparisons;
  if (check) {
    llvm::Expected<std::vector<io::Comparison>> compared = compare(all);
    if (!compared)
      return compared.takeError();
    comparisons = std::move(*compared);
  }
  if (outputs)
    if (llvm::Error error = write(*outputs, results))
      return error;
  if (saved)
    if (llvm::Error error = write(*saved, parameters))
      return error;
  io::Tolerances tolerances = io::tolerancesOf(info, options.tolerance);
  printReport(comparisons, tolerances);
  return io::allPassed(comparisons, tolerances) ? Status::Done : Status::Different;
}

void Session::printReport(const std::vector<io::Comparison> &comparisons, const io::Tolerances &tolerances) const {
  if (check && !options.json)
    llvm::outs() << io::comparisonTable(comparisons, tolerances, /*colors=*/false);
  if (options.costs && !options.json)
    printCosts(llvm::outs(), interpreter->costs());
  if (options.collectives && !options.json)
    printCollectives(llvm::outs(), interpreter->collectives());
  if (!options.json || (!check && !options.collectives))
    return;
  std::string table = io::comparisonJson(comparisons, tolerances);
  if (options.collectives)
    llvm::outs() << "{\"check\": " << table << ", \"collectives\": " << collectivesJson(interpreter->collectives())
                 << "}\n";
  else
    llvm::outs() << table << '\n';
}
