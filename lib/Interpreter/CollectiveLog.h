//===- CollectiveLog.h - counts the collectives that ranks execute
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_INTERPRETER_COLLECTIVELOG_H
#define HFC_LIB_INTERPRETER_COLLECTIVELOG_H

#include "dialects/dist/Dist.h"
#include "hfc/Interpreter/Interpreter.h"

namespace hfc::interpreter {

class CollectiveLog {
public:
  /// An entry that begins; what follows belongs to it.
  void enter(StringRef name) { entry = name.str(); }
  /// A collective that a group has executed; `rank` is one of it. Rank 0's are counted: the program is the same on all.
  void add(Operation *op, CollectiveCount what, int64_t rank);

  const std::vector<CollectiveCount> &counts() const { return rows; }

private:
  std::string entry;
  std::vector<CollectiveCount> rows;
  std::map<std::pair<std::string, Operation *>, size_t> numbers;
};

/// The bytes of the larger side of a collective.
int64_t messageBytes(TypeRange ins, TypeRange outs);

} // namespace hfc::interpreter

#endif // HFC_LIB_INTERPRETER_COLLECTIVELOG_H
