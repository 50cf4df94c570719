//===- Metadata.cpp - what a program says about itself
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MetadataReader.h"

#include <algorithm>

namespace hfc::io {

namespace {
InitializerInfo readInitializer(Reader &reader) {
  InitializerInfo initializer;
  std::string kind = reader.string("kind");
  if (kind == "zeros")
    initializer.kind = InitializerInfo::Kind::zeros;
  else if (kind == "ones")
    initializer.kind = InitializerInfo::Kind::ones;
  else if (kind == "truncated_normal")
    initializer.kind = InitializerInfo::Kind::truncatedNormal;
  else if (kind == "uniform")
    initializer.kind = InitializerInfo::Kind::uniform;
  else if (kind != "normal")
    reader.fail("unknown kind '" + kind + "'");
  initializer.standardDeviation = reader.number("std", 0);
  initializer.zeroRow = reader.optionalInteger("zero_row");
  return initializer;
}

ParameterInfo readParameter(Reader &reader, const Mesh &mesh) {
  ParameterInfo parameter;
  readTensor(reader, mesh, parameter);
  for (auto [key, pieces] : {std::pair("pieces", &parameter.pieces), std::pair("state_dict", &parameter.stateDict)})
    reader.objects(key, [pieces = pieces](Reader &piece) {
      pieces->push_back(
          {piece.string("tensor"), piece.integers("offsets"), piece.integers("sizes"), piece.integers("permutation")});
    });
  parameter.frozen = reader.boolean("frozen");
  reader.object("initializer", [&](Reader &inner) { parameter.initializer = readInitializer(inner); });
  parameter.bucket = readBucketPlace(reader);
  return parameter;
}

StateInfo readState(Reader &reader, const Mesh &mesh) {
  StateInfo state;
  readTensor(reader, mesh, state);
  state.of = reader.string("of");
  state.ofBucket = reader.string("of_bucket");
  state.role = reader.string("role");
  state.initial = reader.string("initial");
  state.bucket = readBucketPlace(reader);
  return state;
}

BindingInfo readBinding(Reader &reader, const Mesh &mesh, int64_t arena) {
  BindingInfo binding;
  readTensor(reader, mesh, binding);
  binding.offset = reader.integer("offset", -1);
  binding.defaultValue = reader.string("default");
  binding.min = reader.optionalInteger("min");
  binding.max = reader.optionalInteger("max");
  reader.objects("occurrences", [&](Reader &rule) {
    binding.occurrences.push_back({rule.integer("value", 0), rule.integer("count", 0)});
  });
  if (binding.offset < 0 || binding.offset % 64 != 0 || binding.offset > arena ||
      binding.bytes() > arena - binding.offset)
    reader.fail("'" + binding.name + "' does not lie in the arena");
  return binding;
}

EntryInfo readEntry(Reader &reader, const Mesh &mesh, int64_t arena) {
  EntryInfo entry;
  entry.name = reader.string("name");
  entry.symbol = reader.string("symbol");
  reader.objects("inputs", [&](Reader &input) { entry.inputs.push_back(readBinding(input, mesh, arena)); });
  reader.objects("outputs", [&](Reader &output) { entry.outputs.push_back(readBinding(output, mesh, arena)); });
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
  reader.objects("chunks", [&](Reader &chunk) {
    generation.chunks.push_back({chunk.string("entry"), chunk.integer("tokens"), chunk.boolean("first")});
  });
  return generation;
}

GpuInfo readGpu(Reader &reader) {
  constexpr int64_t most = int64_t(1) << 20;
  GpuInfo gpu;
  gpu.name = reader.string("gpu");
  reader.objects("kernels", [&](Reader &each) {
    KernelInfo kernel{each.string("name"), each.integer("grid"), each.integer("lanes"), each.integer("arguments"),
                      each.integer("shared"), each.boolean("early")};
    if (kernel.grid < 1 || kernel.grid > INT32_MAX || kernel.lanes < 1 || kernel.lanes > 1024 || kernel.arguments < 0 ||
        kernel.arguments > 512 || kernel.shared < 0 || kernel.shared > most)
      each.fail("kernel '" + kernel.name + "' cannot be launched as it stands there");
    gpu.kernels.push_back(std::move(kernel));
  });
  gpu.streams = reader.integer("streams", 1);
  gpu.events = reader.integer("events", 0);
  gpu.products = reader.integer("products", 0);
  gpu.attentions = reader.integer("attentions", 0);
  gpu.constants = reader.integer("constants", 0);
  if (gpu.streams < 1 || gpu.streams > 64 || gpu.events < 0 || gpu.events > most || gpu.products < 0 ||
      gpu.products > most || gpu.attentions < 0 || gpu.attentions > most || gpu.constants < 0 || gpu.constants > int64_t(1) << 40)
    reader.fail("absurd numbers of streams, events, products, attentions or constants");
  return gpu;
}

template <typename T>
const T *findByName(const std::vector<T> &list, std::string_view name) {
  auto it = std::find_if(list.begin(), list.end(), [&](const T &element) { return element.name == name; });
  return it == list.end() ? nullptr : &*it;
}
} // namespace

void readTensor(Reader &reader, const Mesh &mesh, TensorInfo &tensor) {
  tensor.name = reader.string("name");
  std::optional<hfc_dtype> dtype = dtypeFromName(reader.string("dtype"));
  if (!dtype)
    return reader.fail("'" + tensor.name + "' has an unknown dtype");
  tensor.dtype = *dtype;
  tensor.shape = reader.integers("shape");
  std::optional<int64_t> elements = elementCount(tensor.shape);
  if (!elements || *elements > int64_t(1) << 56)
    return reader.fail("'" + tensor.name + "' has an absurd shape");
  readSharding(reader, mesh, tensor);
}

int64_t TensorInfo::elements() const { return elementCount(shape).value_or(0); }

const BindingInfo *EntryInfo::findInput(std::string_view name) const { return findByName(inputs, name); }
const BindingInfo *EntryInfo::findOutput(std::string_view name) const { return findByName(outputs, name); }
const EntryInfo *ProgramInfo::findEntry(std::string_view name) const { return findByName(entries, name); }

/// The largest chunk that the tokens fill, a first one also where they fill half of it: padding costs less there than
/// the many small chunks, which read all weights and earlier tokens again. Else the smallest that holds more than one.
const ChunkInfo *GenerationInfo::findChunk(int64_t left, bool begins) const {
  const ChunkInfo *smallest = nullptr;
  for (const ChunkInfo &chunk : chunks) {
    if (chunk.first && !begins)
      continue;
    bool fits =
        chunk.tokens == 1 ? left == 1 || !smallest : left > 1 && chunk.tokens <= (chunk.first ? 2 * left : left);
    if (fits)
      return &chunk;
    if (!smallest || chunk.tokens < smallest->tokens)
      smallest = &chunk;
  }
  return smallest;
}
const ParameterInfo *ProgramInfo::findParameter(std::string_view name) const { return findByName(parameters, name); }
const StateInfo *ProgramInfo::findState(std::string_view name) const { return findByName(states, name); }
const BucketInfo *ProgramInfo::findBucket(std::string_view name) const { return findByName(buckets, name); }

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
  program.deterministic = reader.boolean("deterministic");
  if (int64_t separator = reader.integer("separator", -1); separator >= 0)
    program.separator = separator;
  program.arena = reader.integer("arena");
  if (program.arena < 0 || program.arena > int64_t(1) << 56)
    reader.fail("absurd size of the arena");
  program.checkpointPrefixes = reader.strings("checkpoint_prefixes");
  program.checkpointUnused = reader.strings("checkpoint_unused");
  if (program.checkpointPrefixes.empty())
    program.checkpointPrefixes = {""};
  program.mesh = readMesh(reader);
  // Without sane axes nothing else can be read.
  if (!reader.error.empty())
    return Failure{reader.error};
  const Mesh &mesh = program.mesh;
  reader.objects("parameters", [&](Reader &each) { program.parameters.push_back(readParameter(each, mesh)); });
  reader.objects("states", [&](Reader &each) { program.states.push_back(readState(each, mesh)); });
  reader.objects("entries", [&](Reader &each) { program.entries.push_back(readEntry(each, mesh, program.arena)); });
  reader.object("generation", [&](Reader &inner) {
    program.generation = readGeneration(inner);
    for (const ChunkInfo &chunk : program.generation->chunks)
      if (!program.findEntry(chunk.entry) || chunk.tokens < 1)
        inner.fail("chunk '" + chunk.entry + "' is no entry of the program");
  });
  if (program.target == "cuda")
    program.gpu = readGpu(reader);
  readDistribution(reader, program);
  checkDistribution(reader, program);
  if (!reader.error.empty())
    return Failure{reader.error};
  return program;
}

} // namespace hfc::io
