//===- Meetings.h - where ranks that take turns meet for collectives
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_INTERPRETER_MEETINGS_H
#define HFC_LIB_INTERPRETER_MEETINGS_H

#include "Machine.h"

#include "dialects/rt/Rt.h"

namespace hfc::interpreter {

/// The collectives of one run of an rt.entry. A rank that arrives leaves its operands; when the whole group has, every
/// one of it can take its results.
class Meetings {
public:
  explicit Meetings(Machine &machine) : machine(machine) {}

  bool hasArrived(rt::CollectiveOp op, int64_t rank) const;
  llvm::Error arrive(rt::CollectiveOp op, int64_t rank, Results operands);
  bool isComplete(rt::CollectiveOp op, int64_t rank) const;
  /// Once for each rank.
  Results take(rt::CollectiveOp op, int64_t rank);
  /// The ranks for which a rank that has arrived waits.
  SmallVector<int64_t> missing(rt::CollectiveOp op, int64_t rank) const;

private:
  struct Meeting {
    rt::CollectiveOp op;
    SmallVector<int64_t> group;
    /// By the places in the group.
    std::vector<std::optional<Results>> operands;
    std::vector<Results> results;
    bool isComplete() const { return !results.empty(); }
  };
  /// A collective's number, and the first rank of the group.
  using Key = std::pair<int64_t, int64_t>;
  Key keyOf(rt::CollectiveOp op, int64_t rank) const;
  const Meeting *find(rt::CollectiveOp op, int64_t rank) const;

  Machine &machine;
  std::map<Key, Meeting> meetings;
};

} // namespace hfc::interpreter

#endif // HFC_LIB_INTERPRETER_MEETINGS_H
