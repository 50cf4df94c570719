//===- Program.h - one rank of a program
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CPU_PROGRAM_H
#define HFC_LIB_RUNTIME_CPU_PROGRAM_H

#include "Context.h"
#include "Library.h"
#include "RankMemory.h"

#include "lib/Runtime/CPU/Comm/Communicator.h"

#include <mutex>

struct hfc_program {
  /// `world` is null for a program of one rank.
  static hfc::io::Result<std::unique_ptr<hfc_program>> create(std::shared_ptr<hfc::cpu::Library> library, int threads,
                                                              hfc::cpu::World *world, int rank);

  hfc_program(std::shared_ptr<hfc::cpu::Library> library, int threads, hfc::cpu::World *world, int rank);

  const hfc::io::ProgramInfo &info() const { return library->info; }

  std::shared_ptr<hfc::cpu::Library> library;
  /// Of a program that has collectives, but one rank.
  std::unique_ptr<hfc::cpu::World> alone;
  hfc::cpu::World *world;
  int rank;
  hfc_context context;
  std::unique_ptr<hfc::cpu::RankMemory> memory;
  /// This rank's place in each group.
  std::vector<int32_t> places;
  /// Entries share the arena and the threads.
  std::mutex running;
};

namespace hfc::cpu {

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

} // namespace hfc::cpu

#endif // HFC_LIB_RUNTIME_CPU_PROGRAM_H
