//===- Device.cpp - a rank on a GPU
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DriverMemory.h"
#include "Graphs.h"
#include "Memory.h"
#include "OwnKernels.h"
#include "Requirements.h"
#include "SmallOutputs.h"
#include "Staging.h"

#include <cstring>

namespace hfc::cuda {

namespace {
class CudaDevice : public host::Device {
public:
  explicit CudaDevice(const host::RankSetting &setting)
      : context(setting), graphs(context, setting.program->entries.size()), runs(setting.program->entries.size()) {}

  ~CudaDevice() override {
    select();
    if (context.setting.hasFailed && context.setting.hasFailed())
      context.communicators.revoke();
    context.streams.synchronize();
  }

  io::Status open(const Choice &choice) {
    context.ordinal = choice.ordinal;
    context.deviceName = choice.name;
    if (cudaError_t error = select(); error != cudaSuccess)
      return statusOf(error, "using " + choice.name);
    const host::RankSetting &setting = context.setting;
    io::Status status = context.streams.create(context.gpu.streams, context.gpu.events);
    if (status)
      status = staging.create();
    if (status)
      status = outputs.create(*setting.program);
    if (status)
      status = context.kernels.load(setting.symbol("hfc_program_cubin"), context.gpu);
    if (status)
      status = context.products.create(setting, choice.model, context.gpu.streams);
    return status;
  }

  bool isHost() const override { return false; }

  io::Status reserve(int64_t bytes, int64_t pieces, const std::string &what) override {
    select();
    int64_t constants = context.gpu.constants;
    io::Status status = memory.reserve(bytes + constants, pieces + 1,
                                       what + ", constants " + io::bytesToString(constants), context.deviceName,
                                       /*isShown=*/hasOthers());
    if (status)
      prepare();
    return status ? putConstants() : status;
  }

  io::Result<char *> allocate(int64_t bytes, bool) override { return memory.allocate(bytes); }

  io::Status clear(char *address, int64_t bytes) override {
    select();
    outputs.forget();
    cudaStream_t stream = context.streams[0];
    cudaError_t error = bytes ? cudaMemsetAsync(address, 0, bytes, stream) : cudaSuccess;
    return finish(error, "clearing memory");
  }

  io::Status read(void *host, const void *address, int64_t bytes) override {
    if (bytes == 0)
      return {};
    if (const char *found = outputs.find(address, bytes)) {
      std::memcpy(host, found, bytes);
      return {};
    }
    select();
    char *staged = staging.take(bytes);
    cudaError_t error = copy(staged ? staged : host, address, bytes, cudaMemcpyDeviceToHost);
    io::Status status = finish(error, "reading from " + context.deviceName);
    if (staged && status)
      std::memcpy(host, staged, bytes);
    return status;
  }

  io::Status write(void *address, const void *host, int64_t bytes) override {
    if (bytes == 0)
      return {};
    select();
    outputs.forget();
    context.attention.masks.written(address, host, bytes);
    std::string what = "writing to " + context.deviceName;
    char *staged = staging.take(bytes);
    if (!staged)
      return finish(copy(address, host, bytes, cudaMemcpyHostToDevice), what);
    // What reads it comes later on the same stream, or waits for that (see run).
    std::memcpy(staged, host, bytes);
    return statusOf(copy(address, staged, bytes, cudaMemcpyHostToDevice), what);
  }

  io::Status fill(char *address, const io::Draw &draw) override {
    select();
    outputs.forget();
    io::Status status = kernels.fill(address, draw, context.streams[0]);
    return status ? finish(cudaSuccess, "making random values on " + context.deviceName) : status;
  }

  io::Status convert(const void *source, hfc_dtype from, void *target, hfc_dtype to, int64_t count) override {
    select();
    outputs.forget();
    io::Status status = kernels.convert(source, from, target, to, count, context.streams[0]);
    return status ? finish(cudaSuccess, "converting values on " + context.deviceName) : status;
  }

  host::Outcome run(size_t entry, hfc_entry code, hfc_frame &frame) override {
    context.failure = {};
    outputs.forget();
    context.check(select(), "using " + context.deviceName);
    if (!isConnected && !context.hasFailed())
      connect();
    frame.context = &context;
    frame.constants = constants;
    frame.streams = context.streams.data();
    frame.communicators = context.communicators.data();
    context.watchdog.enter();
    context.products.enterRun(/*isEarly=*/runs[entry]++ < Graphs::eagerRuns);
    if (staging.inUse())
      context.check(context.streams.fork(), "waiting for inputs");
    const io::EntryInfo &info = context.setting.program->entries[entry];
    if (!context.hasFailed())
      queue(entry, code, frame);
    if (!context.hasFailed())
      queueOutputs(info, frame.arena);
    if (cudaError_t error = context.streams.synchronize(); error != cudaSuccess)
      context.check(error, "running '" + info.name + "' on " + context.deviceName);
    if (context.recorder.isOn() && !context.hasFailed())
      context.check(context.recorder.endEntry(), "reading when works were done");
    staging.release();
    if (context.hasFailed())
      outputs.forget();
    return context.failure;
  }

  host::CollectiveCount count(int64_t collective) const override {
    bool known = collective >= 0 && collective < int64_t(context.counts.size());
    return known ? context.counts[collective] : host::CollectiveCount();
  }

  void recordTimes(std::vector<hfc_work_time> *times) override {
    select();
    context.recorder.recordTo(times);
  }

  std::vector<hfc_memory_use> memoryUse() const override {
    std::vector<hfc_memory_use> uses = {{"program", memory.bytes()}};
    for (const hfc_memory_use &use : {hfc_memory_use{"cuBLASLt workspace", context.products.workspaceBytesInUse()},
                                      {"packed operands", context.products.packedBytes()},
                                      {"cuDNN workspace", context.attention.scratchBytes()}})
      if (use.bytes > 0)
        uses.push_back(use);
    return uses;
  }

  host::DriverMemory driverMemory() const override {
    select();
    return readDriverMemory(context.ordinal);
  }

private:
  /// Each call may come from another thread of the host's.
  cudaError_t select() const { return cudaSetDevice(context.ordinal); }

  cudaError_t copy(void *target, const void *source, int64_t bytes, cudaMemcpyKind kind) {
    return cudaMemcpyAsync(target, source, bytes, kind, context.streams[0]);
  }

  io::Status finish(cudaError_t error, const std::string &what) {
    if (error == cudaSuccess)
      error = cudaStreamSynchronize(context.streams[0]);
    staging.release();
    return error == cudaSuccess ? io::Status() : statusOf(error, what);
  }

  void queue(size_t entry, hfc_entry code, const hfc_frame &frame) {
    if (!context.recorder.isOn())
      return graphs.queue(entry, code, frame);
    if (context.check(context.recorder.beginEntry(entry, context.streams[0]), "noting when an entry begins"))
      code(&frame);
  }

  void queueOutputs(const io::EntryInfo &entry, const char *arena) {
    if (context.check(context.streams.join(), "joining streams"))
      context.check(outputs.queue(entry, arena, context.streams[0]), "reading small outputs");
  }

  io::Status putConstants() {
    int64_t bytes = context.gpu.constants;
    if (bytes == 0)
      return {};
    const void *values = context.setting.symbol("hfc_program_constants");
    if (!values)
      return io::Failure{"the program has no 'hfc_program_constants'; compile it again"};
    io::Result<char *> address = memory.allocate(bytes);
    if (!address)
      return io::Failure{"constants: " + address.error()};
    constants = *address;
    return write(*address, values, bytes);
  }

  /// Begins what takes long and can go on while weights are loaded.
  void prepare() {
    context.attention.prepare(context.setting, context.ordinal);
    // Ranks that are threads may be opened one after the other: they meet when they run.
    if (context.setting.localRanks == 1)
      beginConnecting();
  }

  bool hasOthers() const { return context.setting.ranks > 1 && context.setting.communicator; }

  /// All ranks come here. A failure is told by the first run.
  void beginConnecting() {
    hasMet = true;
    bool isReachable = false;
    if (hasOthers())
      meeting = meetOthers(context.setting, context.ordinal, memory.window().bytes, isReachable);
    if (meeting)
      meeting = context.communicators.begin(context.setting, context.ordinal,
                                            isReachable ? memory.window() : Memory::Window());
  }

  void connect() {
    isConnected = true;
    host::StartTimes::Part time(*context.setting.startTimes, "communicators");
    if (!hasMet)
      beginConnecting();
    context.keep(meeting);
    if (!context.hasFailed())
      context.keep(context.communicators.finish());
    if (!context.hasFailed() && !context.communicators.empty())
      context.keep(context.watchdog.start(context.setting, context.communicators, context.gpu.streams));
  }

  Memory memory;
  Staging staging;
  SmallOutputs outputs;
  OwnKernels kernels;
  hfc_context context;
  Graphs graphs;
  const char *constants = nullptr;
  /// How ranks met.
  host::Outcome meeting;
  bool hasMet = false, isConnected = false;
  /// Of each entry.
  std::vector<int64_t> runs;
};

io::Result<std::unique_ptr<host::Device>> openDevice(const host::RankSetting &setting) {
  io::Result<Choice> choice = chooseDevice(setting);
  if (!choice)
    return io::Failure{choice.error()};
  auto device = std::make_unique<CudaDevice>(setting);
  if (io::Status status = device->open(*choice); !status)
    return io::Failure{status.error()};
  return std::unique_ptr<host::Device>(std::move(device));
}

const host::Backend backend{host::backendStamp, openDevice};
} // namespace

} // namespace hfc::cuda

extern "C" const hfc::host::Backend *hfc_cuda_backend() { return &hfc::cuda::backend; }
