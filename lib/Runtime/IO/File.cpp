//===- File.cpp - memory-mapped input, and output that is complete or absent
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Runtime/IO/File.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hfc::io {

namespace {
constexpr uintptr_t pageSize = 4096;

Failure systemFailure(const std::string &what, const std::string &path) {
  return Failure{what + " '" + path + "': " + std::strerror(errno)};
}
} // namespace

//===-- MappedFile --------------------------------------------------------===//

Result<std::shared_ptr<MappedFile>> MappedFile::open(const std::string &path) {
  // Not to wait for ever on a pipe.
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    return systemFailure("cannot open", path);
  struct stat info;
  if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(descriptor);
    return Failure{"cannot read '" + path + "': it is not a regular file"};
  }
  void *base = nullptr;
  if (info.st_size > 0) {
    base = mmap(nullptr, info.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (base == MAP_FAILED) {
      Failure failure = systemFailure("cannot map", path);
      ::close(descriptor);
      return failure;
    }
  }
  ::close(descriptor);
  return std::shared_ptr<MappedFile>(new MappedFile(path, base, info.st_size));
}

MappedFile::~MappedFile() {
  if (base)
    munmap(base, bytes);
}

void MappedFile::readAhead(const void *begin, int64_t size) const {
  uintptr_t first = uintptr_t(begin) & ~(pageSize - 1);
  madvise(reinterpret_cast<void *>(first), uintptr_t(begin) + size - first, MADV_WILLNEED);
}

void MappedFile::drop(const void *begin, int64_t size) const {
  uintptr_t first = (uintptr_t(begin) + pageSize - 1) & ~(pageSize - 1);
  uintptr_t last = (uintptr_t(begin) + size) & ~(pageSize - 1);
  if (first < last)
    madvise(reinterpret_cast<void *>(first), last - first, MADV_DONTNEED);
}

//===-- Memory ------------------------------------------------------------===//

Result<Memory> Memory::allocate(int64_t bytes, bool huge) {
  Memory memory;
  if (bytes == 0)
    return memory;
  void *base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED)
    return Failure{"cannot get " + std::to_string(bytes) + " bytes of memory: " + std::strerror(errno)};
  if (huge)
    madvise(base, bytes, MADV_HUGEPAGE);
  memory.base = base;
  memory.bytes = bytes;
  return memory;
}

Memory::~Memory() {
  if (base)
    munmap(base, bytes);
}

Memory::Memory(Memory &&other) noexcept
    : base(std::exchange(other.base, nullptr)), bytes(std::exchange(other.bytes, 0)) {}

Memory &Memory::operator=(Memory &&other) noexcept {
  std::swap(base, other.base);
  std::swap(bytes, other.bytes);
  return *this;
}

void Memory::clear() {
  if (base)
    madvise(base, bytes, MADV_DONTNEED);
}

//===-- OutputFile --------------------------------------------------------===//

Result<std::unique_ptr<OutputFile>> OutputFile::create(const std::string &path) {
  std::unique_ptr<OutputFile> file(new OutputFile);
  file->path = path;
  struct stat info;
  bool exists = stat(path.c_str(), &info) == 0;
  if (path.empty() || (exists && S_ISDIR(info.st_mode)))
    return Failure{"cannot write '" + path + "': it is a folder, not a file"};
  if (exists && !S_ISREG(info.st_mode)) {
    file->descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    if (exists && access(path.c_str(), W_OK) != 0)
      return systemFailure("cannot write", path);
    file->temporary = path + ".tmp-XXXXXX";
    file->descriptor = mkostemp(file->temporary.data(), O_CLOEXEC);
    if (file->descriptor < 0)
      file->temporary.clear();
    else
      fchmod(file->descriptor, 0644);
  }
  if (file->descriptor < 0)
    return systemFailure("cannot write", path);
  return file;
}

OutputFile::~OutputFile() {
  if (descriptor >= 0)
    ::close(descriptor);
  if (!temporary.empty())
    unlink(temporary.c_str());
}

Status OutputFile::write(const void *data, int64_t size) {
  const char *at = static_cast<const char *>(data);
  while (size > 0) {
    ssize_t written = ::write(descriptor, at, size);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return systemFailure("cannot write", path);
    at += written;
    size -= written;
  }
  return {};
}

Status OutputFile::commit() {
  int result = ::close(descriptor);
  descriptor = -1;
  if (result != 0 || (!temporary.empty() && rename(temporary.c_str(), path.c_str()) != 0))
    return systemFailure("cannot write", path);
  temporary.clear();
  return {};
}

} // namespace hfc::io
