//===- Program.cpp - the embedding API of one rank: loads and runs programs
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Program.h"

#include <algorithm>

using namespace hfc;
using namespace hfc::host;

namespace {
thread_local std::string lastError;

/// "all_reduce 3 over tp of model.layers.0.mlp.down_proj, layer 0 (row-parallel output) in forward, 4096 bytes".
std::string describe(const io::ProgramInfo &info, const std::string &kind, int64_t id, int64_t bytes) {
  std::string text = kind + " " + std::to_string(id);
  if (size_t(id) < info.collectives.size()) {
    const io::CollectiveInfo &collective = info.collectives[id];
    text += " over " + io::toString(info.groups[collective.group], info.mesh);
    if (!collective.path.empty())
      text += " of " + collective.path;
    if (collective.block)
      text += ", layer " + std::to_string(*collective.block);
    if (!collective.cause.empty())
      text += " (" + collective.cause + ")";
    text += " in " + collective.entry;
  }
  return text + ", " + std::to_string(bytes) + " bytes";
}

std::string describe(const io::ProgramInfo &info, const CollectiveHeader &header) {
  if (header.id < 0)
    return header.kind == gatherKind ? "the gathering of results" : "the handing out of rank 0's choices";
  return describe(info, nameOf(hfc_collective_kind(header.kind)), header.id, header.bytes);
}

std::vector<RankGroup> groupsOf(const io::ProgramInfo &info, int rank) {
  std::vector<RankGroup> groups;
  for (size_t i = 0; i < info.groups.size(); ++i)
    groups.push_back({int(i), info.mesh.groupOf(rank, info.groups[i]), int(info.mesh.placeOf(rank, info.groups[i]))});
  return groups;
}

/// The bytes of an input or output in the arena.
template <typename Find>
char *findBinding(const hfc_program *program, const char *entryName, Find find) {
  const io::EntryInfo *entry = program->info().findEntry(entryName);
  const io::BindingInfo *binding = entry ? find(*entry) : nullptr;
  return binding ? program->memory->arena() + binding->offset : nullptr;
}

template <typename List>
void *findPointer(const List &list, const std::vector<void *> &pointers, const char *name) {
  auto it = std::find_if(list.begin(), list.end(), [&](const auto &each) { return each.name == name; });
  return it == list.end() ? nullptr : pointers[it - list.begin()];
}

io::Progress progressOf(hfc_progress progress, void *user) {
  if (!progress)
    return {};
  return [=](const char *what, int64_t done, int64_t total) { progress(user, what, done, total); };
}

hfc_status statusOf(const io::Status &status) { return status ? success : fail(userError, status.error()); }
hfc_status internalOf(const io::Status &status) { return status ? success : fail(internalError, status.error()); }

hfc_status open(const char *path, int threads, hfc_program **result) {
  StartTimes::Clock::time_point begin = StartTimes::Clock::now();
  io::Result<std::shared_ptr<Library>> library = Library::open(path);
  if (!library)
    return fail(userError, library.error());
  StartTimes::Clock::duration loading = StartTimes::Clock::now() - begin;
  const io::Mesh &mesh = (*library)->info.mesh;
  if (mesh.ranks() > 1)
    return fail(userError, "'" + std::string(path) + "' is for " + std::to_string(mesh.ranks()) +
                               " ranks (--mesh=" + mesh.toString() + "); open it with hfc_world_open_program");
  io::Result<std::unique_ptr<hfc_program>> program = hfc_program::create(std::move(*library), threads, nullptr, 0);
  if (!program)
    return fail(userError, program.error());
  (*program)->startTimes.add("loading", loading);
  *result = program->release();
  return success;
}

hfc_status failureOf(World &world) {
  auto [status, message] = world.failure();
  return fail(status, message);
}

hfc_status run(hfc_program *program, const char *name) {
  const io::EntryInfo *entry = program->info().findEntry(name);
  if (!entry)
    return fail(userError, std::string("the program has no entry '") + name + "'");
  if (const io::ParameterInfo *unbound = program->memory->findUnbound())
    return fail(userError, "parameter '" + unbound->name + "' has no values yet");
  std::lock_guard<std::mutex> lock(program->running);
  if (io::Status status = program->startStates(); !status)
    return fail(internalError, status.error());
  Outcome outcome = program->runEntry(entry - program->info().entries.data());
  if (!outcome && !program->world)
    return fail(outcome.status, outcome.message);
  if (!outcome)
    program->world->fail(outcome.status, outcome.message);
  return program->world && program->world->failed() ? failureOf(*program->world) : success;
}

hfc_status gather(hfc_program *program, const void *piece, const int64_t *bytes, void *const *targets) {
  if (!program->world) {
    if (piece != targets[0])
      std::memcpy(targets[0], piece, bytes[0]);
    return success;
  }
  std::vector<int64_t> sizes(bytes, bytes + program->world->ranks);
  return program->communicator->gather(piece, sizes, targets) ? success : failureOf(*program->world);
}
} // namespace

hfc_status hfc::host::fail(hfc_status status, std::string message) {
  lastError = std::move(message);
  return status;
}

hfc_program::hfc_program(std::shared_ptr<Library> loaded, World *world, int rank)
    : library(std::move(loaded)), world(world), rank(rank), hasRun(info().entries.size()) {
  for (const io::Axes &axes : info().groups)
    places.push_back(int32_t(info().mesh.placeOf(rank, axes)));
  if (!world && !info().groups.empty()) {
    alone = makeThreadWorld(1, /*timeout=*/1);
    this->world = alone.get();
  }
  if (!this->world)
    return;
  // The library lives as long as the program, and so as long as its communicator.
  auto describeOf = [library = library](const CollectiveHeader &header) { return describe(library->info, header); };
  communicator = makeHostCommunicator(*this->world, rank, groupsOf(info(), rank), describeOf);
}

RankSetting hfc_program::setting(int threads) {
  RankSetting setting;
  setting.program = &info();
  setting.symbol = [library = library.get()](const char *name) { return library->symbol(name); };
  setting.threads = threads;
  setting.rank = rank;
  setting.startTimes = &startTimes;
  if (!world)
    return setting;
  setting.ranks = world->ranks;
  setting.localPlace = rank - world->firstLocal;
  setting.localRanks = world->localRanks;
  setting.communicator = communicator.get();
  setting.hasFailed = [world = world] { return world->failed(); };
  setting.fail = [world = world](hfc_status status, const std::string &message) { world->fail(status, message); };
  setting.patience = std::chrono::duration<double>(world->patience(CollectiveHeader())).count();
  setting.describe = [library = library.get()](int64_t id) {
    const io::CollectiveInfo &collective = library->info.collectives[id];
    return describe(library->info, collective.kind, id, collective.bytes);
  };
  return setting;
}

/// Entries read places where the device can.
io::Status hfc_program::putPlaces() {
  placesOnDevice = places.data();
  if (device->isHost() || places.empty())
    return {};
  int64_t bytes = int64_t(places.size() * sizeof(int32_t));
  io::Result<char *> address = device->allocate(bytes, /*whole=*/true);
  if (!address)
    return io::Failure{address.error()};
  placesOnDevice = reinterpret_cast<const int32_t *>(*address);
  return device->write(*address, places.data(), bytes);
}

io::Result<std::unique_ptr<hfc_program>> hfc_program::create(std::shared_ptr<Library> library, int threads,
                                                             World *world, int rank) {
  std::unique_ptr<hfc_program> program(new hfc_program(std::move(library), world, rank));
  {
    StartTimes::Part time(program->startTimes, "device");
    io::Result<std::unique_ptr<Device>> device = program->library->openDevice(program->setting(threads));
    if (!device)
      return io::Failure{device.error()};
    program->device = std::move(*device);
  }
  StartTimes::Part time(program->startTimes, "memory");
  io::Result<std::unique_ptr<RankMemory>> memory = RankMemory::allocate(program->info(), rank, *program->device);
  if (!memory)
    return io::Failure{memory.error()};
  program->memory = std::move(*memory);
  if (io::Status status = program->putPlaces(); !status)
    return io::Failure{status.error()};
  return program;
}

hfc_status hfc_program::takeWeights(const std::function<io::Status()> &source) {
  StartTimes::Part time(startTimes, "weights");
  return statusOf(source());
}

io::Status hfc_program::startStates() {
  StartTimes::Part time(startTimes, "states");
  return memory->startStates();
}

Outcome hfc_program::runEntry(size_t number) {
  hfc_frame frame{};
  frame.arena = memory->arena();
  frame.parameters = memory->parameters().data();
  frame.states = memory->states().data();
  frame.places = placesOnDevice;
  auto run = [&] { return device->run(number, library->entries[number], frame); };
  if (hasRun[number])
    return run();
  hasRun[number] = true;
  StartTimes::Part time(startTimes, "first runs");
  return run();
}

const char *hfc_last_error(void) { return lastError.c_str(); }

hfc_status hfc_program_open(const char *path, int threads, hfc_program **program) {
  return guarded([&] { return open(path, threads, program); });
}

void hfc_program_close(hfc_program *program) { delete program; }

const char *hfc_program_metadata(const hfc_program *program) { return program->library->json; }

hfc_status hfc_program_load_weights(hfc_program *program, const char *path, hfc_progress progress, void *user) {
  return guarded([&] {
    return program->takeWeights([&] { return program->memory->loadWeights(path, progressOf(progress, user)); });
  });
}

hfc_status hfc_program_random_weights(hfc_program *program, uint64_t seed, hfc_progress progress, void *user) {
  return guarded([&] {
    return program->takeWeights([&] { return program->memory->randomWeights(seed, progressOf(progress, user)); });
  });
}

hfc_status hfc_program_bind_parameter(hfc_program *program, const char *name, const void *data) {
  const io::ParameterInfo *parameter = program->info().findParameter(name);
  if (!parameter)
    return fail(userError, std::string("the program has no parameter '") + name + "'");
  return guarded([&] { return statusOf(program->memory->bind(parameter - program->info().parameters.data(), data)); });
}

void *hfc_program_input(hfc_program *program, const char *entry, const char *name) {
  return findBinding(program, entry, [&](const io::EntryInfo &each) { return each.findInput(name); });
}

const void *hfc_program_output(hfc_program *program, const char *entry, const char *name) {
  return findBinding(program, entry, [&](const io::EntryInfo &each) { return each.findOutput(name); });
}

void *hfc_program_parameter(hfc_program *program, const char *name) {
  return findPointer(program->info().parameters, program->memory->parameters(), name);
}

void *hfc_program_state(hfc_program *program, const char *name) {
  // What the caller writes must not be overwritten by the state's beginning later.
  if (!program->memory->findUnbound())
    if (io::Status status = program->startStates(); !status) {
      fail(internalError, status.error());
      return nullptr;
    }
  return findPointer(program->info().states, program->memory->states(), name);
}

hfc_status hfc_program_read(hfc_program *program, void *host, const void *address, int64_t bytes) {
  return guarded([&] { return internalOf(program->device->read(host, address, bytes)); });
}

hfc_status hfc_program_write(hfc_program *program, void *address, const void *host, int64_t bytes) {
  return guarded([&] { return internalOf(program->device->write(address, host, bytes)); });
}

int64_t hfc_program_collective_count(const hfc_program *program, int64_t id) {
  return program->device->count(id).executed;
}

int64_t hfc_program_collective_bytes(const hfc_program *program, int64_t id) {
  return program->device->count(id).bytes;
}

hfc_status hfc_program_run(hfc_program *program, const char *entry) {
  return guarded([&] { return run(program, entry); });
}

hfc_status hfc_program_profile(hfc_program *program, int on) {
  std::lock_guard<std::mutex> lock(program->running);
  program->device->recordTimes(on ? &program->times : nullptr);
  return success;
}

const hfc_work_time *hfc_program_work_times(const hfc_program *program, int64_t *count) {
  *count = int64_t(program->times.size());
  return program->times.data();
}

const hfc_start_time *hfc_program_start_times(hfc_program *program, int64_t *count) {
  const std::vector<hfc_start_time> &lines = program->startTimes.lines();
  *count = int64_t(lines.size());
  return lines.data();
}

const hfc_memory_use *hfc_program_memory(hfc_program *program, int64_t *count) {
  program->memoryUse = program->device->memoryUse();
  *count = int64_t(program->memoryUse.size());
  return program->memoryUse.data();
}

int64_t hfc_program_device_memory(hfc_program *program, const char **source) {
  DriverMemory memory = program->device->driverMemory();
  *source = memory.source;
  return memory.bytes;
}

hfc_status hfc_program_reset(hfc_program *program) {
  return guarded([&] { return internalOf(program->memory->resetStates()); });
}

hfc_status hfc_program_broadcast(hfc_program *program, void *data, int64_t bytes) {
  return guarded([&] {
    bool alone = !program->world;
    return alone || program->communicator->broadcast(data, bytes) ? success : failureOf(*program->world);
  });
}

hfc_status hfc_program_gather(hfc_program *program, const void *piece, const int64_t *bytes, void *const *targets) {
  return guarded([&] { return gather(program, piece, bytes, targets); });
}
