//===- Program.h - one rank of a program
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_HOST_PROGRAM_H
#define HFC_LIB_RUNTIME_HOST_PROGRAM_H

#include "Library.h"
#include "RankMemory.h"

#include <mutex>

struct hfc_program {
  /// `world` is null for a program of one rank.
  static hfc::io::Result<std::unique_ptr<hfc_program>> create(std::shared_ptr<hfc::host::Library> library, int threads,
                                                              hfc::host::World *world, int rank);
  /// Values of parameters come from `source`.
  hfc_status takeWeights(const std::function<hfc::io::Status()> &source);
  /// States begin, if they have not yet.
  hfc::io::Status startStates();
  hfc::host::Outcome runEntry(size_t number);

  const hfc::io::ProgramInfo &info() const { return library->info; }

  std::shared_ptr<hfc::host::Library> library;
  /// Of a program that has collectives, but one rank.
  std::unique_ptr<hfc::host::World> alone;
  hfc::host::World *world;
  int rank;
  /// Null where there is no world.
  std::unique_ptr<hfc::host::Communicator> communicator;
  hfc::host::StartTimes startTimes;
  std::unique_ptr<hfc::host::Device> device;
  std::unique_ptr<hfc::host::RankMemory> memory;
  /// This rank's place in each group; where entries read them.
  std::vector<int32_t> places;
  const int32_t *placesOnDevice = nullptr;
  /// Entries that have run.
  std::vector<bool> hasRun;
  /// What the last call was told.
  std::vector<hfc_memory_use> memoryUse;
  /// Of recorded runs.
  std::vector<hfc_work_time> times;
  /// Entries share the arena and the device.
  std::mutex running;

private:
  hfc_program(std::shared_ptr<hfc::host::Library> library, hfc::host::World *world, int rank);
  hfc::host::RankSetting setting(int threads);
  hfc::io::Status putPlaces();
};

namespace hfc::host {

constexpr hfc_status success = 0, userError = 2, internalError = 3;

/// Remembers the message for hfc_last_error.
hfc_status fail(hfc_status status, std::string message);

/// Nothing may be thrown across the C ABI; what can still happen is that memory runs out.
template <typename Body>
hfc_status guarded(Body body) {
  try {
    return body();
  } catch (const std::exception &exception) {
    return fail(internalError, exception.what());
  }
}

} // namespace hfc::host

#endif // HFC_LIB_RUNTIME_HOST_PROGRAM_H
