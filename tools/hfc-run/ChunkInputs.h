//===- ChunkInputs.h - what a chunk of a generation program reads
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_RUN_CHUNKINPUTS_H
#define HFC_TOOLS_HFC_RUN_CHUNKINPUTS_H

#include "Ranks.h"

#include <array>

namespace hfc::run {

/// The integers that one entry reads of the whole batch, and how a rank's pieces of them get into its memory: inputs
/// that lie one behind the other there in one copy. Made once, used for every chunk that the entry runs.
class ChunkInputs {
public:
  ChunkInputs(const io::ProgramInfo &program, const io::EntryInfo &entry);

  std::vector<int32_t> &ids() { return values[0]; }
  std::vector<int32_t> &past() { return values[1]; }
  std::vector<int32_t> &count() { return values[2]; }
  /// The longest sequence's length after the chunk's prompt.
  int32_t &total() { return values[3].front(); }

  void give(const Rank &rank);

private:
  struct Piece {
    const io::BindingInfo *binding;
    size_t values;
    /// In its run, bytes.
    int64_t offset;
  };
  /// Inputs with nothing but padding between them.
  struct Run {
    std::vector<Piece> pieces;
    std::vector<char> bytes;
  };

  const io::ProgramInfo &program;
  const io::EntryInfo &entry;
  std::array<std::vector<int32_t>, 4> values;
  std::vector<Run> runs;
};

} // namespace hfc::run

#endif // HFC_TOOLS_HFC_RUN_CHUNKINPUTS_H
