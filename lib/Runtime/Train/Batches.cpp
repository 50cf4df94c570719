//===- Batches.cpp - sequences of a token file, packed and shuffled
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Runtime/Train/Batches.h"

#include "hfc/Runtime/Train/Shuffle.h"

namespace hfc::train {

namespace {
constexpr int32_t ignored = -100;
} // namespace

io::Result<Batches> Batches::create(TokenFile file, const BatchOptions &options) {
  int64_t windows = (file.size() - 1) / options.sequence;
  if (file.size() <= options.sequence)
    return io::Failure{"'" + file.path() + "' has " + std::to_string(file.size()) +
                       " tokens; one sequence of the program needs " + std::to_string(options.sequence + 1)};
  return Batches(std::move(file), options, windows);
}

io::Status Batches::readWindow(int64_t window, Batch &batch) const {
  int64_t begin = window * options.sequence;
  int32_t place = 0;
  for (int64_t i = begin; i <= begin + options.sequence; ++i) {
    int32_t token = file[i];
    if (token < 0 || token >= options.vocabulary)
      return io::Failure{"'" + file.path() + "': token " + std::to_string(i) + " is " + std::to_string(token) +
                         ", and the model's vocabulary has " + std::to_string(options.vocabulary)};
    bool startsDocument = options.separator && i > begin && file[i - 1] == *options.separator;
    if (i > begin) {
      batch.shiftedLabels.push_back(startsDocument ? ignored : token);
      batch.counted += !startsDocument;
    }
    if (i == begin + options.sequence)
      break;
    if (startsDocument)
      place = 0;
    batch.inputIds.push_back(token);
    batch.positionIds.push_back(place++);
  }
  return {};
}

io::Result<Batch> Batches::read(int64_t position) const {
  Batch batch;
  for (int64_t i = position; i < position + options.batch; ++i) {
    Shuffle shuffle(options.seed, i / windowCount, windowCount);
    if (io::Status status = readWindow(int64_t(shuffle[i % windowCount]), batch); !status)
      return io::Failure{status.error()};
  }
  return batch;
}

} // namespace hfc::train
