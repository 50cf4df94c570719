//===- CpuDevice.cpp - a rank on the CPU: host memory, and threads
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CpuDevice.h"

#include "Context.h"

#include "hfc/Runtime/IO/File.h"
#include "hfc/Runtime/IO/FillOnHost.h"

#include <cstring>
#include <map>

namespace hfc::cpu {

namespace {
/// Larger memory that is written whole gets huge pages, which are rounded up to 2 MiB.
constexpr int64_t hugeBytes = 32 << 20;

class CpuDevice : public host::Device {
public:
  explicit CpuDevice(const host::RankSetting &setting) : context(setting.threads) {
    context.communicator = setting.communicator;
    context.counts.resize(setting.program->collectives.size());
  }

  bool isHost() const override { return true; }

  io::Status reserve(int64_t, int64_t, const std::string &) override { return {}; }

  io::Result<char *> allocate(int64_t bytes, bool whole) override {
    io::Result<io::Memory> memory = io::Memory::allocate(bytes, whole && bytes >= hugeBytes);
    if (!memory)
      return io::Failure{memory.error()};
    char *address = memory->data();
    allocations[address] = std::move(*memory);
    return address;
  }

  io::Status clear(char *address, int64_t bytes) override {
    // Whole allocations are given back, so that they are untouched again.
    auto found = allocations.find(address);
    if (found != allocations.end() && found->second.size() == bytes)
      found->second.clear();
    else
      std::memset(address, 0, bytes);
    return {};
  }

  io::Status read(void *host, const void *address, int64_t bytes) override {
    if (bytes)
      std::memcpy(host, address, bytes);
    return {};
  }
  io::Status write(void *address, const void *host, int64_t bytes) override {
    if (bytes)
      std::memcpy(address, host, bytes);
    return {};
  }

  io::Status fill(char *address, const io::Draw &draw) override {
    io::fillOnHost(draw, address);
    return {};
  }
  io::Status convert(const void *source, hfc_dtype from, void *target, hfc_dtype to, int64_t count) override {
    io::convertFloats(source, from, 1, target, to, count);
    return {};
  }

  /// A collective that fails is the world's failure, which the caller reports.
  host::Outcome run(size_t entry, hfc_entry code, hfc_frame &frame) override {
    frame.context = &context;
    context.recorder.entry(entry, [&] { code(&frame); });
    return {};
  }

  host::CollectiveCount count(int64_t collective) const override {
    bool known = collective >= 0 && collective < int64_t(context.counts.size());
    return known ? context.counts[collective] : host::CollectiveCount();
  }

  void recordTimes(std::vector<hfc_work_time> *times) override { context.recorder.recordTo(times); }

private:
  hfc_context context;
  /// By their addresses. Memory of no bytes has none.
  std::map<char *, io::Memory> allocations;
};
} // namespace

io::Result<std::unique_ptr<host::Device>> openDevice(const host::RankSetting &setting) {
  return std::unique_ptr<host::Device>(std::make_unique<CpuDevice>(setting));
}

} // namespace hfc::cpu

void hfc_rt_collective(hfc_context *context, const hfc_collective *collective, const void *const *ins,
                       void *const *outs) {
  if (size_t(collective->id) < context->counts.size()) {
    hfc::host::CollectiveCount &count = context->counts[collective->id];
    ++count.executed;
    count.bytes += hfc::host::messageBytes(*collective);
  }
  context->recorder.work([&] {
    if (context->communicator)
      // A failure is the world's; hfc_program_run reports it.
      context->communicator->run(*collective, ins, outs);
  });
}
