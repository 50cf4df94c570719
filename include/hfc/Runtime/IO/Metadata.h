//===- Metadata.h - what a program says about itself
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_RUNTIME_IO_METADATA_H
#define HFC_RUNTIME_IO_METADATA_H

#include "hfc/Runtime/IO/DType.h"
#include "hfc/Runtime/IO/Mesh.h"
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
  /// Of one rank's piece; and of the whole, empty where nothing is cut.
  std::vector<int64_t> shape, global;
  Sharding sharding;

  int64_t elements() const;
  int64_t bytes() const { return elements() * sizeOf(dtype); }
  bool isCut() const { return !sharding.empty(); }
  const std::vector<int64_t> &wholeShape() const { return isCut() ? global : shape; }
};

/// Where a tensor lies in a bucket.
struct BucketPlace {
  std::string bucket;
  /// In elements.
  int64_t offset = 0;
};

/// As transformers' `_init_weights` does.
struct InitializerInfo {
  /// A truncated normal is cut off at two deviations; a uniform one has the mean 0.
  enum class Kind { normal, zeros, ones, truncatedNormal, uniform } kind = Kind::normal;
  double standardDeviation = 0;
  /// A row that is 0 all the same: a padding token's.
  std::optional<int64_t> zeroRow;
};

struct ParameterInfo : TensorInfo {
  /// Where it stands in a checkpoint.
  std::vector<Piece> pieces;
  /// Where it stands in `state_dict()`; empty: as in a checkpoint.
  std::vector<Piece> stateDict;
  bool frozen = false;
  std::optional<InitializerInfo> initializer;
  std::optional<BucketPlace> bucket;
};

struct StateInfo : TensorInfo {
  /// The parameter that it belongs to, or the bucket; and what it is to it: "gradient", "moment1", "moment2", "master".
  std::string of, ofBucket, role;
  /// The parameter whose values it starts with; "": zeros.
  std::string initial;
  std::optional<BucketPlace> bucket;

  /// Whether it is what lies in a bucket, as one tensor, and so no value of its own.
  bool isWholeBucket() const { return bucket && !ofBucket.empty(); }
};

/// Parameters or states that lie in one buffer.
struct BucketInfo {
  struct Member {
    std::string parameter;
    int64_t offset = 0, elements = 0;
  };
  std::string name;
  hfc_dtype dtype = HFC_FLOAT32;
  int64_t elements = 0;
  /// Of parameters: with ZeRO the group that shares it piece by piece; and what is in it.
  std::optional<int64_t> group;
  std::vector<Member> members;

  int64_t bytes() const { return elements * sizeOf(dtype); }
};

/// A collective as the compiler sees it. Its number is its place in the list.
struct CollectiveInfo {
  std::string entry, kind, cause, path;
  hfc_dtype dtype = HFC_FLOAT32;
  int64_t group = 0, bytes = 0;
  std::optional<int64_t> block;
};

/// How often a value stands in each row, along the last dimension.
struct Occurrences {
  int64_t value = 0, count = 0;
};

/// An input or output of an entry, at an offset of the arena.
struct BindingInfo : TensorInfo {
  int64_t offset = 0;
  /// Inputs: how the runtime fills it if the user does not: "", "ones", "arange", "zeros", "segments", "labels".
  std::string defaultValue;
  /// Inputs: allowed values, both inclusive.
  std::optional<int64_t> min, max;
  /// Inputs: values, and how often they stand in each row.
  std::vector<Occurrences> occurrences;
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
  /// It begins sequences, and takes no `past`.
  bool first = false;
};

struct GenerationInfo {
  int64_t vocabulary = 0, bos = -1, pad = -1;
  std::vector<int64_t> eos;
  bool doSample = false;
  double temperature = 1.0, topP = 1.0;
  /// 0: all.
  int64_t topK = 50;
  std::vector<ChunkInfo> chunks;

  /// The entry that reads the next of `left` tokens; null if there are no chunks. `begins`: nothing has been read of
  /// any sequence that has tokens to read.
  const ChunkInfo *findChunk(int64_t left, bool begins) const;
};

/// A kernel of a GPU's program, in the order of the program's launches' numbers.
struct KernelInfo {
  std::string name;
  /// Blocks, threads of one, pointers that it is given, and bytes of dynamic shared memory.
  int64_t grid = 0, lanes = 0, arguments = 0, shared = 0;
  /// It waits by itself for what stands in front of it on its stream, and may be launched before that ends.
  bool isEarly = false;
};

/// What a program for a GPU needs of it.
struct GpuInfo {
  /// "sm_90a".
  std::string name;
  std::vector<KernelInfo> kernels;
  int64_t streams = 1, events = 0, products = 0;
  /// How many `hfc_program_attentions` has.
  int64_t attentions = 0;
  /// Bytes of `hfc_program_constants`.
  int64_t constants = 0;
};

struct ProgramInfo {
  std::string version, task, target, cpu, family, architecture, dtype, layout;
  int64_t abi = 0, batch = 0, sequence = 0, microBatches = 1, arena = 0;
  /// The token that ends a document in training data, if the model has one.
  std::optional<int64_t> separator;
  /// The same bits at every run: nothing may depend on what is measured.
  bool deterministic = false;
  std::vector<std::string> checkpointPrefixes;
  /// Beginnings of checkpoint names that the program has no use for.
  std::vector<std::string> checkpointUnused;
  std::vector<ParameterInfo> parameters;
  std::vector<StateInfo> states;
  std::vector<EntryInfo> entries;
  std::optional<GenerationInfo> generation;
  /// --target=cuda.
  std::optional<GpuInfo> gpu;
  Mesh mesh;
  /// Ranks that differ in their places along these axes do collectives together.
  std::vector<Axes> groups;
  std::vector<CollectiveInfo> collectives;
  std::vector<BucketInfo> buckets;

  const EntryInfo *findEntry(std::string_view name) const;
  const ParameterInfo *findParameter(std::string_view name) const;
  const StateInfo *findState(std::string_view name) const;
  const BucketInfo *findBucket(std::string_view name) const;
  /// Whether running the program changes a parameter.
  bool isTrained(const ParameterInfo &parameter) const { return task == "train" && !parameter.frozen; }
};

/// The program as if one rank held everything: what files are read and written for.
ProgramInfo wholeProgram(const ProgramInfo &program);
TensorInfo wholeTensor(const TensorInfo &tensor);

/// Parses the metadata of docs/architecture.md and docs/distribution.md, and checks that it fits together: buffers lie
/// inside the arena, pieces have the size of a piece, names and numbers name something.
Result<ProgramInfo> parseMetadata(std::string_view json);

} // namespace hfc::io

#endif // HFC_RUNTIME_IO_METADATA_H
