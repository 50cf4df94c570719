//===- Worlds.cpp - the embedding API of several ranks
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Futex.h"
#include "Program.h"
#include "ProgramFile.h"

#include "lib/Runtime/Host/Comm/TcpWorld.h"

using namespace hfc;
using namespace hfc::host;

struct hfc_world {
  std::unique_ptr<World> ranks;
};

namespace {
hfc_status join(const MeetingPoint &point, double timeout, hfc_world **world) {
  io::Result<std::unique_ptr<World>> made = makeTcpWorld(point, timeout);
  if (!made)
    return fail(rankFailure, made.error());
  *world = new hfc_world{std::move(*made)};
  return success;
}

hfc_status openProgram(World &world, const char *path, int threads, int ranksOnHost, hfc_program **programs) {
  StartTimes::Clock::time_point begin = StartTimes::Clock::now();
  io::Result<std::shared_ptr<Library>> library = Library::open(path);
  StartTimes::Clock::duration loading = StartTimes::Clock::now() - begin;
  if (!library)
    return fail(userError, library.error());
  const io::Mesh &mesh = (*library)->info.mesh;
  if (mesh.ranks() != world.ranks)
    return fail(userError, "'" + std::string(path) + "' is for " + std::to_string(mesh.ranks()) +
                               (mesh.axes.empty() ? " rank" : " ranks (--mesh=" + mesh.toString() + ")") +
                               ", and there are " + std::to_string(world.ranks));
  int sharing = ranksOnHost > 0 ? ranksOnHost : world.localRanks;
  if (threads <= 0)
    threads = std::max(1, usableCores() / sharing);
  std::vector<std::unique_ptr<hfc_program>> opened;
  for (int i = 0; i < world.localRanks; ++i) {
    io::Result<std::unique_ptr<hfc_program>> program =
        hfc_program::create(*library, threads, &world, world.firstLocal + i);
    if (!program)
      return fail(userError, program.error());
    (*program)->startTimes.add("loading", loading);
    opened.push_back(std::move(*program));
  }
  for (int i = 0; i < world.localRanks; ++i)
    programs[i] = opened[i].release();
  return success;
}
} // namespace

hfc_status hfc_program_count_ranks(const char *path, int *ranks) {
  return guarded([&] {
    io::Result<io::ProgramInfo> info = inspectProgram(path);
    if (!info)
      return fail(userError, info.error());
    *ranks = int(info->mesh.ranks());
    return success;
  });
}

hfc_status hfc_program_uses_gpu(const char *path, int *uses) {
  return guarded([&] {
    io::Result<io::ProgramInfo> info = inspectProgram(path);
    if (!info)
      return fail(userError, info.error());
    *uses = info->gpu.has_value();
    return success;
  });
}

hfc_status hfc_world_create(int ranks, double timeout, hfc_world **world) {
  return guarded([&] {
    *world = new hfc_world{makeThreadWorld(ranks, timeout)};
    return success;
  });
}

hfc_status hfc_world_join(int rank, int ranks, const char *address, int port, const char *job, double timeout,
                          hfc_world **world) {
  return guarded([&] { return join({rank, ranks, address, port, job ? job : ""}, timeout, world); });
}

void hfc_world_close(hfc_world *world) { delete world; }

void hfc_world_local_ranks(const hfc_world *world, int *first, int *count) {
  *first = world->ranks->firstLocal;
  *count = world->ranks->localRanks;
}

void hfc_world_on_failure(hfc_world *world, hfc_failure failed, void *user) {
  world->ranks->onFailure(
      [=](hfc_status status, const std::string &message) { failed(user, status, message.c_str()); });
}

void hfc_world_fail(hfc_world *world, hfc_status status, const char *message) { world->ranks->fail(status, message); }

hfc_status hfc_world_open_program(hfc_world *world, const char *path, int threads, int ranks_on_host,
                                  hfc_program **programs) {
  hfc_status status = guarded([&] { return openProgram(*world->ranks, path, threads, ranks_on_host, programs); });
  // The others would only see this one end.
  if (status != success)
    world->ranks->fail(status, hfc_last_error());
  return status;
}
