//===- Communicators.h - NCCL's communicators of a rank
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_COMMUNICATORS_H
#define HFC_LIB_RUNTIME_CUDA_COMMUNICATORS_H

#include "Errors.h"

#include <mutex>
#include <vector>

namespace hfc::cuda {

/// One for each of the program's groups that has more than this rank.
class Communicators {
public:
  Communicators() = default;
  ~Communicators();
  Communicators(const Communicators &) = delete;
  Communicators &operator=(const Communicators &) = delete;

  /// Meets the other ranks. All of them call it, each with its device current.
  host::Outcome connect(const host::RankSetting &setting);

  /// As frames hold them: by the groups' numbers, null for groups of one.
  void *const *data() const { return list.data(); }
  bool empty() const;

  /// What has gone wrong in the background. From any thread.
  host::Outcome findError();
  /// Ends what is under way, and what is still called does nothing; from any thread. They are not freed: the program's
  /// thread may be about to call them.
  void revoke();

private:
  std::mutex mutex;
  bool revoked = false;
  std::vector<void *> list;
};

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_COMMUNICATORS_H
