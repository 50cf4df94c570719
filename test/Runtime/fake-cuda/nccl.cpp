//===- nccl.cpp - an NCCL on the CPU, with the functions that hfc and its programs call
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// Members of a communicator, threads or processes, share a file in memory: a barrier, and a slot for what each gives.

#include "FakeDevice.h"

#include <nccl.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <sched.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace {
constexpr size_t slotBytes = 1 << 20;

struct Shared {
  std::atomic<int> arrived, round;
};

size_t sizeOf(ncclDataType_t type) { return type == ncclBfloat16 ? 2 : type == ncclInt8 ? 1 : 4; }

float loadFloat(const char *memory, ncclDataType_t type, size_t index) {
  if (type == ncclFloat)
    return reinterpret_cast<const float *>(memory)[index];
  uint32_t bits = uint32_t(reinterpret_cast<const uint16_t *>(memory)[index]) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

void storeFloat(char *memory, ncclDataType_t type, size_t index, float value) {
  if (type == ncclFloat) {
    reinterpret_cast<float *>(memory)[index] = value;
    return;
  }
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  reinterpret_cast<uint16_t *>(memory)[index] = uint16_t((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

template <typename T>
T combine(T a, T b, ncclRedOp_t how) {
  return how == ncclMax ? std::max(a, b) : how == ncclMin ? std::min(a, b) : a + b;
}
} // namespace

struct ncclComm {
  int rank = 0, size = 1;
  Shared *shared = nullptr;
  std::atomic<bool> aborted{false};
  /// What members may reach into, if they all have shown it.
  char *window = nullptr;
  size_t windowBytes = 0;

  /// Where something begins in the window; -1 outside of it.
  int64_t placeOf(const char *memory) const {
    return memory >= window && memory < window + windowBytes ? memory - window : -1;
  }

  char *slot(int of) const { return reinterpret_cast<char *>(shared) + 4096 + size_t(of) * slotBytes; }

  /// False once the communicator is aborted here.
  bool meet() {
    int round = shared->round;
    if (++shared->arrived == size) {
      shared->arrived = 0;
      ++shared->round;
      return true;
    }
    while (shared->round == round) {
      if (aborted)
        return false;
      sched_yield();
    }
    return true;
  }
};

namespace {
struct Operation {
  ncclComm_t communicator;
  cudaStream_t stream;
  std::function<cudaError_t()> work;
};
/// What a group's sends and receives are, by communicator: they happen together.
struct Message {
  ncclComm_t communicator;
  cudaStream_t stream;
  bool isSend;
  char *memory;
  size_t bytes;
  int peer;
};
thread_local int depth = 0;
thread_local std::vector<Operation> operations;
thread_local std::vector<Message> messages;

ncclResult_t resultOf(cudaError_t error) { return error == cudaSuccess ? ncclSuccess : ncclUnhandledCudaError; }

/// Each member's slot holds what it sends to each other one: sizes first.
cudaError_t exchange(const std::vector<Message> &group) {
  ncclComm_t communicator = group.front().communicator;
  size_t share = slotBytes / size_t(communicator->size);
  for (const Message &message : group) {
    if (message.bytes > share)
      return cudaErrorInvalidValue;
    if (message.isSend)
      std::memcpy(communicator->slot(communicator->rank) + size_t(message.peer) * share, message.memory, message.bytes);
  }
  if (!communicator->meet())
    return cudaErrorUnknown;
  for (const Message &message : group)
    if (!message.isSend)
      std::memcpy(message.memory, communicator->slot(message.peer) + size_t(communicator->rank) * share, message.bytes);
  return communicator->meet() ? cudaSuccess : cudaErrorUnknown;
}

ncclResult_t flush() {
  ncclResult_t result = ncclSuccess;
  for (Operation &operation : operations)
    if (ncclResult_t each = resultOf(fake::enqueue(operation.stream, std::move(operation.work))); result == ncclSuccess)
      result = each;
  if (!messages.empty())
    if (ncclResult_t each =
            resultOf(fake::enqueue(messages.front().stream, [group = messages] { return exchange(group); }));
        result == ncclSuccess)
      result = each;
  operations.clear();
  messages.clear();
  return result;
}

ncclResult_t submit(ncclComm_t communicator, cudaStream_t stream, std::function<cudaError_t()> work) {
  operations.push_back({communicator, stream, std::move(work)});
  return depth > 0 ? ncclSuccess : flush();
}

/// Pieces of all members, one slot at a time; `take` is given a member's bytes [begin, begin + bytes).
cudaError_t share(ncclComm_t communicator, const char *own, size_t bytes,
                  const std::function<void(int member, const char *values, size_t begin, size_t bytes)> &take) {
  for (size_t begin = 0; begin < bytes; begin += slotBytes) {
    size_t part = std::min(slotBytes, bytes - begin);
    std::memcpy(communicator->slot(communicator->rank), own + begin, part);
    if (!communicator->meet())
      return cudaErrorUnknown;
    for (int member = 0; member < communicator->size; ++member)
      take(member, communicator->slot(member), begin, part);
    if (!communicator->meet())
      return cudaErrorUnknown;
  }
  return cudaSuccess;
}

/// What members reach into must be at the same place everywhere: NCCL does not look.
bool isAtOnePlace(ncclComm_t communicator, const char *memory) {
  int64_t place = communicator->placeOf(memory);
  bool isSame = true;
  cudaError_t error = share(
      communicator, reinterpret_cast<const char *>(&place), sizeof place,
      [&](int, const char *values, size_t, size_t) { isSame &= *reinterpret_cast<const int64_t *>(values) == place; });
  return error == cudaSuccess && isSame;
}

/// All members' values, combined in the order of their places.
cudaError_t combineAll(ncclComm_t communicator, const char *own, size_t bytes, ncclDataType_t type, ncclRedOp_t how,
                       std::vector<char> &result) {
  result.resize(bytes);
  size_t count = bytes / sizeOf(type);
  std::vector<float> sums(count);
  std::vector<int32_t> integers(count);
  cudaError_t error = share(communicator, own, bytes, [&](int member, const char *values, size_t begin, size_t part) {
    size_t first = begin / sizeOf(type);
    for (size_t i = 0; i < part / sizeOf(type); ++i)
      if (type == ncclInt32) {
        int32_t value = reinterpret_cast<const int32_t *>(values)[i];
        integers[first + i] = member == 0 ? value : combine(integers[first + i], value, how);
      } else {
        float value = loadFloat(values, type, i);
        sums[first + i] = member == 0 ? value : combine(sums[first + i], value, how);
      }
  });
  for (size_t i = 0; i < count; ++i)
    if (type == ncclInt32)
      reinterpret_cast<int32_t *>(result.data())[i] = integers[i];
    else
      storeFloat(result.data(), type, i, how == ncclAvg ? sums[i] / float(communicator->size) : sums[i]);
  return error;
}
} // namespace

extern "C" {
ncclResult_t ncclGetVersion(int *version) {
  const char *text = std::getenv("HFC_FAKE_NCCL");
  return *version = text ? std::atoi(text) : NCCL_VERSION_CODE, ncclSuccess;
}
const char *ncclGetErrorString(ncclResult_t result) { return result == ncclSuccess ? "no error" : "a fake error"; }
const char *ncclGetLastError(ncclComm_t) { return ""; }
ncclResult_t ncclGetUniqueId(ncclUniqueId *id) {
  static std::atomic<int> next{0};
  std::memset(id, 0, sizeof *id);
  std::snprintf(id->internal, sizeof id->internal, "/dev/shm/hfc-fake-nccl-%d-%d", int(getpid()), next++);
  return ncclSuccess;
}
ncclResult_t ncclCommInitRankConfig(ncclComm_t *communicator, int size, ncclUniqueId id, int rank, ncclConfig_t *) {
  size_t bytes = 4096 + size_t(size) * slotBytes;
  int file = open(id.internal, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || ftruncate(file, off_t(bytes)) != 0)
    return ncclSystemError;
  void *memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (memory == MAP_FAILED)
    return ncclSystemError;
  *communicator = new ncclComm;
  (*communicator)->rank = rank;
  (*communicator)->size = size;
  (*communicator)->shared = static_cast<Shared *>(memory);
  (*communicator)->meet();
  unlink(id.internal);
  return ncclSuccess;
}
ncclResult_t ncclMemAlloc(void **memory, size_t bytes) { return resultOf(cudaMalloc(memory, bytes)); }
ncclResult_t ncclMemFree(void *memory) { return resultOf(cudaFree(memory)); }
ncclResult_t ncclCommWindowRegister(ncclComm_t communicator, void *memory, size_t bytes, ncclWindow_t *window, int) {
  if (std::getenv("HFC_FAKE_TELL_WINDOWS"))
    std::fprintf(stderr, "fake: a window of rank %d\n", communicator->rank);
  communicator->window = fake::hostAddress(memory, bytes);
  communicator->windowBytes = bytes;
  *window = nullptr;
  return communicator->window && bytes % NCCL_WIN_REQUIRED_ALIGNMENT == 0 ? ncclSuccess : ncclInvalidArgument;
}
/// Leaves the communicator in place: others may be inside it still.
ncclResult_t ncclCommAbort(ncclComm_t communicator) { return communicator->aborted = true, ncclSuccess; }
ncclResult_t ncclCommRevoke(ncclComm_t communicator, int) { return communicator->aborted = true, ncclSuccess; }
ncclResult_t ncclCommGetAsyncError(ncclComm_t, ncclResult_t *result) { return *result = ncclSuccess, ncclSuccess; }

ncclResult_t ncclGroupStart() { return ++depth, ncclSuccess; }
ncclResult_t ncclGroupEnd() { return --depth == 0 ? flush() : ncclSuccess; }

ncclResult_t ncclAllReduce(const void *in, void *out, size_t count, ncclDataType_t type, ncclRedOp_t how,
                           ncclComm_t communicator, cudaStream_t stream) {
  size_t bytes = count * sizeOf(type);
  const char *from = fake::hostAddress(in, bytes);
  char *to = fake::hostAddress(out, bytes);
  if (!from || !to || !communicator)
    return ncclInvalidArgument;
  return submit(communicator, stream, [=] {
    if (!isAtOnePlace(communicator, from) || !isAtOnePlace(communicator, to))
      return cudaErrorInvalidValue;
    std::vector<char> result;
    cudaError_t error = combineAll(communicator, from, bytes, type, how, result);
    std::memcpy(to, result.data(), bytes);
    return error;
  });
}
ncclResult_t ncclReduceScatter(const void *in, void *out, size_t count, ncclDataType_t type, ncclRedOp_t how,
                               ncclComm_t communicator, cudaStream_t stream) {
  size_t piece = count * sizeOf(type);
  const char *from = fake::hostAddress(in, piece * size_t(communicator->size));
  char *to = fake::hostAddress(out, piece);
  if (!from || !to)
    return ncclInvalidArgument;
  return submit(communicator, stream, [=] {
    if (!isAtOnePlace(communicator, from))
      return cudaErrorInvalidValue;
    std::vector<char> result;
    cudaError_t error = combineAll(communicator, from, piece * size_t(communicator->size), type, how, result);
    std::memcpy(to, result.data() + size_t(communicator->rank) * piece, piece);
    return error;
  });
}
ncclResult_t ncclAllGather(const void *in, void *out, size_t count, ncclDataType_t type, ncclComm_t communicator,
                           cudaStream_t stream) {
  size_t piece = count * sizeOf(type);
  const char *from = fake::hostAddress(in, piece);
  char *to = fake::hostAddress(out, piece * size_t(communicator->size));
  if (!from || !to)
    return ncclInvalidArgument;
  return submit(communicator, stream, [=] {
    if (!isAtOnePlace(communicator, to))
      return cudaErrorInvalidValue;
    // The piece may be this rank's own part of the whole.
    std::vector<char> own(from, from + piece);
    return share(communicator, own.data(), piece, [=](int member, const char *values, size_t begin, size_t bytes) {
      std::memcpy(to + size_t(member) * piece + begin, values, bytes);
    });
  });
}
ncclResult_t ncclBroadcast(const void *in, void *out, size_t count, ncclDataType_t type, int root,
                           ncclComm_t communicator, cudaStream_t stream) {
  size_t bytes = count * sizeOf(type);
  const char *from = communicator->rank == root ? fake::hostAddress(in, bytes) : fake::hostAddress(out, bytes);
  char *to = fake::hostAddress(out, bytes);
  if (!from || !to)
    return ncclInvalidArgument;
  return submit(communicator, stream, [=] {
    std::vector<char> own(from, from + bytes);
    return share(communicator, own.data(), bytes, [=](int member, const char *values, size_t begin, size_t part) {
      if (member == root)
        std::memcpy(to + begin, values, part);
    });
  });
}

static ncclResult_t post(bool isSend, const void *memory, size_t count, ncclDataType_t type, int peer,
                         ncclComm_t communicator, cudaStream_t stream) {
  char *host = fake::hostAddress(memory, count * sizeOf(type));
  if (!host || peer < 0 || peer >= communicator->size)
    return ncclInvalidArgument;
  messages.push_back({communicator, stream, isSend, host, count * sizeOf(type), peer});
  return depth > 0 ? ncclSuccess : flush();
}
ncclResult_t ncclSend(const void *memory, size_t count, ncclDataType_t type, int peer, ncclComm_t communicator,
                      cudaStream_t stream) {
  return post(true, memory, count, type, peer, communicator, stream);
}
ncclResult_t ncclRecv(void *memory, size_t count, ncclDataType_t type, int peer, ncclComm_t communicator,
                      cudaStream_t stream) {
  return post(false, memory, count, type, peer, communicator, stream);
}
}
