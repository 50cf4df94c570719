//===- Device.h - where a rank's memory is and its entries run
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_HOST_DEVICE_H
#define HFC_LIB_RUNTIME_HOST_DEVICE_H

#include "lib/Runtime/Host/Comm/Communicator.h"
#include "lib/Runtime/Host/StartTimes.h"

#include "hfc/Runtime/IO/Draw.h"
#include "hfc/Runtime/IO/Metadata.h"
#include "hfc/Runtime/hfc_profile.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace hfc::host {

/// What a rank has done of one collective.
struct CollectiveCount {
  int64_t executed = 0, bytes = 0;
};

/// Success, or a status of the embedding API and its message.
struct Outcome {
  hfc_status status = 0;
  std::string message;

  explicit operator bool() const { return status == 0; }
};

/// Bytes of a device's memory that are in use, and who says so.
struct DriverMemory {
  int64_t bytes = 0;
  const char *source = "";
};

/// What a device knows of the rank that it works for. All of it outlives the device.
struct RankSetting {
  const io::ProgramInfo *program = nullptr;
  /// An exported object or function of the program, or null.
  std::function<const void *(const char *name)> symbol;
  int rank = 0, ranks = 1;
  /// Its place among the ranks of this process, and how many these are.
  int localPlace = 0, localRanks = 1;
  /// The CPU's; 0: as many as there are cores.
  int threads = 0;
  /// Of host memory. Null for a program that knows no other ranks, and then these are empty, too.
  Communicator *communicator = nullptr;
  std::function<bool()> hasFailed;
  std::function<void(hfc_status, const std::string &)> fail;
  /// Seconds that a rank waits for others in a program's collectives.
  double patience = 0;
  /// What a person wants to know of the collective of that number.
  std::function<std::string(int64_t id)> describe;
  StartTimes *startTimes = nullptr;
};

/// A rank's memory, and what runs its entries: the CPU, or a GPU. One thread at a time uses it.
class Device {
public:
  virtual ~Device() = default;

  /// Whether the host reads and writes this device's memory as its own.
  virtual bool isHost() const = 0;

  /// `pieces` allocations, `bytes` in all, will follow. `what` is a list of what they are for.
  virtual io::Status reserve(int64_t bytes, int64_t pieces, const std::string &what) = 0;
  /// Zeroed memory that lasts as long as the device. `whole`: all of it will be written soon.
  virtual io::Result<char *> allocate(int64_t bytes, bool whole) = 0;
  /// Zero again: an allocation, or a part of one.
  virtual io::Status clear(char *address, int64_t bytes) = 0;
  virtual io::Status read(void *host, const void *address, int64_t bytes) = 0;
  virtual io::Status write(void *address, const void *host, int64_t bytes) = 0;
  /// Random values: the same bits on every device.
  virtual io::Status fill(char *address, const io::Draw &draw) = 0;
  /// From memory of this device to memory of this device, as `io::convertFloats` does.
  virtual io::Status convert(const void *source, hfc_dtype from, void *target, hfc_dtype to, int64_t count) = 0;

  /// Runs the entry of that number and returns when its work is done. The frame lacks what is the device's.
  virtual Outcome run(size_t entry, hfc_entry code, hfc_frame &frame) = 0;

  virtual CollectiveCount count(int64_t collective) const = 0;

  /// From now on runs add to `times` when they did each of their works, until this is called with null.
  virtual void recordTimes(std::vector<hfc_work_time> *times) = 0;

  /// What it has allocated, and what its driver sees; nothing where memory is the host's.
  virtual std::vector<hfc_memory_use> memoryUse() const { return {}; }
  virtual DriverMemory driverMemory() const { return {}; }
};

/// A kind of device. What a library other than this one gives is of the same build if the stamp is `backendStamp`.
struct Backend {
  const char *stamp;
  io::Result<std::unique_ptr<Device>> (*open)(const RankSetting &setting);
};
extern const char backendStamp[];

} // namespace hfc::host

#endif // HFC_LIB_RUNTIME_HOST_DEVICE_H
