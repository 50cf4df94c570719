//===- Program.cpp - the embedding API: loads and runs programs
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Context.h"
#include "ProgramFile.h"

#include "hfc/Runtime/IO/Weights.h"

#include <algorithm>
#include <dlfcn.h>
#include <mutex>

using namespace hfc;

struct hfc_program {
  explicit hfc_program(int threads) : context(threads) {}
  ~hfc_program() {
    if (handle)
      dlclose(handle);
  }

  void *handle = nullptr;
  const char *json = nullptr;
  io::ProgramInfo info;
  hfc_context context;
  io::Memory arena;
  std::vector<io::Memory> stateMemory;
  std::vector<void *> states, parameters;
  std::vector<hfc_entry> entries;
  std::optional<io::Weights> weights;
  /// Entries share the arena and the threads.
  std::mutex running;
};

namespace {
/// Statuses are hfc-run's exit codes: 2 is the user's mistake, 3 ours.
constexpr hfc_status success = 0, userError = 2, internalError = 3;
/// Larger arenas get huge pages, which are rounded up to 2 MiB.
constexpr int64_t hugeArena = 32 << 20;

thread_local std::string lastError;

hfc_status fail(hfc_status status, std::string message) {
  lastError = std::move(message);
  return status;
}

io::Status allocateBuffers(hfc_program &program) {
  io::Result<io::Memory> arena = io::Memory::allocate(program.info.arena, program.info.arena >= hugeArena);
  if (!arena)
    return io::Failure{"the arena: " + arena.error()};
  program.arena = std::move(*arena);
  // States are touched as far as they are used: a KV cache costs what stands in it.
  for (const io::TensorInfo &state : program.info.states) {
    io::Result<io::Memory> memory = io::Memory::allocate(state.bytes(), /*huge=*/false);
    if (!memory)
      return io::Failure{"state '" + state.name + "': " + memory.error()};
    program.states.push_back(memory->data());
    program.stateMemory.push_back(std::move(*memory));
  }
  program.parameters.assign(program.info.parameters.size(), nullptr);
  return {};
}

io::Status loadLibrary(hfc_program &program, const std::string &path) {
  // Without a slash, dlopen would search the system's folders.
  std::string file = path.find('/') == std::string::npos ? "./" + path : path;
  program.handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!program.handle)
    return io::Failure{"cannot load '" + path + "': " + dlerror()};
  program.json = static_cast<const char *>(dlsym(program.handle, "hfc_program_json"));
  for (const io::EntryInfo &entry : program.info.entries) {
    void *symbol = dlsym(program.handle, entry.symbol.c_str());
    if (!symbol)
      return io::Failure{"cannot load '" + path + "': it lacks its entry '" + entry.symbol + "'"};
    program.entries.push_back(reinterpret_cast<hfc_entry>(symbol));
  }
  return {};
}

/// The bytes of an input or output in the arena.
template <typename Find>
char *findBinding(const hfc_program *program, const char *entryName, Find find) {
  const io::EntryInfo *entry = program->info.findEntry(entryName);
  const io::BindingInfo *binding = entry ? find(*entry) : nullptr;
  return binding ? program->arena.data() + binding->offset : nullptr;
}

/// Nothing may be thrown across the C ABI; what can still happen is that memory runs out.
template <typename Body>
hfc_status guarded(Body body) {
  try {
    return body();
  } catch (const std::exception &exception) {
    return fail(internalError, exception.what());
  }
}

hfc_status open(const char *path, int threads, hfc_program **result) {
  io::Result<io::ProgramInfo> info = cpu::inspectProgram(path);
  if (!info)
    return fail(userError, info.error());
  auto program = std::make_unique<hfc_program>(threads);
  program->info = std::move(*info);
  if (io::Status status = loadLibrary(*program, path); !status)
    return fail(userError, status.error());
  if (io::Status status = allocateBuffers(*program); !status)
    return fail(userError, status.error());
  *result = program.release();
  return success;
}

hfc_status loadWeights(hfc_program *program, const char *path, hfc_progress progress, void *user) {
  io::Progress report;
  if (progress)
    report = [=](const char *what, int64_t done, int64_t total) { progress(user, what, done, total); };
  io::Result<io::Weights> weights = io::Weights::load(program->info, path, report);
  if (!weights)
    return fail(userError, weights.error());
  program->weights = std::move(*weights);
  const std::vector<const void *> &data = program->weights->data();
  std::transform(data.begin(), data.end(), program->parameters.begin(),
                 [](const void *each) { return const_cast<void *>(each); });
  return success;
}

hfc_status run(hfc_program *program, const char *name) {
  const io::EntryInfo *entry = program->info.findEntry(name);
  if (!entry)
    return fail(userError, std::string("the program has no entry '") + name + "'");
  for (size_t i = 0; i < program->parameters.size(); ++i)
    if (!program->parameters[i] && program->info.parameters[i].bytes() > 0)
      return fail(userError, "parameter '" + program->info.parameters[i].name + "' has no values yet");
  std::lock_guard<std::mutex> lock(program->running);
  hfc_frame frame{&program->context, program->arena.data(), program->parameters.data(), program->states.data(),
                  nullptr};
  program->entries[entry - program->info.entries.data()](&frame);
  return success;
}
} // namespace

const char *hfc_last_error(void) { return lastError.c_str(); }

hfc_status hfc_program_open(const char *path, int threads, hfc_program **program) {
  return guarded([&] { return open(path, threads, program); });
}

void hfc_program_close(hfc_program *program) { delete program; }

const char *hfc_program_metadata(const hfc_program *program) { return program->json; }

hfc_status hfc_program_load_weights(hfc_program *program, const char *path, hfc_progress progress, void *user) {
  return guarded([&] { return loadWeights(program, path, progress, user); });
}

hfc_status hfc_program_bind_parameter(hfc_program *program, const char *name, const void *data) {
  const std::vector<io::ParameterInfo> &list = program->info.parameters;
  auto it = std::find_if(list.begin(), list.end(), [&](const io::ParameterInfo &each) { return each.name == name; });
  if (it == list.end())
    return fail(userError, std::string("the program has no parameter '") + name + "'");
  program->parameters[it - list.begin()] = const_cast<void *>(data);
  return success;
}

void *hfc_program_input(hfc_program *program, const char *entry, const char *name) {
  return findBinding(program, entry, [&](const io::EntryInfo &each) { return each.findInput(name); });
}

const void *hfc_program_output(hfc_program *program, const char *entry, const char *name) {
  return findBinding(program, entry, [&](const io::EntryInfo &each) { return each.findOutput(name); });
}

hfc_status hfc_program_run(hfc_program *program, const char *entry) {
  return guarded([&] { return run(program, entry); });
}

hfc_status hfc_program_reset(hfc_program *program) {
  for (io::Memory &memory : program->stateMemory)
    memory.clear();
  return success;
}
