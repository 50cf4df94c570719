//===- Faults.h - the kinds of faults, by what is wrong
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_VERIFY_MUTATE_FAULTS_H
#define HFC_LIB_VERIFY_MUTATE_FAULTS_H

#include "hfc/Verify/Mutate.h"

#include "dialects/dist/Sharding.h"

#include "mlir/IR/Builders.h"

namespace hfc::verify {

// One file each.
ArrayRef<FaultKind> getCollectiveFaults(); ///< a collective that is not there, there twice, or another
ArrayRef<FaultKind> getGroupFaults();      ///< a collective among the wrong ranks
ArrayRef<FaultKind> getPieceFaults();      ///< a rank's piece that is another's, or begins elsewhere
ArrayRef<FaultKind> getNumberFaults();     ///< a factor, term, sign or constant
ArrayRef<FaultKind> getBoundaryFaults();   ///< what entries take and give
ArrayRef<FaultKind> getRuleFaults();       ///< sharding rules
ArrayRef<FaultKind> getStrategyFaults();   ///< what a strategy says
ArrayRef<FaultKind> getScheduleFaults();   ///< events, offsets, numbers of collectives

/// Adds ops to blame, each once; null ones are left out.
void blame(Mutation &mutation, ArrayRef<Operation *> ops);
/// Blames what makes a value, and what reads it.
void blameAround(Mutation &mutation, Value value);

/// Readers of `op`'s results read `values` instead; `op` is erased. Blames what stands next to it.
void replaceOp(Operation *op, ValueRange values, Mutation &mutation);
/// Readers of `value` read `other`, but for what makes that.
void divert(Value value, Value other);
/// Readers of each value read the other. Blames what stands next to either.
void exchangeReaders(Value first, Value second, Mutation &mutation);

/// An op of an entry of hf ops and collectives, with a place of its own.
bool isInEntry(Operation *op);
/// The only result, if it is a tensor of floats.
Value floatResult(Operation *op);
/// A copy of `op` behind `after`, on `operands`, over the same shardings.
Operation *copyBehind(Operation *after, Operation *op, ValueRange operands);

/// The op behind which a collective's results are there: its dist.done, if it is begun early.
Operation *endOf(Operation *collective);
/// Whole axes of more than one rank.
SmallVector<dist::AxisRefAttr> wholeAxes(dist::MeshAttr mesh);

} // namespace hfc::verify

#endif // HFC_LIB_VERIFY_MUTATE_FAULTS_H
