//===- CollectivePlan.h - collectives of contiguous memory ---------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// NCCL moves memory that is contiguous, in equal pieces. What else a collective of rt asks for, pieces along an inner
// dimension, a last piece that is short, lists of tensors, is done by calls for each outer index, or by copies to and
// from scratch memory.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_CONVERSION_RTTOLLVM_COLLECTIVEPLAN_H
#define HFC_CONVERSION_RTTOLLVM_COLLECTIVEPLAN_H

#include "BucketTable.h"

namespace hfc {

/// Bytes of a buffer, or of the scratch memory (no buffer), from `offset` on.
struct PlannedPlace {
  Value buffer;
  int64_t offset = 0;

  PlannedPlace at(int64_t bytes) const { return {buffer, offset + bytes}; }
};

/// Work of one rank's own stream, before or after the calls: `rows` rows of `width` bytes copied, or cleared if there
/// is no source.
struct PlannedCopy {
  PlannedPlace target;
  std::optional<PlannedPlace> source;
  int64_t width = 0, rows = 1, targetPitch = 0, sourcePitch = 0;
};

/// A call in which contiguous elements go from one rank to others.
struct PlannedCall {
  enum class Kind { AllReduce, AllGather, ReduceScatter, Broadcast, Send, Receive };
  Kind kind;
  PlannedPlace target, source; ///< Send has no target, Receive no source.
  int64_t elements = 0;        ///< Of each piece, in AllGather and ReduceScatter.
  int64_t peer = 0;            ///< Broadcast, Send, Receive: a place in the group,
  bool isRelative = false;     ///< or how many places on from this rank's.
};

struct CollectivePlan {
  SmallVector<PlannedCopy> before;
  SmallVector<PlannedCall> calls;
  SmallVector<PlannedCopy> after;
  int64_t scratchBytes = 0;
};

/// More calls in a group than this cost more than copies.
constexpr int64_t maxCallsOfCollective = 16;

/// Says why not for element types that NCCL does not move.
FailureOr<CollectivePlan> planCollective(rt::CollectiveOp op, const BucketTable &buckets);

} // namespace hfc

#endif // HFC_CONVERSION_RTTOLLVM_COLLECTIVEPLAN_H
