//===- RankMemory.h - the memory of one rank
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_HOST_RANKMEMORY_H
#define HFC_LIB_RUNTIME_HOST_RANKMEMORY_H

#include "Device.h"

#include "hfc/Runtime/IO/Weights.h"

#include <map>

namespace hfc::host {

/// The arena, states and parameters of one rank. What lies in a bucket has no memory of its own; parameters that
/// training does not change are others' memory where the device is the host: a mapped file's, or the caller's.
class RankMemory {
public:
  static io::Result<std::unique_ptr<RankMemory>> allocate(const io::ProgramInfo &program, int64_t rank, Device &device);

  io::Status loadWeights(const std::string &path, const io::Progress &progress);
  io::Status randomWeights(uint64_t seed, const io::Progress &progress);
  /// `data` is this rank's piece.
  io::Status bind(size_t parameter, const void *data);

  /// The first parameter without values, or null.
  const io::ParameterInfo *findUnbound() const;
  /// States that start as parameters do so, if they have not yet; call it when all parameters are bound.
  io::Status startStates();
  io::Status resetStates();

  char *arena() const { return arenaMemory; }
  const std::vector<void *> &parameters() const { return parameterPointers; }
  const std::vector<void *> &states() const { return statePointers; }

private:
  RankMemory(const io::ProgramInfo &program, int64_t rank, Device &device)
      : program(program), rank(rank), device(device) {}

  io::Status allocateAll();
  io::Status reserve();
  io::Result<char *> allocateOne(int64_t bytes, const std::string &what, bool whole = false);
  bool ownsMemory(const io::ParameterInfo &parameter) const;
  char *placeOf(const std::optional<io::BucketPlace> &place, hfc_dtype dtype) const;
  io::WeightPlacement placement() const;
  void take(io::Weights weights);
  io::Status startState(size_t index);
  io::Status startPiece(const io::StateInfo &state, char *target) const;
  io::Status convertPart(const io::ParameterInfo &parameter, int64_t first, int64_t count, hfc_dtype to,
                         char *target) const;

  const io::ProgramInfo &program;
  int64_t rank;
  Device &device;
  char *arenaMemory = nullptr;
  std::map<std::string, char *> buckets;
  /// Null for parameters that are others' memory.
  std::vector<char *> privateParameters;
  std::vector<void *> parameterPointers, statePointers;
  std::optional<io::Weights> weights;
  bool statesStarted = false;
};

} // namespace hfc::host

#endif // HFC_LIB_RUNTIME_HOST_RANKMEMORY_H
