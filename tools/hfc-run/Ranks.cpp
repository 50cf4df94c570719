//===- Ranks.cpp - the program's ranks in this process
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ranks.h"

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace hfc::run {

namespace {
/// How long ranks that were told of a failure may take to come back before the process ends without them.
constexpr std::chrono::milliseconds patience{300};

/// How a launcher tells a process which rank it is; some do not tell how many share its host.
struct Launcher {
  const char *rank, *ranks, *ranksOnHost;
};
constexpr Launcher launchers[] = {{"RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE"},
                                  {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"},
                                  {"PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS"},
                                  // Only srun sets the second; a batch script has SLURM_NTASKS, too.
                                  {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", nullptr}};

int readNumber(const char *variable, int least, int most) {
  const char *text = std::getenv(variable);
  char *end = nullptr;
  long value = text ? std::strtol(text, &end, 10) : -1;
  if (!text || !*text || *end || value < least || value > most)
    throw Error(std::string("the variable ") + variable + " must be an integer from " + std::to_string(least) + " to " +
                std::to_string(most) + (text ? std::string(", not '") + text + "'" : ", and is not set"));
  return int(value);
}

/// The launcher under which this process runs, or null.
const Launcher *findLauncher() {
  for (const Launcher &launcher : launchers)
    if (std::getenv(launcher.rank) && std::getenv(launcher.ranks))
      return &launcher;
  return nullptr;
}

void joinWorld(const Launcher &launcher, int count, double timeout, hfc_world **world) {
  int ranks = readNumber(launcher.ranks, 1, 1 << 20), rank = readNumber(launcher.rank, 0, ranks - 1);
  if (ranks != count)
    throw Error("the program is for " + std::to_string(count) + (count == 1 ? " rank" : " ranks") + ", and " +
                launcher.ranks + " is " + std::to_string(ranks));
  const char *address = std::getenv("MASTER_ADDR");
  if (!address || !*address)
    throw Error("which host has rank 0? the variable MASTER_ADDR is not set (under srun: the first of "
                "scontrol show hostnames)");
  int port = readNumber("MASTER_PORT", 1, 65535 - 16);
  // torchrun's agent keeps its own store at this port.
  const char *agent = std::getenv("TORCHELASTIC_USE_AGENT_STORE");
  port += agent && std::string(agent) == "True";
  std::string job;
  for (const char *variable : {"TORCHELASTIC_RUN_ID", "TORCHELASTIC_RESTART_COUNT"})
    if (const char *text = std::getenv(variable))
      job += std::string(text) + "/";
  checkStatus(hfc_world_join(rank, ranks, address, port, job.c_str(), timeout, world));
}
} // namespace

void checkStatus(hfc_status status) {
  if (status != done)
    throw Error(hfc_last_error(), ExitCode(status));
}

void Rank::run(const std::string &entry) const { checkStatus(hfc_program_run(program.get(), entry.c_str())); }

void Rank::read(void *host, const void *address, int64_t bytes) const {
  checkStatus(hfc_program_read(program.get(), host, address, bytes));
}

void Rank::write(void *address, const void *host, int64_t bytes) const {
  checkStatus(hfc_program_write(program.get(), address, host, bytes));
}

const char *Rank::view(const void *address, int64_t bytes, std::vector<char> &buffer) const {
  if (isHost)
    return static_cast<const char *>(address);
  buffer.resize(bytes);
  read(buffer.data(), address, bytes);
  return buffer.data();
}

void Rank::gather(const void *piece, const std::vector<int64_t> &bytes, const std::vector<void *> &targets) const {
  checkStatus(hfc_program_gather(program.get(), piece, bytes.data(), targets.data()));
}

void Rank::broadcast(void *data, int64_t bytes) const {
  checkStatus(hfc_program_broadcast(program.get(), data, bytes));
}

/// What ranks here and elsewhere have said.
struct Ranks::Failure {
  std::mutex mutex;
  std::condition_variable changed;
  bool failed = false;
  std::string message;
  ExitCode code = internalError;
};

/// One `forEach`. Threads that do not come back keep it.
struct Ranks::Run {
  size_t running = 0;
};

Ranks::Ranks(const Options &options) : failure(std::make_unique<Failure>()) {
  int count = 0;
  checkStatus(hfc_program_count_ranks(options.program.c_str(), &count));
  if (count == 1 && !findLauncher())
    openAlone(options);
  else
    openWorld(options, count);
}

Ranks::~Ranks() = default;

bool Ranks::isLaunched() { return findLauncher() != nullptr; }

void Ranks::openAlone(const Options &options) {
  hfc_program *program = nullptr;
  checkStatus(hfc_program_open(options.program.c_str(), options.threads, &program));
  addRank(0, program);
}

void Ranks::addRank(int number, hfc_program *program) {
  io::Result<io::ProgramInfo> info = io::parseMetadata(hfc_program_metadata(program));
  ranks.push_back(std::make_unique<Rank>(number, program, info && info->target == "cpu"));
}

void Ranks::openWorld(const Options &options, int count) {
  hfc_world *made = nullptr;
  const Launcher *launcher = findLauncher();
  if (launcher)
    joinWorld(*launcher, count, options.timeout, &made);
  else
    checkStatus(hfc_world_create(count, options.timeout, &made));
  world.reset(made);
  hfc_world_on_failure(made, onFailure, failure.get());
  int first = 0, local = 0;
  hfc_world_local_ranks(made, &first, &local);
  const char *onHostVariable = launcher ? launcher->ranksOnHost : nullptr;
  int onHost = onHostVariable && std::getenv(onHostVariable) ? readNumber(onHostVariable, 1, 1 << 20) : 0;
  std::vector<hfc_program *> programs(local);
  checkStatus(hfc_world_open_program(made, options.program.c_str(), options.threads, onHost, programs.data()));
  for (int i = 0; i < local; ++i)
    addRank(first + i, programs[i]);
}

void Ranks::onFailure(void *user, hfc_status status, const char *message) {
  Failure &failure = *static_cast<Failure *>(user);
  std::lock_guard<std::mutex> lock(failure.mutex);
  failure.failed = true;
  failure.message = message;
  failure.code = ExitCode(status);
  failure.changed.notify_all();
}

void Ranks::forEach(const std::function<void(Rank &)> &body) {
  if (!world)
    return body(first());
  auto run = std::make_shared<Run>();
  run->running = ranks.size();
  for (const std::unique_ptr<Rank> &rank : ranks)
    std::thread([this, run, body, &rank = *rank] {
      try {
        body(rank);
      } catch (const Error &error) {
        hfc_world_fail(world.get(), error.code, error.what());
      } catch (const std::exception &error) {
        hfc_world_fail(world.get(), internalError, (std::string("internal error: ") + error.what()).c_str());
      }
      std::lock_guard<std::mutex> lock(failure->mutex);
      --run->running;
      failure->changed.notify_all();
    }).detach();
  wait(*run);
}

void Ranks::wait(Run &run) {
  std::unique_lock<std::mutex> lock(failure->mutex);
  failure->changed.wait(lock, [&] { return run.running == 0 || failure->failed; });
  if (!failure->failed)
    return;
  bool back = failure->changed.wait_for(lock, patience, [&] { return run.running == 0; });
  if (back)
    throw Error(failure->message, failure->code);
  if (abandoned)
    abandoned();
  std::fprintf(stderr, "hfc-run: %s\n", failure->message.c_str());
  std::fflush(stdout);
  std::_Exit(failure->code);
}

} // namespace hfc::run
