//===- Judge.h - whether a fault counts, and whether it is found
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_MUTATE_JUDGE_H
#define HFC_TOOLS_HFC_MUTATE_JUDGE_H

#include "Checks.h"
#include "Programs.h"

namespace hfc {

/// What became of a fault.
enum class Outcome {
  Caught,     ///< it counts, and a check found it
  Survived,   ///< it counts, and none did
  Equivalent, ///< another program that computes the same, and is taken for right
  FalseAlarm, ///< another program that computes the same, and is called wrong
  Refused     ///< a pass cannot make a program of it, and says so: nothing is there that could be wrong
};

StringRef nameOf(Outcome outcome);

struct Judgement {
  Outcome outcome = Outcome::Equivalent;
  /// Why it counts: numbers differ in float64; else a declaration is violated.
  bool isDifferent = false;
  /// What the first check that complains says, in the order in which a compilation runs them.
  Finding first;
  /// Whether that names the op where the fault is.
  bool isNamed = false;
  /// What hfc-verify-partition alone says of what ranks run.
  bool isFoundByRunning = false, isNamedByRunning = false;
  /// What was done where, for people.
  std::string entry, place, what;
  StringRef megatron;
  double seconds = 0;
};

/// Judges faults in one model on one mesh.
class Judge {
public:
  Judge(Programs &programs, uint64_t seed) : programs(programs), seed(seed) {}

  /// What is wrong without any fault: a false alarm. Empty if nothing is.
  std::string checkClean();
  Judgement judge(const verify::FaultSite &site);

private:
  void judgeLocal(const verify::FaultSite &site, ModuleOp mutant, ArrayRef<Operation *> guilty, Judgement &judgement);
  void judgeLowered(ModuleOp mutant, ArrayRef<Operation *> guilty, Judgement &judgement);
  void judgeSchedule(ModuleOp mutant, ArrayRef<Operation *> guilty, Judgement &judgement);
  void decide(bool violatesDeclaration, Judgement &judgement) const;

  Programs &programs;
  uint64_t seed;
};

} // namespace hfc

#endif // HFC_TOOLS_HFC_MUTATE_JUDGE_H
