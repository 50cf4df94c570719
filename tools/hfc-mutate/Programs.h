//===- Programs.h - a model in the forms in which faults are made
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_MUTATE_PROGRAMS_H
#define HFC_TOOLS_HFC_MUTATE_PROGRAMS_H

#include "Options.h"

#include "hfc/Verify/Mutate.h"
#include "hfc/Verify/Shrink.h"

namespace hfc {

/// One model on one mesh, without faults.
struct Programs {
  /// Phase layout; what the strategy says of that; the program before reshards; what ranks run; its schedule.
  OwningOpRef<ModuleOp> layout, annotated, global, local, schedule;
  /// The global program and the local one with small sizes: where faults are made again to see what they do.
  verify::Shrunk small;

  /// The program in which faults of a level are made.
  ModuleOp at(verify::FaultLevel level);
};

/// Imports the model and brings it to each form. Fails with a message for a person, one line.
LogicalResult makePrograms(MLIRContext &context, const MutateOptions &options, Programs &programs, std::string &error);

/// What the core's passes make of a program with a fault in its rules or its annotations.
struct Lowered {
  OwningOpRef<ModuleOp> global, local;
};
/// Fails where a pass refuses the program, or leaves something that does not verify: then `violates` says so.
FailureOr<Lowered> lowerToLocal(ModuleOp module, bool &violates);

} // namespace hfc

#endif // HFC_TOOLS_HFC_MUTATE_PROGRAMS_H
