//===- RankMemory.h - the memory of one rank
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CPU_RANKMEMORY_H
#define HFC_LIB_RUNTIME_CPU_RANKMEMORY_H

#include "hfc/Runtime/IO/Weights.h"

#include <map>

namespace hfc::cpu {

/// The arena, states and parameters of one rank. What lies in a bucket has no memory of its own; parameters that
/// training does not change are others' memory: a mapped file's, or a host's.
class RankMemory {
public:
  static io::Result<std::unique_ptr<RankMemory>> allocate(const io::ProgramInfo &program, int64_t rank);

  io::Status loadWeights(const std::string &path, const io::Progress &progress);
  io::Status randomWeights(uint64_t seed, const io::Progress &progress);
  /// `data` is this rank's piece.
  void bind(size_t parameter, const void *data);

  /// The first parameter without values, or null.
  const io::ParameterInfo *findUnbound() const;
  /// States that start as parameters do so, if they have not yet; call it when all parameters are bound.
  void startStates();
  void resetStates();

  char *arena() const { return arenaMemory.data(); }
  const std::vector<void *> &parameters() const { return parameterPointers; }
  const std::vector<void *> &states() const { return statePointers; }

private:
  RankMemory(const io::ProgramInfo &program, int64_t rank) : program(program), rank(rank) {}

  io::Status allocateAll();
  io::Result<char *> allocateOne(int64_t bytes, const std::string &what);
  char *placeOf(const std::optional<io::BucketPlace> &place, hfc_dtype dtype) const;
  io::WeightPlacement placement() const;
  void take(io::Weights weights);
  void startState(size_t index);
  void startPiece(const io::StateInfo &state, char *target) const;
  void convertPart(const io::ParameterInfo &parameter, const void *values, int64_t first, int64_t count, hfc_dtype to,
                   char *target) const;

  const io::ProgramInfo &program;
  int64_t rank;
  io::Memory arenaMemory;
  std::vector<io::Memory> owned, stateMemory;
  std::map<std::string, char *> buckets;
  /// Null for parameters that are others' memory.
  std::vector<char *> privateParameters;
  std::vector<void *> parameterPointers, statePointers;
  std::optional<io::Weights> weights;
  bool statesStarted = false;
};

} // namespace hfc::cpu

#endif // HFC_LIB_RUNTIME_CPU_RANKMEMORY_H
