//===- Collectives.h - what all ranks of a group do together
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_INTERPRETER_COLLECTIVES_H
#define HFC_LIB_INTERPRETER_COLLECTIVES_H

#include "Primitives.h"

#include "dialects/dist/Dist.h"

namespace hfc::interpreter {

/// `length` elements of dimension `dim` from `offset` on; behind the dimension's end stands `filling`.
Tensor cut(const Tensor &x, int64_t dim, int64_t offset, int64_t length, Word filling = 0);
/// The first `length` elements along `dim` of the pieces, one behind the other.
Tensor join(ArrayRef<Tensor> pieces, int64_t dim, int64_t length);

/// Combines tensors of one type, element by element.
Tensor combine(const Domain &domain, dist::ReductionKind kind, ArrayRef<Tensor> tensors);

/// A collective as the `dist` dialect defines it, whichever stage spells it.
struct Collective {
  enum class Kind : uint8_t {
    AllReduce,
    Agree,
    AllGather,
    ReduceScatter,
    AllToAll,
    Broadcast,
    SendReceive,
    ReduceScatterBucket,
    AllGatherBucket
  };
  Kind kind;
  dist::ReductionKind reduction = dist::ReductionKind::sum;
  /// The dimension that is cut or joined; of an all-to-all, the one that is cut.
  int64_t dim = 0;
  /// All-to-all: the dimension that is joined.
  int64_t concat = 0;
  /// Broadcast: the place that sends. Send and receive: how many places further.
  int64_t place = 0;
  /// One rank's results.
  SmallVector<SmallVector<int64_t>, 1> shapes = {};
};

/// What a `dist` op that is a collective does.
Collective collectiveOf(dist::CollectiveOpInterface op);

/// The results at each place of a group, given the operands at each place.
llvm::Expected<std::vector<Results>> perform(const Domain &domain, const Collective &collective,
                                             ArrayRef<Results> operands);

} // namespace hfc::interpreter

#endif // HFC_LIB_INTERPRETER_COLLECTIVES_H
