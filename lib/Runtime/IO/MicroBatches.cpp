//===- MicroBatches.cpp - a batch in several runs of an entry
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Runtime/IO/MicroBatches.h"

#include <cstring>

namespace hfc::io {

namespace {
/// How a micro-batch's bytes stand in the whole batch's: `count` blocks, one out of each group of micro-batches'
/// blocks.
struct Blocks {
  int64_t count = 1, bytes = 0, stride = 0, first = 0;
};

Blocks blocksOf(const ProgramInfo &program, const TensorInfo &binding, int64_t number) {
  std::optional<size_t> dim = batchDim(program, binding);
  Blocks blocks;
  blocks.bytes = binding.bytes();
  if (!dim)
    return blocks;
  for (size_t i = 0; i < *dim; ++i)
    blocks.count *= binding.shape[i];
  blocks.bytes = blocks.count ? binding.bytes() / blocks.count : 0;
  blocks.stride = blocks.bytes * program.microBatches;
  blocks.first = blocks.bytes * number;
  return blocks;
}
} // namespace

std::optional<size_t> batchDim(const ProgramInfo &program, const TensorInfo &binding) {
  const std::vector<int64_t> &shape = binding.shape;
  // Pooled outputs, integers and images are batch-first always.
  bool sequenceFirst = program.layout == "sequence-first" && isFloat(binding.dtype) && shape.size() == 3;
  size_t dim = sequenceFirst ? 1 : 0;
  if (shape.size() <= dim || shape[dim] * program.microBatches != program.batch)
    return std::nullopt;
  return dim;
}

EntryInfo wholeBatch(const ProgramInfo &program, const EntryInfo &microStep) {
  EntryInfo entry = microStep;
  for (std::vector<BindingInfo> *bindings : {&entry.inputs, &entry.outputs})
    for (BindingInfo &binding : *bindings)
      if (std::optional<size_t> dim = batchDim(program, binding))
        binding.shape[*dim] *= program.microBatches;
  return entry;
}

void takeMicroBatch(const ProgramInfo &program, const TensorInfo &binding, int64_t number, const char *whole,
                    char *part) {
  Blocks blocks = blocksOf(program, binding, number);
  for (int64_t i = 0; i < blocks.count; ++i)
    std::memcpy(part + i * blocks.bytes, whole + i * blocks.stride + blocks.first, blocks.bytes);
}

void putMicroBatch(const ProgramInfo &program, const TensorInfo &binding, int64_t number, const char *part,
                   char *whole) {
  Blocks blocks = blocksOf(program, binding, number);
  for (int64_t i = 0; i < blocks.count; ++i)
    std::memcpy(whole + i * blocks.stride + blocks.first, part + i * blocks.bytes, blocks.bytes);
}

} // namespace hfc::io
