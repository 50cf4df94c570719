//===- RankProcesses.cpp - ranks as processes that this one starts
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RankProcesses.h"

#include "Ranks.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace hfc::run {

namespace {
/// How long the others may take to end by themselves after the first has failed.
constexpr std::chrono::seconds grace{5};
constexpr int pollMilliseconds = 20;
/// Ranks try the ports behind the first, too.
constexpr int highestPort = 65535 - 16;

[[noreturn]] void failSystem(const char *what) {
  throw Error(std::string("cannot start the ranks' processes: ") + what + ": " + std::strerror(errno), internalError);
}

/// A port of this host that is free now.
int findPort() {
  for (;;) {
    int socketHandle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bool bound = socketHandle >= 0 && bind(socketHandle, reinterpret_cast<sockaddr *>(&address), size) == 0 &&
                 getsockname(socketHandle, reinterpret_cast<sockaddr *>(&address), &size) == 0;
    if (!bound)
      failSystem("finding a port");
    close(socketHandle);
    if (ntohs(address.sin_port) <= highestPort)
      return ntohs(address.sin_port);
  }
}

struct Process {
  pid_t id = -1;
  /// What a rank other than 0 says to standard error, and where it comes from.
  std::string said;
  int pipe = -1;
  bool ended = false, wasKilled = false;
  int status = 0;

  bool failed() const { return ended && !wasKilled && status != 0; }
  ExitCode code() const { return WIFEXITED(status) ? ExitCode(WEXITSTATUS(status)) : comparisonFailed; }
};

class Processes {
public:
  Processes(int count, char **argv) : argv(argv), port(std::to_string(findPort())), list(count) {}

  ExitCode run() {
    for (size_t rank = 0; rank < list.size(); ++rank)
      start(int(rank));
    while (!allEnded()) {
      listen();
      reap();
      if (firstFailed >= 0 && std::chrono::steady_clock::now() - failedAt > grace)
        killRest();
    }
    return finish();
  }

private:
  void start(int rank) {
    int ends[2] = {-1, -1};
    if (rank > 0 && pipe2(ends, O_CLOEXEC) != 0)
      failSystem("pipe");
    Process &process = list[rank];
    pid_t parent = getpid();
    process.id = fork();
    if (process.id < 0)
      failSystem("fork");
    if (process.id == 0)
      become(rank, ends[1], parent);
    if (rank > 0)
      close(ends[1]);
    process.pipe = ends[0];
  }

  /// In the new process: the same command, as one rank.
  [[noreturn]] void become(int rank, int errors, pid_t parent) const {
    // Not to outlive who waits for us, who may be gone already.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
      _exit(internalError);
    if (rank > 0) {
      int nowhere = open("/dev/null", O_WRONLY);
      dup2(nowhere, STDOUT_FILENO);
      dup2(errors, STDERR_FILENO);
    }
    std::string number = std::to_string(rank), count = std::to_string(list.size());
    std::string job = "hfc-run-" + std::to_string(parent);
    const std::pair<const char *, const char *> variables[] = {{"RANK", number.c_str()},
                                                               {"LOCAL_RANK", number.c_str()},
                                                               {"WORLD_SIZE", count.c_str()},
                                                               {"LOCAL_WORLD_SIZE", count.c_str()},
                                                               {"MASTER_ADDR", "127.0.0.1"},
                                                               {"MASTER_PORT", port.c_str()},
                                                               {"TORCHELASTIC_RUN_ID", job.c_str()}};
    for (auto [name, value] : variables)
      setenv(name, value, 1);
    unsetenv("TORCHELASTIC_USE_AGENT_STORE");
    execv("/proc/self/exe", argv);
    _exit(internalError);
  }

  bool allEnded() const {
    return std::all_of(list.begin(), list.end(), [](const Process &each) { return each.ended; });
  }

  /// Takes what ranks say, so that none of them waits for room to say it.
  void listen() {
    std::vector<pollfd> pipes;
    std::vector<Process *> speakers;
    for (Process &process : list)
      if (process.pipe >= 0) {
        pipes.push_back({process.pipe, POLLIN, 0});
        speakers.push_back(&process);
      }
    poll(pipes.data(), pipes.size(), pollMilliseconds);
    for (size_t i = 0; i < pipes.size(); ++i)
      if (pipes[i].revents)
        hear(*speakers[i]);
  }

  static void hear(Process &process) {
    char text[4096];
    ssize_t bytes = read(process.pipe, text, sizeof text);
    if (bytes > 0) {
      process.said.append(text, size_t(bytes));
      return;
    }
    close(process.pipe);
    process.pipe = -1;
  }

  void reap() {
    for (size_t rank = 0; rank < list.size(); ++rank) {
      Process &process = list[rank];
      if (process.ended || waitpid(process.id, &process.status, WNOHANG) != process.id)
        continue;
      process.ended = true;
      if (process.failed() && firstFailed < 0) {
        firstFailed = int(rank);
        failedAt = std::chrono::steady_clock::now();
      }
    }
  }

  void killRest() {
    for (Process &process : list)
      if (!process.ended) {
        process.wasKilled = true;
        kill(process.id, SIGKILL);
      }
  }

  ExitCode finish() {
    ExitCode worst = done;
    for (Process &process : list) {
      while (process.pipe >= 0)
        hear(process);
      if (process.failed())
        worst = std::max(worst, process.code());
    }
    // Rank 0 has told what it knows of; who failed on its own, before the ranks had met, has not been heard yet.
    if (firstFailed > 0 && !list[0].failed()) {
      const Process &first = list[firstFailed];
      std::fputs(first.said.c_str(), stderr);
      if (WIFSIGNALED(first.status))
        std::fprintf(stderr, "hfc-run: rank %d was ended by signal %d\n", firstFailed, WTERMSIG(first.status));
    }
    if (firstFailed == 0 && WIFSIGNALED(list[0].status))
      std::fprintf(stderr, "hfc-run: rank 0 was ended by signal %d\n", WTERMSIG(list[0].status));
    return worst;
  }

  char **argv;
  std::string port;
  std::vector<Process> list;
  int firstFailed = -1;
  std::chrono::steady_clock::time_point failedAt;
};
} // namespace

int countProcesses(const Options &options) {
  int ranks = 1, usesGpu = 0;
  if (Ranks::isLaunched())
    return 1;
  checkStatus(hfc_program_count_ranks(options.program.c_str(), &ranks));
  checkStatus(hfc_program_uses_gpu(options.program.c_str(), &usesGpu));
  return usesGpu ? ranks : 1;
}

ExitCode runProcesses(int ranks, char **argv) { return Processes(ranks, argv).run(); }

} // namespace hfc::run
