//===- RankMemory.cpp - the memory of one rank
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RankMemory.h"

#include <algorithm>

namespace hfc::host {

io::Result<std::unique_ptr<RankMemory>> RankMemory::allocate(const io::ProgramInfo &program, int64_t rank,
                                                             Device &device) {
  std::unique_ptr<RankMemory> memory(new RankMemory(program, rank, device));
  io::Status status = memory->reserve();
  if (status)
    status = memory->allocateAll();
  if (!status)
    return io::Failure{status.error()};
  return memory;
}

io::Result<char *> RankMemory::allocateOne(int64_t bytes, const std::string &what, bool whole) {
  io::Result<char *> memory = device.allocate(bytes, whole);
  if (!memory)
    return io::Failure{what + ": " + memory.error()};
  return memory;
}

char *RankMemory::placeOf(const std::optional<io::BucketPlace> &place, hfc_dtype dtype) const {
  return place ? buckets.at(place->bucket) + place->offset * io::sizeOf(dtype) : nullptr;
}

/// What the caller's memory, or a mapped file's, can stand for needs none, if the device can read it.
bool RankMemory::ownsMemory(const io::ParameterInfo &parameter) const {
  return !parameter.bucket && (program.isTrained(parameter) || !device.isHost());
}

io::Status RankMemory::reserve() {
  int64_t bucketBytes = 0, stateBytes = 0, parameterBytes = 0, pieces = 2;
  for (const io::BucketInfo &bucket : program.buckets)
    bucketBytes += bucket.bytes(), ++pieces;
  for (const io::StateInfo &state : program.states)
    if (!state.bucket)
      stateBytes += state.bytes(), ++pieces;
  for (const io::ParameterInfo &parameter : program.parameters)
    if (ownsMemory(parameter))
      parameterBytes += parameter.bytes(), ++pieces;
  int64_t places = int64_t(program.groups.size() * sizeof(int32_t));
  auto part = [](const char *name, int64_t bytes) { return std::string(name) + " " + io::bytesToString(bytes); };
  return device.reserve(program.arena + bucketBytes + stateBytes + parameterBytes + places, pieces,
                        part("the arena", program.arena) + ", " + part("buckets", bucketBytes) + ", " +
                            part("states", stateBytes) + ", " + part("parameters", parameterBytes));
}

io::Status RankMemory::allocateAll() {
  io::Result<char *> arena = allocateOne(program.arena, "the arena", /*whole=*/true);
  if (!arena)
    return io::Failure{arena.error()};
  arenaMemory = *arena;
  for (const io::BucketInfo &bucket : program.buckets) {
    io::Result<char *> memory = allocateOne(bucket.bytes(), "bucket '" + bucket.name + "'");
    if (!memory)
      return io::Failure{memory.error()};
    buckets[bucket.name] = *memory;
  }
  // States are touched as far as they are used: a KV cache costs what stands in it.
  for (const io::StateInfo &state : program.states) {
    char *data = placeOf(state.bucket, state.dtype);
    if (!data) {
      io::Result<char *> memory = allocateOne(state.bytes(), "state '" + state.name + "'");
      if (!memory)
        return io::Failure{memory.error()};
      data = *memory;
    }
    statePointers.push_back(data);
  }
  for (const io::ParameterInfo &parameter : program.parameters) {
    char *data = placeOf(parameter.bucket, parameter.dtype);
    if (ownsMemory(parameter)) {
      io::Result<char *> memory = allocateOne(parameter.bytes(), "parameter '" + parameter.name + "'");
      if (!memory)
        return io::Failure{memory.error()};
      data = *memory;
    }
    privateParameters.push_back(data);
  }
  parameterPointers.assign(program.parameters.size(), nullptr);
  return {};
}

//===-- Parameters --------------------------------------------------------===//

io::WeightPlacement RankMemory::placement() const {
  if (device.isHost())
    return {rank, [this](size_t parameter) { return privateParameters[parameter]; }, {}, {}};
  auto write = [this](size_t parameter, const void *values) {
    return device.write(privateParameters[parameter], values, program.parameters[parameter].bytes());
  };
  return {rank, {}, write, {}};
}

void RankMemory::take(io::Weights loaded) {
  for (size_t i = 0; i < parameterPointers.size(); ++i)
    parameterPointers[i] = device.isHost() ? const_cast<void *>(loaded.data()[i]) : privateParameters[i];
  weights = std::move(loaded);
  statesStarted = false;
}

io::Status RankMemory::loadWeights(const std::string &path, const io::Progress &progress) {
  io::Result<io::Weights> loaded = io::Weights::load(program, path, progress, placement());
  if (!loaded)
    return io::Failure{loaded.error()};
  take(std::move(*loaded));
  return {};
}

io::Status RankMemory::randomWeights(uint64_t seed, const io::Progress &progress) {
  auto own = [this](size_t parameter) { return privateParameters[parameter]; };
  auto fill = [this](char *memory, const io::Draw &draw) { return device.fill(memory, draw); };
  io::Result<io::Weights> drawn = io::Weights::random(program, seed, progress, {rank, own, {}, fill});
  if (!drawn)
    return io::Failure{drawn.error()};
  take(std::move(*drawn));
  return {};
}

io::Status RankMemory::bind(size_t parameter, const void *data) {
  char *own = privateParameters[parameter];
  if (own && data)
    if (io::Status status = device.write(own, data, program.parameters[parameter].bytes()); !status)
      return status;
  parameterPointers[parameter] = own && data ? own : const_cast<void *>(data);
  statesStarted = false;
  return {};
}

const io::ParameterInfo *RankMemory::findUnbound() const {
  for (size_t i = 0; i < parameterPointers.size(); ++i)
    if (!parameterPointers[i] && program.parameters[i].bytes() > 0)
      return &program.parameters[i];
  return nullptr;
}

//===-- States ------------------------------------------------------------===//

io::Status RankMemory::resetStates() {
  for (size_t i = 0; i < statePointers.size(); ++i) {
    // What is all of a bucket may be the parameters; gradients there are states of their own.
    if (program.states[i].isWholeBucket())
      continue;
    if (io::Status status = device.clear(static_cast<char *>(statePointers[i]), program.states[i].bytes()); !status)
      return status;
  }
  statesStarted = false;
  return {};
}

io::Status RankMemory::startStates() {
  if (statesStarted)
    return {};
  for (size_t i = 0; i < statePointers.size(); ++i)
    if (io::Status status = startState(i); !status)
      return status;
  statesStarted = true;
  return {};
}

/// Elements [first, first + count) of a parameter's piece.
io::Status RankMemory::convertPart(const io::ParameterInfo &parameter, int64_t first, int64_t count, hfc_dtype to,
                                   char *target) const {
  const void *values = parameterPointers[&parameter - program.parameters.data()];
  const char *source = static_cast<const char *>(values) + first * io::sizeOf(parameter.dtype);
  return device.convert(source, parameter.dtype, target, to, count);
}

io::Status RankMemory::startState(size_t index) {
  const io::StateInfo &state = program.states[index];
  char *target = static_cast<char *>(statePointers[index]);
  if (!state.initial.empty())
    return convertPart(*program.findParameter(state.initial), 0, state.elements(), state.dtype, target);
  // A master that lies in the parameters' bucket is the parameters.
  if (!state.ofBucket.empty() && state.role == "master" && !state.isWholeBucket())
    return startPiece(state, target);
  return {};
}

/// A flat tensor, with ZeRO this rank's part of it, across the parameters in the bucket.
io::Status RankMemory::startPiece(const io::StateInfo &state, char *target) const {
  const io::BucketInfo &bucket = *program.findBucket(state.ofBucket);
  int64_t place = bucket.group ? program.mesh.placeOf(rank, program.groups[*bucket.group]) : 0;
  int64_t begin = place * state.elements(), end = begin + state.elements();
  for (const io::BucketInfo::Member &member : bucket.members) {
    int64_t first = std::max(begin, member.offset), last = std::min(end, member.offset + member.elements);
    if (first >= last)
      continue;
    io::Status status = convertPart(*program.findParameter(member.parameter), first - member.offset, last - first,
                                    state.dtype, target + (first - begin) * io::sizeOf(state.dtype));
    if (!status)
      return status;
  }
  return {};
}

} // namespace hfc::host
