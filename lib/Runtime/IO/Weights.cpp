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
/// Larger memory gets huge pages: there are fewer of them to fault in.
constexpr int64_t hugeBytes = 32 << 20;

/// Source bytes converted before their pages are given back.
constexpr int64_t chunkBytes = 4 << 20;

/// One parameter of the program with the checkpoint's tensors that its pieces read.
struct Job {
  size_t parameter;
  std::vector<PieceSource> pieces;
};

/// The part of a piece that a rank holds, and where it goes.
struct CutPiece {
  PieceSource source;
  /// In elements of the rank's piece of the parameter.
  int64_t target = 0;
};

std::vector<int64_t> denseStrides(const std::vector<int64_t> &shape) {
  std::vector<int64_t> strides(shape.size());
  int64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

/// Pieces follow each other along dimension 0; those of a lower rank are one row of it each.
std::vector<CutPiece> cutPieces(std::vector<PieceSource> pieces, const Region &region) {
  std::vector<CutPiece> cut;
  size_t rank = region.sizes.size();
  std::vector<int64_t> targetStrides = denseStrides(region.padded);
  int64_t row = 0;
  for (PieceSource &piece : pieces) {
    if (rank == 0) {
      cut.push_back({std::move(piece), 0});
      continue;
    }
    piece.shape.insert(piece.shape.begin(), rank - piece.shape.size(), 1);
    piece.strides.insert(piece.strides.begin(), rank - piece.strides.size(), 0);
    int64_t begin = std::max(row, region.offsets[0]);
    int64_t end = std::min(row + piece.shape[0], region.offsets[0] + region.sizes[0]);
    int64_t first = begin - row;
    row += piece.shape[0];
    piece.offset += first * piece.strides[0];
    piece.shape[0] = std::max<int64_t>(end - begin, 0);
    for (size_t i = 1; i < rank; ++i) {
      piece.offset += region.offsets[i] * piece.strides[i];
      piece.shape[i] = region.sizes[i];
    }
    piece.elements = elementCount(piece.shape).value_or(0);
    piece.contiguous = isContiguous(piece);
    if (piece.elements > 0)
      cut.push_back({std::move(piece), (begin - region.offsets[0]) * targetStrides[0]});
  }
  return cut;
}

bool canMap(const ParameterInfo &parameter, const std::vector<CutPiece> &pieces) {
  if (pieces.size() != 1 || !pieces[0].source.contiguous || *pieces[0].source.tensor->dtype != parameter.dtype ||
      pieces[0].source.elements != parameter.elements())
    return false;
  return reinterpret_cast<uintptr_t>(pieces[0].source.begin()) % sizeOf(parameter.dtype) == 0;
}

/// Converts a piece whose elements stand one after the other, in the file and in memory.
void convertContiguous(const PieceSource &piece, char *target, hfc_dtype to) {
  hfc_dtype from = *piece.tensor->dtype;
  inChunks(piece.elements, chunkBytes / sizeOf(from), [&](int64_t begin, int64_t end) {
    const char *source = piece.begin() + begin * sizeOf(from);
    convertFloats(source, from, 1, target + begin * sizeOf(to), to, end - begin);
    piece.tensor->file->drop(source, (end - begin) * sizeOf(from));
  });
}

/// Converts a sliced, permuted or padded piece row by row of its last dimension.
void convertStrided(const PieceSource &piece, const std::vector<int64_t> &targetStrides, char *target, hfc_dtype to) {
  hfc_dtype from = *piece.tensor->dtype;
  size_t rank = piece.shape.size();
  std::vector<int64_t> index(rank, 0);
  int64_t row = rank ? piece.shape.back() : 1;
  int64_t stride = rank ? piece.strides.back() : 1;
  for (int64_t done = 0; done < piece.elements; done += row) {
    int64_t source = 0, offset = 0;
    for (size_t i = 0; i + 1 < rank; ++i) {
      source += index[i] * piece.strides[i];
      offset += index[i] * targetStrides[i];
    }
    convertFloats(piece.begin() + source * sizeOf(from), from, stride, target + offset * sizeOf(to), to, row);
    for (size_t i = rank ? rank - 1 : 0; i-- > 0;) {
      if (++index[i] < piece.shape[i])
        break;
      index[i] = 0;
    }
  }
  piece.tensor->file->drop(piece.tensor->data, piece.tensor->bytes);
}

void convertPieces(const ParameterInfo &parameter, const Region &region, const std::vector<CutPiece> &pieces,
                   char *target) {
  if (region.isPadded())
    std::memset(target, 0, parameter.bytes());
  bool denseRows = region.sizes.empty() || std::equal(region.sizes.begin() + 1, region.sizes.end(),
                                                      region.padded.begin() + 1, region.padded.end());
  for (const CutPiece &piece : pieces) {
    char *begin = target + piece.target * sizeOf(parameter.dtype);
    if (piece.source.contiguous && denseRows)
      convertContiguous(piece.source, begin, parameter.dtype);
    else
      convertStrided(piece.source, denseStrides(region.padded), begin, parameter.dtype);
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

Result<char *> Weights::allocate(int64_t bytes) {
  Result<Memory> memory = Memory::allocate(bytes, /*huge=*/bytes >= hugeBytes);
  if (!memory)
    return Failure{memory.error()};
  owned.push_back(std::move(*memory));
  return owned.back().data();
}

Status Weights::handOver(size_t parameter, const WeightPlacement &placement) {
  if (!placement.take)
    return {};
  Status status = placement.take(parameter, pointers[parameter]);
  pointers[parameter] = nullptr;
  owned.clear();
  return status;
}

Result<Weights> Weights::load(const ProgramInfo &program, const std::string &path, const Progress &progress,
                              const WeightPlacement &placement) {
  Result<SafeTensors> opened = SafeTensors::open(path);
  if (!opened)
    return Failure{opened.error()};
  Weights weights;
  weights.checkpoint.push_back(std::move(*opened));
  ProgramInfo whole = wholeProgram(program);
  Checkpoint checkpoint(whole, weights.checkpoint.back());
  std::vector<Job> jobs;
  int64_t total = 0;
  for (size_t i = 0; i < program.parameters.size(); ++i) {
    jobs.push_back({i, checkpoint.resolve(whole.parameters[i])});
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
    Region region = regionOf(program.mesh, parameter, placement.rank);
    std::vector<CutPiece> pieces = cutPieces(std::move(jobs[i].pieces), region);
    char *target = placement.memory ? placement.memory(jobs[i].parameter) : nullptr;
    bool isMapped = !target && canMap(parameter, pieces);
    if (isMapped) {
      touch(pieces[0].source);
      weights.pointers[jobs[i].parameter] = pieces[0].source.begin();
    } else {
      if (!target) {
        Result<char *> memory = weights.allocate(parameter.bytes());
        if (!memory)
          return Failure{memory.error()};
        target = *memory;
      }
      convertPieces(parameter, region, pieces, target);
      weights.pointers[jobs[i].parameter] = target;
    }
    if (Status status = weights.handOver(jobs[i].parameter, placement); !status)
      return Failure{status.error()};
    if (isMapped && placement.take)
      pieces[0].source.tensor->file->drop(pieces[0].source.begin(), parameter.bytes());
    done += parameter.bytes();
    if (progress)
      progress("reading weights", done, total);
  }
  return weights;
}

} // namespace hfc::io
