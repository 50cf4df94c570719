//===- Library.h - a program's code, loaded
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CPU_LIBRARY_H
#define HFC_LIB_RUNTIME_CPU_LIBRARY_H

#include "hfc/Runtime/IO/Metadata.h"

#include <memory>

namespace hfc::cpu {

/// The shared object of a program. Ranks share it.
class Library {
public:
  /// Refuses what `inspectProgram` refuses.
  static io::Result<std::shared_ptr<Library>> open(const std::string &path);
  ~Library();
  Library(const Library &) = delete;
  Library &operator=(const Library &) = delete;

  const char *json = nullptr;
  io::ProgramInfo info;
  /// In the order of `info.entries`.
  std::vector<hfc_entry> entries;

private:
  Library() = default;

  void *handle = nullptr;
};

} // namespace hfc::cpu

#endif // HFC_LIB_RUNTIME_CPU_LIBRARY_H
