//===- Ranks.h - the program's ranks in this process
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_RUN_RANKS_H
#define HFC_TOOLS_HFC_RUN_RANKS_H

#include "Options.h"

#include "hfc/Runtime/IO/Metadata.h"
#include "hfc/Runtime/hfc_runtime.h"

#include <functional>
#include <memory>
#include <vector>

namespace hfc::run {

/// One rank, as the thread that drives it sees it.
class Rank {
public:
  /// `isHost`: the program's memory is the host's.
  Rank(int number, hfc_program *program, bool isHost) : number(number), isHost(isHost), program(program) {}

  /// Addresses in the program's memory, or null where there is nothing of that name.
  void *input(const std::string &entry, const std::string &name) const {
    return hfc_program_input(program.get(), entry.c_str(), name.c_str());
  }
  const void *output(const std::string &entry, const std::string &name) const {
    return hfc_program_output(program.get(), entry.c_str(), name.c_str());
  }
  void *parameter(const std::string &name) const { return hfc_program_parameter(program.get(), name.c_str()); }
  void *state(const std::string &name) const { return hfc_program_state(program.get(), name.c_str()); }
  /// Copies from and to the program's memory.
  void read(void *host, const void *address, int64_t bytes) const;
  void write(void *address, const void *host, int64_t bytes) const;
  /// The program's memory itself, where the host can read it, or a copy in `buffer`.
  const char *view(const void *address, int64_t bytes, std::vector<char> &buffer) const;
  void run(const std::string &entry) const;
  /// See hfc_program_gather. All of it is the host's memory.
  void gather(const void *piece, const std::vector<int64_t> &bytes, const std::vector<void *> &targets) const;
  /// See hfc_program_broadcast.
  void broadcast(void *data, int64_t bytes) const;
  hfc_program *get() const { return program.get(); }
  /// Rank 0 prints and writes.
  bool leads() const { return number == 0; }

  const int number;
  const bool isHost;

private:
  struct Close {
    void operator()(hfc_program *program) const { hfc_program_close(program); }
  };
  std::unique_ptr<hfc_program, Close> program;
};

/// All ranks of the mesh as threads of this process, or, under torchrun's variables, one of them.
class Ranks {
public:
  /// Loads the program; waits until all ranks have met.
  explicit Ranks(const Options &options);
  ~Ranks();

  /// Calls `body` for every rank here, each on a thread of its own, and throws what the first to fail throws. A rank
  /// that fails, here or elsewhere, ends all: if others here do not come back, the process ends.
  void forEach(const std::function<void(Rank &)> &body);

  /// Called before the process ends without unwinding.
  void onAbandon(std::function<void()> callback) { abandoned = std::move(callback); }

  /// The rank that prints and writes, if it is here; else the one that is.
  Rank &first() { return *ranks.front(); }
  bool leads() const { return ranks.front()->leads(); }
  /// Whether a launcher has made this process one rank of several.
  static bool isLaunched();
  const char *metadata() const { return hfc_program_metadata(ranks.front()->get()); }
  const std::vector<std::unique_ptr<Rank>> &local() const { return ranks; }

private:
  struct Run;

  void addRank(int number, hfc_program *program);
  void openAlone(const Options &options);
  void openWorld(const Options &options, int count);
  static void onFailure(void *user, hfc_status status, const char *message);
  void wait(Run &run);

  struct Close {
    void operator()(hfc_world *world) const { hfc_world_close(world); }
  };
  struct Failure;
  /// Told by the world, which is closed before it and after its ranks.
  std::unique_ptr<Failure> failure;
  std::unique_ptr<hfc_world, Close> world;
  std::vector<std::unique_ptr<Rank>> ranks;
  std::function<void()> abandoned;
};

/// Throws what a status of the embedding API says.
void checkStatus(hfc_status status);

} // namespace hfc::run

#endif // HFC_TOOLS_HFC_RUN_RANKS_H
