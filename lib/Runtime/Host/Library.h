//===- Library.h - a program's code, loaded
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_HOST_LIBRARY_H
#define HFC_LIB_RUNTIME_HOST_LIBRARY_H

#include "Device.h"

#include <memory>

namespace hfc::host {

/// The shared object of a program. Ranks share it.
class Library {
public:
  /// Refuses what `inspectProgram` refuses.
  static io::Result<std::shared_ptr<Library>> open(const std::string &path);
  ~Library();
  Library(const Library &) = delete;
  Library &operator=(const Library &) = delete;

  /// An exported object or function, or null.
  const void *symbol(const char *name) const;
  /// What runs a rank of this program.
  io::Result<std::unique_ptr<Device>> openDevice(const RankSetting &setting) const;

  const char *json = nullptr;
  io::ProgramInfo info;
  /// In the order of `info.entries`.
  std::vector<hfc_entry> entries;

private:
  Library() = default;
  io::Status findBackend();

  void *handle = nullptr;
  /// Null on the CPU.
  const Backend *backend = nullptr;
};

} // namespace hfc::host

#endif // HFC_LIB_RUNTIME_HOST_LIBRARY_H
