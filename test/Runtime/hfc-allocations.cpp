//===- hfc-allocations.cpp - says what a process allocates
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// To be preloaded (LD_PRELOAD). When the process ends, the file that HFC_TEST_ALLOCATIONS names gets a line for each
// anonymous mapping that some library asked for, "mmap BYTES TOUCHED LIBRARY", of how many pages were in memory when it
// ended too, and the most bytes that were allocated from the
// heap at one time, "heap BYTES". The heap's own mappings and threads' stacks are made inside of glibc and not seen.
// Nothing here allocates.
//
//===----------------------------------------------------------------------===//

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

// glibc's own, under the names by which it keeps them reachable for such libraries.
extern "C" {
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *memory, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
void __libc_free(void *memory);
}

namespace {
struct Mapping {
  void *base;
  size_t bytes;
  const void *caller;
  /// Bytes of its pages that were in memory when it was unmapped.
  std::atomic<size_t> touched;
};

/// More mappings than that are counted, and reported as a failure.
constexpr size_t mostMappings = 1 << 14;
Mapping mappings[mostMappings];
std::atomic<size_t> numMappings{0};
std::atomic<int64_t> live{0}, peak{0};

/// Sizes are those that glibc gives, so that what is freed is what was allocated.
void *allocated(void *memory) {
  if (!memory)
    return nullptr;
  int64_t now = live += int64_t(malloc_usable_size(memory));
  for (int64_t seen = peak; now > seen && !peak.compare_exchange_weak(seen, now);)
    ;
  return memory;
}

void freed(void *memory) {
  if (memory)
    live -= int64_t(malloc_usable_size(memory));
}

void *map(void *address, size_t bytes, int protection, int flags, int file, off_t offset, const void *caller) {
  void *base = reinterpret_cast<void *>(syscall(SYS_mmap, address, bytes, protection, flags, file, offset));
  if (base == MAP_FAILED || !(flags & MAP_ANONYMOUS))
    return base;
  if (size_t number = numMappings++; number < mostMappings) {
    Mapping &mapping = mappings[number];
    mapping.bytes = bytes;
    mapping.caller = caller;
    mapping.base = base;
  }
  return base;
}

size_t touchedBytes(void *base, size_t bytes) {
  constexpr size_t atOnce = 4096;
  size_t page = size_t(sysconf(_SC_PAGESIZE)), touched = 0;
  unsigned char isThere[atOnce];
  for (size_t begin = 0; begin < bytes; begin += atOnce * page) {
    size_t count = std::min(bytes - begin, atOnce * page);
    if (mincore(static_cast<char *>(base) + begin, count, isThere) != 0)
      break;
    for (size_t i = 0; i < (count + page - 1) / page; ++i)
      touched += isThere[i] & 1 ? page : 0;
  }
  return touched;
}

/// Whole mappings only: what is cut up by its owner counts as touched where it is at the end.
void unmapping(void *base, size_t bytes) {
  for (size_t i = std::min(numMappings.load(), mostMappings); i > 0; --i) {
    Mapping &mapping = mappings[i - 1];
    if (mapping.base != base)
      continue;
    mapping.base = nullptr;
    mapping.touched = touchedBytes(base, std::min(bytes, mapping.bytes));
    return;
  }
}

/// "libopenblas.so.0", of whatever path.
const char *libraryOf(const void *code) {
  Dl_info info;
  if (!dladdr(code, &info) || !info.dli_fname)
    return "?";
  const char *slash = std::strrchr(info.dli_fname, '/');
  return slash ? slash + 1 : info.dli_fname;
}

/// Children of a shell inherit the variable too: the last to end is the one that the shell waits for.
__attribute__((destructor)) void report() {
  const char *path = std::getenv("HFC_TEST_ALLOCATIONS");
  int file = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
  if (file < 0)
    return;
  for (size_t i = 0; i < std::min(numMappings.load(), mostMappings); ++i) {
    const Mapping &mapping = mappings[i];
    size_t touched = mapping.base ? touchedBytes(mapping.base, mapping.bytes) : mapping.touched.load();
    dprintf(file, "mmap %zu %zu %s\n", mapping.bytes, touched, libraryOf(mapping.caller));
  }
  dprintf(file, numMappings > mostMappings ? "too many mappings\n" : "heap %lld\n", static_cast<long long>(peak));
  close(file);
}
} // namespace

extern "C" {
void *malloc(size_t bytes) { return allocated(__libc_malloc(bytes)); }
void *calloc(size_t count, size_t bytes) { return allocated(__libc_calloc(count, bytes)); }

void *realloc(void *memory, size_t bytes) {
  // Where this fails, `memory` stays allocated.
  size_t before = memory ? malloc_usable_size(memory) : 0;
  void *result = __libc_realloc(memory, bytes);
  if (result || bytes == 0)
    live -= int64_t(before);
  return allocated(result);
}

void *memalign(size_t alignment, size_t bytes) { return allocated(__libc_memalign(alignment, bytes)); }
void *aligned_alloc(size_t alignment, size_t bytes) { return allocated(__libc_memalign(alignment, bytes)); }

int posix_memalign(void **result, size_t alignment, size_t bytes) {
  void *memory = allocated(__libc_memalign(alignment, bytes));
  if (!memory)
    return ENOMEM;
  *result = memory;
  return 0;
}

void free(void *memory) {
  freed(memory);
  __libc_free(memory);
}

void *mmap(void *address, size_t bytes, int protection, int flags, int file, off_t offset) noexcept {
  return map(address, bytes, protection, flags, file, offset, __builtin_return_address(0));
}
void *mmap64(void *address, size_t bytes, int protection, int flags, int file, off64_t offset) noexcept {
  return map(address, bytes, protection, flags, file, offset, __builtin_return_address(0));
}
int munmap(void *address, size_t bytes) noexcept {
  unmapping(address, bytes);
  return int(syscall(SYS_munmap, address, bytes));
}
}
