//===- Communicators.h - NCCL's communicators of a rank
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_COMMUNICATORS_H
#define HFC_LIB_RUNTIME_CUDA_COMMUNICATORS_H

#include "Errors.h"
#include "Memory.h"

#include <future>
#include <mutex>
#include <vector>

namespace hfc::cuda {

/// One for each of the groups along which the program has collectives, if it has more than this rank.
class Communicators {
public:
  Communicators() = default;
  ~Communicators();
  Communicators(const Communicators &) = delete;
  Communicators &operator=(const Communicators &) = delete;

  /// Meets the other ranks, all of which call it, and begins to connect with them on a thread of its own, for the
  /// device of that number: that takes NCCL about a second. Collectives are of parts of what `window`
  /// shows, at the same places on all ranks.
  host::Outcome begin(const host::RankSetting &setting, int ordinal, const Memory::Window &window);
  /// Waits until all are connected. After `begin`, once.
  host::Outcome finish();

  /// As frames hold them: by the groups' numbers, null for groups of one.
  void *const *data() const { return list.data(); }
  bool empty() const;

  /// What has gone wrong in the background. From any thread.
  host::Outcome findError();
  /// Ends what is under way, and what is still called does nothing; from any thread. They are not freed: the program's
  /// thread may be about to call them.
  void revoke();

private:
  struct Connected {
    host::Outcome outcome;
    std::vector<void *> list;
  };
  /// On its way. The thread knows nothing of this object: where a rank is gone it may never come back.
  std::future<Connected> connecting;
  std::mutex mutex;
  bool revoked = false;
  std::vector<void *> list;
};

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_COMMUNICATORS_H
