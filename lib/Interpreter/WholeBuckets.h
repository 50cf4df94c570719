//===- WholeBuckets.h - buckets as one tensor, and what lies in them -*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_INTERPRETER_WHOLEBUCKETS_H
#define HFC_LIB_INTERPRETER_WHOLEBUCKETS_H

#include "Store.h"

namespace hfc::interpreter {

/// The states of a module that are a bucket as one tensor (`hf.of_bucket` of what lies at `hf.bucket`), and the
/// parameters or states that lie there: one memory in a program, values of their own here, which entries see as one.
class WholeBuckets {
public:
  explicit WholeBuckets(ModuleOp module);

  /// Puts together what an entry takes as one tensor and ranks have by its parts.
  llvm::Error join(ArrayRef<Port> taken, Store &parameters, Store &states, int64_t ranks) const;
  /// Takes apart what an entry has given as one tensor.
  void split(ArrayRef<Port> given, Store &parameters, Store &states, int64_t ranks) const;
  /// The caller sets a part: what ranks have as one tensor is old. What the caller has set so and no entry has taken is
  /// the caller's business.
  void forget(StringRef part, Store &states) const;
  /// Parts have new values from an entry.
  void forget(ArrayRef<Port> parts, Store &states) const;

private:
  struct Member {
    Port port;
    bool isParameter;
    int64_t offset;
    SmallVector<int64_t> localShape;
  };
  struct Bucket {
    int64_t elements = 0;
    std::vector<Member> members;
  };
  /// By the state that is all of it.
  std::map<std::string, Bucket> buckets;
  /// The state, by the names of what lies there.
  std::map<std::string, std::string> owners;
};

} // namespace hfc::interpreter

#endif // HFC_LIB_INTERPRETER_WHOLEBUCKETS_H
