//===- Weights.cpp - a program's parameters from a checkpoint
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Runtime/IO/Weights.h"

#include "Checkpoint.h"
#include "InChunks.h"

#include <algorithm>
#include <cstdint>

namespace hfc::io {

namespace {
/// Source bytes converted before their pages are given back.
constexpr int64_t chunkBytes = 4 << 20;

/// One parameter of the program with the checkpoint's tensors that its pieces read.
struct Job {
  size_t parameter;
  std::vector<PieceSource> pieces;
};

bool canMap(const ParameterInfo &parameter, const std::vector<PieceSource> &pieces) {
  if (pieces.size() != 1 || !pieces[0].contiguous || *pieces[0].tensor->dtype != parameter.dtype)
    return false;
  return reinterpret_cast<uintptr_t>(pieces[0].begin()) % sizeOf(parameter.dtype) == 0;
}

/// Converts a piece whose elements stand one after the other.
void convertContiguous(const PieceSource &piece, char *target, hfc_dtype to) {
  hfc_dtype from = *piece.tensor->dtype;
  inChunks(piece.elements, chunkBytes / sizeOf(from), [&](int64_t begin, int64_t end) {
    const char *source = piece.begin() + begin * sizeOf(from);
    convertFloats(source, from, 1, target + begin * sizeOf(to), to, end - begin);
    piece.tensor->file->drop(source, (end - begin) * sizeOf(from));
  });
}

/// Converts a sliced or permuted piece row by row of its last dimension.
void convertStrided(const PieceSource &piece, char *target, hfc_dtype to) {
  hfc_dtype from = *piece.tensor->dtype;
  size_t rank = piece.shape.size();
  std::vector<int64_t> index(rank, 0);
  int64_t row = rank ? piece.shape.back() : 1;
  int64_t stride = rank ? piece.strides.back() : 1;
  for (int64_t done = 0; done < piece.elements; done += row) {
    int64_t offset = 0;
    for (size_t i = 0; i + 1 < rank; ++i)
      offset += index[i] * piece.strides[i];
    convertFloats(piece.begin() + offset * sizeOf(from), from, stride, target + done * sizeOf(to), to, row);
    for (size_t i = rank - 1; i-- > 0;) {
      if (++index[i] < piece.shape[i])
        break;
      index[i] = 0;
    }
  }
  piece.tensor->file->drop(piece.tensor->data, piece.tensor->bytes);
}

void convertPieces(const std::vector<PieceSource> &pieces, char *target, hfc_dtype to) {
  for (const PieceSource &piece : pieces) {
    if (piece.contiguous)
      convertContiguous(piece, target, to);
    else
      convertStrided(piece, target, to);
    target += piece.elements * sizeOf(to);
  }
}

/// Jobs in the order of the files, so that reading is sequential.
void sortByPlace(std::vector<Job> &jobs) {
  std::sort(jobs.begin(), jobs.end(), [](const Job &a, const Job &b) {
    return std::less<const char *>()(a.pieces[0].begin(), b.pieces[0].begin());
  });
}

/// Brings a mapped parameter's pages in, so that the first run does not wait for the disk.
void touch(const PieceSource &piece) {
  int64_t bytes = piece.elements * sizeOf(*piece.tensor->dtype);
  volatile char sink = 0;
  for (int64_t at = 0; at < bytes; at += 4096)
    sink = piece.begin()[at];
  (void)sink;
}
} // namespace

Result<Weights> Weights::load(const ProgramInfo &program, const std::string &path, const Progress &progress) {
  Result<SafeTensors> opened = SafeTensors::open(path);
  if (!opened)
    return Failure{opened.error()};
  Weights weights;
  weights.checkpoint.push_back(std::move(*opened));
  Checkpoint checkpoint(program, weights.checkpoint.back());
  std::vector<Job> jobs;
  int64_t total = 0;
  for (size_t i = 0; i < program.parameters.size(); ++i) {
    jobs.push_back({i, checkpoint.resolve(program.parameters[i])});
    total += program.parameters[i].bytes();
  }
  checkpoint.findUnused();
  if (Status status = checkpoint.status(); !status)
    return Failure{status.error()};

  sortByPlace(jobs);
  weights.pointers.resize(program.parameters.size());
  int64_t done = 0;
  for (size_t i = 0; i < jobs.size(); ++i) {
    const ParameterInfo &parameter = program.parameters[jobs[i].parameter];
    if (i + 1 < jobs.size())
      for (const PieceSource &next : jobs[i + 1].pieces)
        next.tensor->file->readAhead(next.tensor->data, next.tensor->bytes);
    if (canMap(parameter, jobs[i].pieces)) {
      touch(jobs[i].pieces[0]);
      weights.pointers[jobs[i].parameter] = jobs[i].pieces[0].begin();
    } else {
      Result<Memory> memory = Memory::allocate(parameter.bytes(), /*huge=*/false);
      if (!memory)
        return Failure{memory.error()};
      convertPieces(jobs[i].pieces, memory->data(), parameter.dtype);
      weights.pointers[jobs[i].parameter] = memory->data();
      weights.owned.push_back(std::move(*memory));
    }
    done += parameter.bytes();
    if (progress)
      progress("reading weights", done, total);
  }
  return weights;
}

} // namespace hfc::io
