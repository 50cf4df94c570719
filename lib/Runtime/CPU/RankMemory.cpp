//===- RankMemory.cpp - the memory of one rank
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RankMemory.h"

#include <algorithm>

namespace hfc::cpu {

namespace {
/// Larger arenas get huge pages, which are rounded up to 2 MiB.
constexpr int64_t hugeArena = 32 << 20;
} // namespace

io::Result<std::unique_ptr<RankMemory>> RankMemory::allocate(const io::ProgramInfo &program, int64_t rank) {
  std::unique_ptr<RankMemory> memory(new RankMemory(program, rank));
  if (io::Status status = memory->allocateAll(); !status)
    return io::Failure{status.error()};
  return memory;
}

io::Result<char *> RankMemory::allocateOne(int64_t bytes, const std::string &what) {
  io::Result<io::Memory> memory = io::Memory::allocate(bytes, /*huge=*/false);
  if (!memory)
    return io::Failure{what + ": " + memory.error()};
  owned.push_back(std::move(*memory));
  return owned.back().data();
}

char *RankMemory::placeOf(const std::optional<io::BucketPlace> &place, hfc_dtype dtype) const {
  return place ? buckets.at(place->bucket) + place->offset * io::sizeOf(dtype) : nullptr;
}

io::Status RankMemory::allocateAll() {
  io::Result<io::Memory> arena = io::Memory::allocate(program.arena, program.arena >= hugeArena);
  if (!arena)
    return io::Failure{"the arena: " + arena.error()};
  arenaMemory = std::move(*arena);
  for (const io::BucketInfo &bucket : program.buckets) {
    io::Result<char *> memory = allocateOne(bucket.bytes(), "bucket '" + bucket.name + "'");
    if (!memory)
      return io::Failure{memory.error()};
    buckets[bucket.name] = *memory;
  }
  // States are touched as far as they are used: a KV cache costs what stands in it.
  for (const io::StateInfo &state : program.states) {
    char *data = placeOf(state.bucket, state.dtype);
    io::Result<io::Memory> memory = io::Memory::allocate(data ? 0 : state.bytes(), /*huge=*/false);
    if (!memory)
      return io::Failure{"state '" + state.name + "': " + memory.error()};
    stateMemory.push_back(std::move(*memory));
    statePointers.push_back(data ? data : stateMemory.back().data());
  }
  for (const io::ParameterInfo &parameter : program.parameters) {
    char *data = placeOf(parameter.bucket, parameter.dtype);
    if (!data && program.isTrained(parameter)) {
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
  return {rank, [this](size_t parameter) { return privateParameters[parameter]; }};
}

void RankMemory::take(io::Weights loaded) {
  std::transform(loaded.data().begin(), loaded.data().end(), parameterPointers.begin(),
                 [](const void *each) { return const_cast<void *>(each); });
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
  io::Result<io::Weights> drawn = io::Weights::random(program, seed, progress, placement());
  if (!drawn)
    return io::Failure{drawn.error()};
  take(std::move(*drawn));
  return {};
}

void RankMemory::bind(size_t parameter, const void *data) {
  char *own = privateParameters[parameter];
  if (own && data)
    std::memcpy(own, data, program.parameters[parameter].bytes());
  parameterPointers[parameter] = own && data ? own : const_cast<void *>(data);
  statesStarted = false;
}

const io::ParameterInfo *RankMemory::findUnbound() const {
  for (size_t i = 0; i < parameterPointers.size(); ++i)
    if (!parameterPointers[i] && program.parameters[i].bytes() > 0)
      return &program.parameters[i];
  return nullptr;
}

//===-- States ------------------------------------------------------------===//

void RankMemory::resetStates() {
  for (size_t i = 0; i < statePointers.size(); ++i)
    if (program.states[i].bucket)
      std::memset(statePointers[i], 0, program.states[i].bytes());
    else
      stateMemory[i].clear();
  statesStarted = false;
}

void RankMemory::startStates() {
  if (statesStarted)
    return;
  for (size_t i = 0; i < statePointers.size(); ++i)
    startState(i);
  statesStarted = true;
}

/// Elements [first, first + count) of a parameter's piece.
void RankMemory::convertPart(const io::ParameterInfo &parameter, const void *values, int64_t first, int64_t count,
                             hfc_dtype to, char *target) const {
  const char *source = static_cast<const char *>(values) + first * io::sizeOf(parameter.dtype);
  io::convertFloats(source, parameter.dtype, 1, target, to, count);
}

void RankMemory::startState(size_t index) {
  const io::StateInfo &state = program.states[index];
  char *target = static_cast<char *>(statePointers[index]);
  if (!state.initial.empty()) {
    const io::ParameterInfo *parameter = program.findParameter(state.initial);
    convertPart(*parameter, parameterPointers[parameter - program.parameters.data()], 0, state.elements(), state.dtype,
                target);
  } else if (!state.ofBucket.empty() && state.role == "master") {
    startPiece(state, target);
  }
}

/// With ZeRO: this rank's part of a bucket, across the parameters in it.
void RankMemory::startPiece(const io::StateInfo &state, char *target) const {
  const io::BucketInfo &bucket = *program.findBucket(state.ofBucket);
  int64_t place = bucket.group ? program.mesh.placeOf(rank, program.groups[*bucket.group]) : 0;
  int64_t begin = place * state.elements(), end = begin + state.elements();
  for (const io::BucketInfo::Member &member : bucket.members) {
    int64_t first = std::max(begin, member.offset), last = std::min(end, member.offset + member.elements);
    const io::ParameterInfo *parameter = program.findParameter(member.parameter);
    const void *values = parameterPointers[parameter - program.parameters.data()];
    if (first < last)
      convertPart(*parameter, values, first - member.offset, last - first, state.dtype,
                  target + (first - begin) * io::sizeOf(state.dtype));
  }
}

} // namespace hfc::cpu
