//===- World.h - ranks that know of each other, and end together
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_HOST_COMM_WORLD_H
#define HFC_LIB_RUNTIME_HOST_COMM_WORLD_H

#include "Plan.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace hfc::host {

/// Statuses are hfc-run's exit codes: 1 is for ranks that ended or never came, 3 for programs that are wrong.
constexpr hfc_status rankFailure = 1, internalFailure = 3;

/// What makes a collective the same on every member of its group.
struct CollectiveHeader {
  int32_t id = 0, kind = 0, reduction = 0, dtype = 0;
  int64_t bytes = 0;

  bool operator==(const CollectiveHeader &other) const;
  bool operator!=(const CollectiveHeader &other) const { return !(*this == other); }
};

/// Ranks that take part in a collective, in the order of their places.
struct RankGroup {
  /// Of the program's groups; `everybody` for all ranks of the world.
  int number = 0;
  std::vector<int> ranks;
  int place = 0;

  int size() const { return int(ranks.size()); }
  static constexpr int everybody = -1;
};

/// What a person wants to know of a collective: "all_reduce 3 over tp of model.layers.0.mlp.down_proj, layer 0".
using DescribeCollective = std::function<std::string(const CollectiveHeader &)>;

/// How one rank reaches the others.
class Transport {
public:
  virtual ~Transport() = default;

  /// Performs a plan's phases with all members of `group`; false once the world has failed.
  virtual bool perform(const RankGroup &group, const CollectiveHeader &header, std::vector<Phase> phases) = 0;
};

/// All ranks. The first failure of any of them is everybody's: who waits stops waiting, and nothing runs from then on.
class World {
public:
  using Failed = std::function<void(hfc_status status, const std::string &message)>;

  World(int ranks, int firstLocal, int localRanks, double timeout)
      : ranks(ranks), firstLocal(firstLocal), localRanks(localRanks),
        timeout(
            std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(timeout))) {}
  virtual ~World() = default;

  virtual std::shared_ptr<Transport> makeTransport(int rank, DescribeCollective describe) = 0;

  /// The first call counts. Tells ranks elsewhere.
  void fail(hfc_status status, const std::string &message);
  bool failed() const { return hasFailed.load(std::memory_order_acquire); }
  /// After `failed()`.
  std::pair<hfc_status, std::string> failure();
  /// Called with the failure, from whatever thread finds it, at once if there is one already.
  void onFailure(Failed callback);

  /// Whose end made the connection to rank `seen` close, as far as is known here: a rank that ends because of another
  /// may be seen to end first.
  virtual int firstToEnd(int seen) const { return seen; }

  const int ranks, firstLocal, localRanks;
  /// How long a rank waits for others. Nine tenths of what the user says in a program's collectives, so that they are
  /// what is reported, and not what other ranks wait for behind them.
  std::chrono::steady_clock::duration patience(const CollectiveHeader &header) const {
    return header.id < 0 ? timeout : timeout / 10 * 9;
  }
  const std::chrono::steady_clock::duration timeout;

protected:
  /// Brings this world's failure to ranks that are not here.
  virtual void tellOthers(hfc_status, const std::string &) {}
  /// The same without telling: somebody else did.
  bool recordFailure(hfc_status status, const std::string &message);

private:
  std::mutex mutex;
  std::atomic<bool> hasFailed{false};
  hfc_status status = 0;
  std::string message;
  Failed callback;
};

/// Ranks as threads of this process.
std::unique_ptr<World> makeThreadWorld(int ranks, double timeout);

/// "ranks 0, 1", "rank 2", "nobody".
std::string listRanks(const std::vector<int> &ranks);

/// The message of a rank that waited for nothing.
std::string waitedInVain(int rank, std::chrono::steady_clock::duration time, const std::string &collective,
                         const RankGroup &group, const std::vector<bool> &arrived);
/// The message of two ranks that are not in the same collective.
std::string mismatch(int rank, const std::string &collective, int other, const std::string &others);

} // namespace hfc::host

#endif // HFC_LIB_RUNTIME_HOST_COMM_WORLD_H
