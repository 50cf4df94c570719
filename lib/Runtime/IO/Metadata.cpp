//===- Metadata.cpp - what a program says about itself
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Runtime/IO/Metadata.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace hfc::io {

namespace {
using nlohmann::json;

/// Reads values of an object and remembers the first thing that is wrong.
class Reader {
public:
  Reader(const json &object, std::string where) : object(object), where(std::move(where)) {}

  std::string string(const char *key, std::string fallback = {}) {
    const json *value = get(key);
    if (!value)
      return fallback;
    return value->is_string() ? value->get<std::string>() : (wrong(key, "a string"), fallback);
  }
  int64_t integer(const char *key, int64_t fallback = 0) {
    const json *value = get(key);
    if (!value)
      return fallback;
    return value->is_number_integer() ? value->get<int64_t>() : (wrong(key, "an integer"), fallback);
  }
  std::optional<int64_t> optionalInteger(const char *key) {
    return get(key) ? std::optional<int64_t>(integer(key)) : std::nullopt;
  }
  double number(const char *key, double fallback) {
    const json *value = get(key);
    if (!value)
      return fallback;
    return value->is_number() ? value->get<double>() : (wrong(key, "a number"), fallback);
  }
  bool boolean(const char *key) {
    const json *value = get(key);
    if (!value)
      return false;
    return value->is_boolean() ? value->get<bool>() : (wrong(key, "true or false"), false);
  }
  std::vector<int64_t> integers(const char *key) {
    std::vector<int64_t> result;
    for (const json &element : list(key)) {
      if (!element.is_number_integer())
        return wrong(key, "a list of integers"), result;
      result.push_back(element.get<int64_t>());
    }
    return result;
  }
  std::vector<std::string> strings(const char *key) {
    std::vector<std::string> result;
    for (const json &element : list(key)) {
      if (!element.is_string())
        return wrong(key, "a list of strings"), result;
      result.push_back(element.get<std::string>());
    }
    return result;
  }
  /// Calls `each` for every object of a list.
  template <typename Each>
  void objects(const char *key, Each each) {
    for (const json &element : list(key)) {
      if (!element.is_object())
        return wrong(key, "a list of objects");
      Reader reader(element, where + key + ": ");
      each(reader);
      if (error.empty())
        error = reader.error;
    }
  }
  const json *get(const char *key) const {
    auto it = object.find(key);
    return it == object.end() || it->is_null() ? nullptr : &*it;
  }
  void fail(std::string message) {
    if (error.empty())
      error = where + message;
  }

  std::string error;

private:
  const json &list(const char *key) {
    static const json empty = json::array();
    const json *value = get(key);
    if (value && value->is_array())
      return *value;
    if (value)
      wrong(key, "a list");
    return empty;
  }
  void wrong(const char *key, const char *what) { fail(std::string("'") + key + "' must be " + what); }

  const json &object;
  std::string where;
};

void readTensor(Reader &reader, TensorInfo &tensor) {
  tensor.name = reader.string("name");
  std::optional<hfc_dtype> dtype = dtypeFromName(reader.string("dtype"));
  if (!dtype)
    return reader.fail("'" + tensor.name + "' has an unknown dtype");
  tensor.dtype = *dtype;
  tensor.shape = reader.integers("shape");
  std::optional<int64_t> elements = elementCount(tensor.shape);
  if (!elements || *elements > int64_t(1) << 56)
    reader.fail("'" + tensor.name + "' has an absurd shape");
}

ParameterInfo readParameter(Reader &reader) {
  ParameterInfo parameter;
  readTensor(reader, parameter);
  for (auto [key, pieces] : {std::pair("pieces", &parameter.pieces), std::pair("state_dict", &parameter.stateDict)})
    reader.objects(key, [pieces = pieces](Reader &piece) {
      pieces->push_back(
          {piece.string("tensor"), piece.integers("offsets"), piece.integers("sizes"), piece.integers("permutation")});
    });
  return parameter;
}

BindingInfo readBinding(Reader &reader, int64_t arena) {
  BindingInfo binding;
  readTensor(reader, binding);
  binding.offset = reader.integer("offset", -1);
  binding.defaultValue = reader.string("default");
  binding.min = reader.optionalInteger("min");
  binding.max = reader.optionalInteger("max");
  if (binding.offset < 0 || binding.offset % 64 != 0 || binding.offset > arena ||
      binding.bytes() > arena - binding.offset)
    reader.fail("'" + binding.name + "' does not lie in the arena");
  return binding;
}

EntryInfo readEntry(Reader &reader, int64_t arena) {
  EntryInfo entry;
  entry.name = reader.string("name");
  entry.symbol = reader.string("symbol");
  reader.objects("inputs", [&](Reader &input) { entry.inputs.push_back(readBinding(input, arena)); });
  reader.objects("outputs", [&](Reader &output) { entry.outputs.push_back(readBinding(output, arena)); });
  return entry;
}

GenerationInfo readGeneration(Reader &reader) {
  GenerationInfo generation;
  generation.vocabulary = reader.integer("vocabulary");
  const json *eos = reader.get("eos");
  if (eos && eos->is_number_integer())
    generation.eos = {eos->get<int64_t>()};
  else
    generation.eos = reader.integers("eos");
  generation.bos = reader.integer("bos", -1);
  generation.pad = reader.integer("pad", -1);
  generation.doSample = reader.boolean("do_sample");
  generation.temperature = reader.number("temperature", 1.0);
  generation.topK = reader.integer("top_k", 50);
  generation.topP = reader.number("top_p", 1.0);
  reader.objects("chunks",
                 [&](Reader &chunk) { generation.chunks.push_back({chunk.string("entry"), chunk.integer("tokens")}); });
  return generation;
}

template <typename T>
const T *findByName(const std::vector<T> &list, std::string_view name) {
  auto it = std::find_if(list.begin(), list.end(), [&](const T &element) { return element.name == name; });
  return it == list.end() ? nullptr : &*it;
}
} // namespace

int64_t TensorInfo::elements() const { return elementCount(shape).value_or(0); }

const BindingInfo *EntryInfo::findInput(std::string_view name) const { return findByName(inputs, name); }
const BindingInfo *EntryInfo::findOutput(std::string_view name) const { return findByName(outputs, name); }
const EntryInfo *ProgramInfo::findEntry(std::string_view name) const { return findByName(entries, name); }

Result<ProgramInfo> parseMetadata(std::string_view text) {
  json document = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (!document.is_object())
    return Failure{"the program's metadata is not a JSON object"};
  Reader reader(document, "the program's metadata: ");
  ProgramInfo program;
  program.version = reader.string("hfc");
  program.abi = reader.integer("abi");
  program.task = reader.string("task");
  program.target = reader.string("target");
  program.cpu = reader.string("cpu");
  program.family = reader.string("family");
  program.architecture = reader.string("architecture");
  program.dtype = reader.string("dtype");
  program.layout = reader.string("layout", "batch-first");
  program.batch = reader.integer("batch");
  program.sequence = reader.integer("sequence");
  program.microBatches = reader.integer("micro_batches", 1);
  if (program.microBatches < 1)
    reader.fail("'micro_batches' must be at least 1");
  program.arena = reader.integer("arena");
  if (program.arena < 0 || program.arena > int64_t(1) << 56)
    reader.fail("absurd size of the arena");
  program.checkpointPrefixes = reader.strings("checkpoint_prefixes");
  if (program.checkpointPrefixes.empty())
    program.checkpointPrefixes = {""};
  reader.objects("parameters", [&](Reader &each) { program.parameters.push_back(readParameter(each)); });
  reader.objects("states", [&](Reader &each) { readTensor(each, program.states.emplace_back()); });
  reader.objects("entries", [&](Reader &each) { program.entries.push_back(readEntry(each, program.arena)); });
  if (const json *generation = reader.get("generation")) {
    if (!generation->is_object())
      return Failure{"the program's metadata: 'generation' must be an object"};
    Reader inner(*generation, "the program's metadata: generation: ");
    program.generation = readGeneration(inner);
    if (!inner.error.empty())
      return Failure{inner.error};
    for (const ChunkInfo &chunk : program.generation->chunks)
      if (!program.findEntry(chunk.entry) || chunk.tokens < 1)
        reader.fail("generation: chunk '" + chunk.entry + "' is no entry of the program");
  }
  if (!reader.error.empty())
    return Failure{reader.error};
  return program;
}

} // namespace hfc::io
