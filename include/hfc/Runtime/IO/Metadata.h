//===- Metadata.h - what a program says about itself
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_RUNTIME_IO_METADATA_H
#define HFC_RUNTIME_IO_METADATA_H

#include "hfc/Runtime/IO/DType.h"
#include "hfc/Runtime/IO/Result.h"

#include <string>
#include <string_view>
#include <vector>

namespace hfc::io {

/// A slice of a checkpoint's tensor: see `#hf.piece`.
struct Piece {
  std::string tensor;
  std::vector<int64_t> offsets, sizes, permutation;
};

/// A named tensor of a program.
struct TensorInfo {
  std::string name;
  hfc_dtype dtype = HFC_FLOAT32;
  std::vector<int64_t> shape;

  int64_t elements() const;
  int64_t bytes() const { return elements() * sizeOf(dtype); }
};

struct ParameterInfo : TensorInfo {
  /// Where it stands in a checkpoint.
  std::vector<Piece> pieces;
  /// Where it stands in `state_dict()`; empty: as in a checkpoint.
  std::vector<Piece> stateDict;
};

/// An input or output of an entry, at an offset of the arena.
struct BindingInfo : TensorInfo {
  int64_t offset = 0;
  /// Inputs: how the runtime fills it if the user does not: "", "ones", "arange", "zeros", "segments", "labels".
  std::string defaultValue;
  /// Inputs: allowed values, both inclusive.
  std::optional<int64_t> min, max;
};

struct EntryInfo {
  std::string name, symbol;
  std::vector<BindingInfo> inputs, outputs;

  const BindingInfo *findInput(std::string_view name) const;
  const BindingInfo *findOutput(std::string_view name) const;
};

struct ChunkInfo {
  std::string entry;
  int64_t tokens = 0;
};

struct GenerationInfo {
  int64_t vocabulary = 0, bos = -1, pad = -1;
  std::vector<int64_t> eos;
  bool doSample = false;
  double temperature = 1.0, topP = 1.0;
  /// 0: all.
  int64_t topK = 50;
  std::vector<ChunkInfo> chunks;
};

struct ProgramInfo {
  std::string version, task, target, cpu, family, architecture, dtype, layout;
  int64_t abi = 0, batch = 0, sequence = 0, microBatches = 1, arena = 0;
  std::vector<std::string> checkpointPrefixes;
  std::vector<ParameterInfo> parameters;
  std::vector<TensorInfo> states;
  std::vector<EntryInfo> entries;
  std::optional<GenerationInfo> generation;

  const EntryInfo *findEntry(std::string_view name) const;
};

/// Parses the metadata of docs/architecture.md, and checks that all buffers lie inside the arena.
Result<ProgramInfo> parseMetadata(std::string_view json);

} // namespace hfc::io

#endif // HFC_RUNTIME_IO_METADATA_H
