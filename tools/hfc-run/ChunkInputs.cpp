//===- ChunkInputs.cpp - what a chunk of a generation program reads
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ChunkInputs.h"

#include <algorithm>

namespace hfc::run {

namespace {
constexpr const char *names[] = {"input_ids", "past", "count", "total"};
/// What the arena's places are multiples of: less than that between two inputs holds nothing.
constexpr int64_t alignment = 64;
} // namespace

ChunkInputs::ChunkInputs(const io::ProgramInfo &program, const io::EntryInfo &entry) : program(program), entry(entry) {
  values[3].resize(1);
  std::vector<Piece> pieces;
  for (size_t i = 0; i < values.size(); ++i)
    if (const io::BindingInfo *binding = entry.findInput(names[i])) {
      pieces.push_back({binding, i, 0});
      values[i].resize(*io::elementCount(binding->wholeShape()));
    }
  std::sort(pieces.begin(), pieces.end(),
            [](const Piece &a, const Piece &b) { return a.binding->offset < b.binding->offset; });
  int64_t begin = 0, end = 0;
  for (Piece &piece : pieces) {
    int64_t offset = piece.binding->offset;
    if (runs.empty() || offset - end >= alignment) {
      runs.emplace_back();
      begin = offset;
    }
    end = offset + piece.binding->bytes();
    piece.offset = offset - begin;
    runs.back().pieces.push_back(piece);
    runs.back().bytes.resize(end - begin);
  }
}

void ChunkInputs::give(const Rank &rank) {
  for (Run &run : runs) {
    for (const Piece &piece : run.pieces)
      io::takePiece(program.mesh, *piece.binding, rank.number, values[piece.values].data(),
                    run.bytes.data() + piece.offset);
    const std::string &first = run.pieces.front().binding->name;
    rank.write(rank.input(entry.name, first), run.bytes.data(), int64_t(run.bytes.size()));
  }
}

} // namespace hfc::run
