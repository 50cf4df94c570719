//===- File.h - memory-mapped input, and output that is complete or absent
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_RUNTIME_IO_FILE_H
#define HFC_RUNTIME_IO_FILE_H

#include "hfc/Runtime/IO/Result.h"

#include <cstdint>
#include <memory>
#include <string>

namespace hfc::io {

/// A file mapped read-only and privately.
class MappedFile {
public:
  static Result<std::shared_ptr<MappedFile>> open(const std::string &path);
  ~MappedFile();
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;

  const char *data() const { return static_cast<const char *>(base); }
  int64_t size() const { return bytes; }
  const std::string &path() const { return name; }

  /// Brings a range into memory, as far as the kernel does that.
  void readAhead(const void *begin, int64_t size) const;

  /// Gives a range's whole pages back. Reading it again reads the file again.
  void drop(const void *begin, int64_t size) const;

private:
  MappedFile(std::string name, void *base, int64_t bytes) : name(std::move(name)), base(base), bytes(bytes) {}

  std::string name;
  void *base;
  int64_t bytes;
};

/// Zeroed memory straight from the system: pages that are never touched cost nothing.
class Memory {
public:
  Memory() = default;
  /// `huge` asks for huge pages, for memory that will be written whole.
  static Result<Memory> allocate(int64_t bytes, bool huge);
  ~Memory();
  Memory(Memory &&other) noexcept;
  Memory &operator=(Memory &&other) noexcept;

  char *data() const { return static_cast<char *>(base); }
  int64_t size() const { return bytes; }

  /// Zero again, and untouched.
  void clear();

private:
  void *base = nullptr;
  int64_t bytes = 0;
};

/// Writes under a temporary name beside `path`; `commit` gives it its name. Without that, nothing remains.
class OutputFile {
public:
  static Result<std::unique_ptr<OutputFile>> create(const std::string &path);
  ~OutputFile();
  OutputFile(const OutputFile &) = delete;
  OutputFile &operator=(const OutputFile &) = delete;

  Status write(const void *data, int64_t size);
  Status commit();

private:
  OutputFile() = default;

  std::string path;
  /// Empty for what cannot be renamed over, such as a pipe.
  std::string temporary;
  int descriptor = -1;
};

} // namespace hfc::io

#endif // HFC_RUNTIME_IO_FILE_H
