//===- WorkTable.h - what entries do, call by call
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_RUNTIME_IO_WORKTABLE_H
#define HFC_RUNTIME_IO_WORKTABLE_H

#include "hfc/Runtime/IO/Metadata.h"

namespace hfc::io {

/// What works of different layers have in common.
struct WorkKind {
  enum class By { Kernel, Library, Copy, Collective };
  By by = By::Kernel;
  /// "gemm", "row", "attention", "all_reduce", …
  std::string kind;
  /// A kernel's; empty for others.
  std::string name, phase;
  int64_t stream = 0, flops = 0, read = 0, written = 0;
  /// Of the machine that the program was compiled with, if any.
  std::optional<double> planned;
};

/// A call of an entry.
struct Work {
  const WorkKind *kind = nullptr;
  /// The module path that it serves, and its layer.
  const std::string *path = nullptr;
  std::optional<int64_t> block;
  /// Its place in the metadata's "collectives".
  std::optional<size_t> collective;
};

/// The metadata's "work".
struct WorkTable {
  WorkTable() = default;
  WorkTable(WorkTable &&) = default;
  WorkTable &operator=(WorkTable &&) = default;

  /// Empty if the program was compiled without one.
  std::string machine;
  std::vector<WorkKind> kinds;
  std::vector<std::pair<std::string, int64_t>> places;
  /// In the order of the program's entries, and of each entry's calls.
  std::vector<std::vector<Work>> entries;
};

/// Parses the work of a program, whose metadata has been parsed as `program`. Refuses a program that does not tell it.
Result<WorkTable> parseWorkTable(std::string_view metadata, const ProgramInfo &program);

} // namespace hfc::io

#endif // HFC_RUNTIME_IO_WORKTABLE_H
