//===- Plan.h - what a collective moves between which ranks
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_HOST_COMM_PLAN_H
#define HFC_LIB_RUNTIME_HOST_COMM_PLAN_H

#include "Combine.h"
#include "View.h"

namespace hfc::host {

/// One exchange between the members of a group, as one member sees it. Members are numbered by their places.
struct Phase {
  /// What each member gets from here; the own place's part stays here.
  std::vector<View> sends;
  /// Where what each member sends goes; unused where `combines`.
  std::vector<View> receives;
  /// All that arrives is combined into one view.
  bool combines = false;
  Combination combination;
  View combined;
  /// Copied from `staged` when every member has got what it needs: `landing` may be what was sent.
  View landing, staged;
};

/// One collective of one member.
struct Plan {
  std::vector<Phase> phases;
  /// Padding, zero once the collective is done.
  View zeros;
};

/// `place` of `size` members. `scratch` holds what cannot be received in place (see `scratchBytes`).
Plan planCollective(const hfc_collective &collective, const void *const *ins, void *const *outs, int place, int size,
                    char *scratch);

/// All that `planCollective` may stage.
constexpr int64_t scratchBytes = 1 << 18;

/// Bytes that a member puts in: what members must agree on.
int64_t bytesOf(const hfc_collective &collective);
/// Bytes that a member puts in or gets out, whichever is more.
int64_t messageBytes(const hfc_collective &collective);
/// "all_reduce", …: the metadata's names.
const char *nameOf(hfc_collective_kind kind);

} // namespace hfc::host

#endif // HFC_LIB_RUNTIME_HOST_COMM_PLAN_H
