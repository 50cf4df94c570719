//===- cudart.cpp - a CUDA runtime on the CPU, with the functions that hfc calls
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FakeDevice.h"
#include "FakeKernels.h"
#include "OwnKernels.h"

#include <cuda.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace {
/// What makes an address of the host one of the device: nothing is mapped there.
constexpr uintptr_t deviceBit = uintptr_t(1) << 62;

int64_t setting(const char *variable, int64_t fallback) {
  const char *text = std::getenv(variable);
  return text ? std::atoll(text) : fallback;
}

/// How much of each stream's work something comes after.
using Knowledge = std::map<cudaStream_t, int64_t>;

struct Captured {
  std::vector<std::function<cudaError_t()>> work;
  std::map<cudaStream_t, int64_t> queued;
};

std::mutex mutex;
std::map<uintptr_t, size_t> allocations;
size_t allocated = 0;
thread_local int device = 0;
std::map<int, cudaError_t> pending;

void merge(Knowledge &into, const Knowledge &from) {
  for (auto [stream, count] : from)
    into[stream] = std::max(into[stream], count);
}
} // namespace

struct CUstream_st {
  int device = 0;
  std::shared_ptr<Captured> capture;
  Knowledge known;
};
struct CUevent_st {
  bool recorded = false;
  float time = 0;
  std::shared_ptr<Captured> capture;
  Knowledge known;
};
struct CUgraph_st {
  std::vector<std::function<cudaError_t()>> work;
};
struct CUgraphExec_st {
  std::vector<std::function<cudaError_t()>> work;
};
struct CUkern_st {
  const FakeKernel *kernel = nullptr;
  /// Else it is one of the runtime's own.
  const fake::OwnKernel *own = nullptr;
};
struct CUlib_st {
  const FakeKernels *kernels;
  bool isOwn = false;
  std::vector<std::unique_ptr<CUkern_st>> handles;
};

namespace {
cudaError_t perform(int onDevice, const std::function<cudaError_t()> &work) {
  cudaError_t error = work();
  if (error == cudaSuccess)
    return cudaSuccess;
  std::lock_guard<std::mutex> lock(mutex);
  pending.try_emplace(onDevice, error);
  return cudaSuccess;
}
} // namespace

char *fake::hostAddress(const void *address, size_t size) {
  auto number = reinterpret_cast<uintptr_t>(address);
  std::lock_guard<std::mutex> lock(mutex);
  auto after = allocations.upper_bound(number);
  if (after == allocations.begin())
    return nullptr;
  auto [begin, bytes] = *std::prev(after);
  return number - begin <= bytes && size <= bytes - (number - begin) ? reinterpret_cast<char *>(number & ~deviceBit)
                                                                     : nullptr;
}

size_t fake::allocatedBytes() {
  std::lock_guard<std::mutex> lock(mutex);
  return allocated;
}

static thread_local float spent = 0;
void fake::spend(float milliseconds) {
  // The host's clock goes on as well: an entry takes as long as its works.
  std::this_thread::sleep_for(std::chrono::duration<float, std::milli>(milliseconds));
  spent += milliseconds;
}

cudaError_t fake::enqueue(cudaStream_t stream, std::function<cudaError_t()> work) {
  if (!stream->capture)
    return perform(stream->device, work);
  stream->capture->work.push_back(std::move(work));
  stream->known[stream] = ++stream->capture->queued[stream];
  return cudaSuccess;
}

extern "C" {

//===-- Devices -----------------------------------------------------------===//

cudaError_t cudaDriverGetVersion(int *version) {
  return *version = int(setting("HFC_FAKE_DRIVER", 13000)), cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int *version) {
  return *version = int(setting("HFC_FAKE_CUDART", CUDART_VERSION)), cudaSuccess;
}
cudaError_t cudaGetDeviceCount(int *count) {
  *count = int(setting("HFC_FAKE_GPUS", 8));
  if (setting("HFC_FAKE_DRIVER", 13000) < 13000)
    return cudaErrorInsufficientDriver;
  return *count ? cudaSuccess : cudaErrorNoDevice;
}
cudaError_t cudaDeviceSynchronize() { return cudaSuccess; }
cudaError_t cudaSetDevice(int ordinal) { return device = ordinal, cudaSuccess; }
cudaError_t cudaGetDeviceProperties(cudaDeviceProp *properties, int ordinal) {
  std::memset(properties, 0, sizeof *properties);
  // HFC_FAKE_HIDDEN: a launcher shows each process a GPU of its own as number 0.
  const char *place = std::getenv("LOCAL_RANK");
  int hidden = setting("HFC_FAKE_HIDDEN", 0) && place ? std::atoi(place) : 0;
  properties->uuid.bytes[0] = char(ordinal + hidden);
  std::strcpy(properties->name, "Fake");
  properties->major = int(setting("HFC_FAKE_CAPABILITY", 90)) / 10;
  properties->minor = int(setting("HFC_FAKE_CAPABILITY", 90)) % 10;
  return cudaSuccess;
}
cudaError_t cudaDeviceGetPCIBusId(char *id, int size, int ordinal) {
  std::snprintf(id, size_t(size), "0000:%02x:00.0", unsigned(ordinal));
  return cudaSuccess;
}
const char *cudaGetErrorString(cudaError_t error) { return error == cudaSuccess ? "no error" : "a fake error"; }
const char *cudaGetErrorName(cudaError_t error) {
  static thread_local std::string name;
  name = "cudaError " + std::to_string(int(error));
  return name.c_str();
}
cudaError_t cudaGetLastError() { return cudaSuccess; }

static CUresult writeValue(CUstream stream, CUdeviceptr address, cuuint32_t value, unsigned) {
  fake::enqueue(stream, [=] { return *reinterpret_cast<volatile uint32_t *>(address) = value, cudaSuccess; });
  return CUDA_SUCCESS;
}
cudaError_t cudaGetDriverEntryPointByVersion(const char *, void **function, unsigned, unsigned long long,
                                             cudaDriverEntryPointQueryResult *result) {
  *function = reinterpret_cast<void *>(writeValue);
  *result = cudaDriverEntryPointSuccess;
  return cudaSuccess;
}

//===-- Memory ------------------------------------------------------------===//

cudaError_t cudaMalloc(void **memory, size_t bytes) {
  std::lock_guard<std::mutex> lock(mutex);
  if (allocated + bytes > size_t(setting("HFC_FAKE_MEMORY", int64_t(1) << 40)))
    return cudaErrorMemoryAllocation;
  void *host = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  std::memset(host, 0xff, bytes);
  allocated += bytes;
  uintptr_t address = reinterpret_cast<uintptr_t>(host) | deviceBit;
  allocations[address] = bytes;
  *memory = reinterpret_cast<void *>(address);
  return cudaSuccess;
}
cudaError_t cudaFree(void *memory) {
  std::lock_guard<std::mutex> lock(mutex);
  if (!memory)
    return cudaSuccess;
  auto found = allocations.find(reinterpret_cast<uintptr_t>(memory));
  if (found == allocations.end())
    return cudaErrorInvalidValue;
  allocated -= found->second;
  allocations.erase(found);
  std::free(reinterpret_cast<void *>(reinterpret_cast<uintptr_t>(memory) & ~deviceBit));
  return cudaSuccess;
}
cudaError_t cudaMemGetInfo(size_t *free, size_t *total) {
  std::lock_guard<std::mutex> lock(mutex);
  *total = size_t(setting("HFC_FAKE_MEMORY", int64_t(1) << 40));
  *free = *total - allocated;
  return cudaSuccess;
}
cudaError_t cudaHostAlloc(void **memory, size_t bytes, unsigned) { return *memory = std::malloc(bytes), cudaSuccess; }
cudaError_t cudaFreeHost(void *memory) { return std::free(memory), cudaSuccess; }

cudaError_t cudaMemset(void *target, int value, size_t bytes) {
  char *host = fake::hostAddress(target, bytes);
  return host ? (std::memset(host, value, bytes), cudaSuccess) : cudaErrorInvalidValue;
}
cudaError_t cudaMemsetAsync(void *target, int value, size_t bytes, cudaStream_t stream) {
  return fake::enqueue(stream, [=] { return cudaMemset(target, value, bytes); });
}
cudaError_t cudaMemcpyAsync(void *target, const void *source, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  // Who gives a host's address for a device's, or the other way round, is told.
  bool toDevice = kind != cudaMemcpyDeviceToHost, fromDevice = kind != cudaMemcpyHostToDevice;
  char *to = toDevice ? fake::hostAddress(target, bytes) : static_cast<char *>(target);
  const char *from = fromDevice ? fake::hostAddress(source, bytes) : static_cast<const char *>(source);
  if (!to || !from || (!toDevice && fake::hostAddress(target, 0)) || (!fromDevice && fake::hostAddress(source, 0)))
    return cudaErrorInvalidValue;
  return fake::enqueue(stream, [=] { return std::memcpy(to, from, bytes), cudaSuccess; });
}
cudaError_t cudaMemcpy2DAsync(void *target, size_t targetPitch, const void *source, size_t sourcePitch, size_t width,
                              size_t rows, cudaMemcpyKind kind, cudaStream_t stream) {
  char *to = fake::hostAddress(target, (rows - 1) * targetPitch + width);
  const char *from = fake::hostAddress(source, (rows - 1) * sourcePitch + width);
  if (!to || !from || targetPitch < width || sourcePitch < width || kind != cudaMemcpyDeviceToDevice)
    return cudaErrorInvalidValue;
  return fake::enqueue(stream, [=] {
    for (size_t row = 0; row < rows; ++row)
      std::memcpy(to + row * targetPitch, from + row * sourcePitch, width);
    return cudaSuccess;
  });
}

//===-- Streams, events, graphs -------------------------------------------===//

cudaError_t cudaDeviceGetStreamPriorityRange(int *least, int *greatest) {
  return *least = 0, *greatest = -5, cudaSuccess;
}
cudaError_t cudaStreamCreateWithPriority(cudaStream_t *stream, unsigned, int) {
  *stream = new CUstream_st;
  (*stream)->device = device;
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) { return delete stream, cudaSuccess; }
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (stream->capture)
    return cudaErrorStreamCaptureUnsupported;
  std::lock_guard<std::mutex> lock(mutex);
  auto found = pending.find(stream->device);
  return found == pending.end() ? cudaSuccess : found->second;
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned) { return *event = new CUevent_st, cudaSuccess; }
cudaError_t cudaEventCreate(cudaEvent_t *event) { return *event = new CUevent_st, cudaSuccess; }
cudaError_t cudaEventDestroy(cudaEvent_t event) { return delete event, cudaSuccess; }
cudaError_t cudaEventSynchronize(cudaEvent_t) { return cudaSuccess; }
cudaError_t cudaEventElapsedTime(float *milliseconds, cudaEvent_t begin, cudaEvent_t end) {
  return *milliseconds = end->time - begin->time, cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  event->recorded = true;
  event->time = spent;
  event->capture = stream->capture;
  event->known = stream->known;
  return cudaSuccess;
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  // CUDA lets it pass; nobody who waits for what nobody has recorded means it.
  if (!event->recorded || (stream->capture && stream->capture != event->capture))
    return cudaErrorStreamCaptureIsolation;
  if (event->capture && !stream->capture)
    stream->known.clear();
  stream->capture = event->capture;
  if (stream->capture)
    stream->capture->queued.try_emplace(stream, 0);
  merge(stream->known, event->known);
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  if (stream->capture)
    return cudaErrorIllegalState;
  stream->capture = std::make_shared<Captured>();
  stream->known.clear();
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph) {
  std::shared_ptr<Captured> capture = std::move(stream->capture);
  stream->capture = nullptr;
  *graph = nullptr;
  if (!capture)
    return cudaErrorIllegalState;
  for (auto [other, count] : capture->queued) {
    if (other != stream)
      other->capture = nullptr;
    if (stream->known[other] < count)
      return cudaErrorStreamCaptureUnjoined;
  }
  if (setting("HFC_FAKE_NO_CAPTURE", 0))
    return cudaErrorStreamCaptureInvalidated;
  *graph = new CUgraph_st{capture->work};
  return cudaSuccess;
}
cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus *status) {
  *status = stream->capture ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t *executable, cudaGraph_t graph, unsigned long long) {
  return *executable = new CUgraphExec_st{graph->work}, cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) { return delete graph, cudaSuccess; }
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph) { return delete graph, cudaSuccess; }
cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t stream) {
  for (const std::function<cudaError_t()> &work : graph->work)
    perform(stream->device, work);
  if (std::getenv("HFC_FAKE_TELL_GRAPHS"))
    std::fprintf(stderr, "fake: a graph of %zu\n", graph->work.size());
  return cudaSuccess;
}

//===-- Kernels -----------------------------------------------------------===//

cudaError_t cudaLibraryLoadData(cudaLibrary_t *library, const void *code, cudaJitOption *, void **, unsigned,
                                cudaLibraryOption *, void **, unsigned) {
  if (fake::isPtx(static_cast<const char *>(code))) {
    *library = new CUlib_st{nullptr, true, {}};
    return cudaSuccess;
  }
  auto *kernels = static_cast<const FakeKernels *>(code);
  // A compiled program's code cannot run here; all that the host does can.
  if (setting("HFC_FAKE_IDLE_KERNELS", 0))
    kernels = nullptr;
  else if (std::memcmp(kernels->magic, FAKE_KERNELS_MAGIC, sizeof kernels->magic) != 0)
    return cudaErrorInvalidKernelImage;
  *library = new CUlib_st{kernels, false, {}};
  return cudaSuccess;
}
cudaError_t cudaLibraryUnload(cudaLibrary_t library) { return delete library, cudaSuccess; }
cudaError_t cudaLibraryGetKernel(cudaKernel_t *kernel, cudaLibrary_t library, const char *name) {
  static const FakeKernel idle = {"", 0, [](void *const *) {}};
  CUkern_st found;
  if (library->isOwn)
    found.own = fake::findOwnKernel(name);
  else if (!library->kernels)
    found.kernel = &idle;
  else
    for (int32_t i = 0; i < library->kernels->count; ++i)
      if (std::string(library->kernels->list[i].name) == name)
        found.kernel = &library->kernels->list[i];
  if (!found.kernel && !found.own)
    return cudaErrorSymbolNotFound;
  library->handles.push_back(std::make_unique<CUkern_st>(found));
  return *kernel = library->handles.back().get(), cudaSuccess;
}
cudaError_t cudaFuncSetAttribute(const void *, cudaFuncAttribute, int) { return cudaSuccess; }
cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t *config, const void *function, void **arguments) {
  dim3 grid = config->gridDim, lanes = config->blockDim;
  cudaStream_t stream = config->stream;
  for (unsigned i = 0; i < config->numAttrs; ++i)
    if (config->attrs[i].id == cudaLaunchAttributeProgrammaticStreamSerialization && setting("HFC_FAKE_TELL_EARLY", 0))
      std::fprintf(stderr, "fake: an early launch\n");
  if (const fake::OwnKernel *own = static_cast<const CUkern_st *>(function)->own)
    return own->launch(grid, lanes, arguments[0], stream);
  const FakeKernel *kernel = static_cast<const CUkern_st *>(function)->kernel;
  std::vector<void *> pointers;
  for (int32_t i = 0; i < kernel->arguments; ++i)
    pointers.push_back(fake::hostAddress(*static_cast<void **>(arguments[i]), 1));
  for (void *each : pointers)
    if (!each)
      return cudaErrorInvalidValue;
  if (grid.x == 0 || lanes.x == 0 || lanes.x > 1024)
    return cudaErrorInvalidConfiguration;
  bool faults = setting("HFC_FAKE_FAULT", -1) == device;
  return fake::enqueue(stream, [=] {
    kernel->run(pointers.data());
    return faults ? cudaErrorIllegalAddress : cudaSuccess;
  });
}
}
