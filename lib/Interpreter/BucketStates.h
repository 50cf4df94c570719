//===- BucketStates.h - states of buckets beside states of parameters
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_INTERPRETER_BUCKETSTATES_H
#define HFC_LIB_INTERPRETER_BUCKETSTATES_H

#include "hfc/Interpreter/FlatBucket.h"

namespace hfc::interpreter {

/// What the states of buckets in one module stand for in another, whose states are of single parameters. A state that
/// both modules have, laid out alike, stands for itself.
class BucketStates {
public:
  static llvm::Expected<BucketStates> create(ModuleOp whole, ModuleOp divided);

  bool contains(StringRef state) const { return buckets.count(state.str()); }
  /// Whether one of the states holds the parameter's own value.
  bool haveParameter(ArrayRef<Port> states, StringRef parameter) const;
  /// Gives states of buckets that the ports name the values that parameters' states have.
  llvm::Error divide(ArrayRef<Port> ports, const TensorMap &parameters, TensorMap &states) const;

  /// A piece of a bucket's state, put together again.
  struct Part {
    /// Of the whole module's parameter or state.
    std::string name;
    bool isParameter = false;
    Tensor value;
  };
  llvm::Expected<std::vector<Part>> parts(const Domain &domain, StringRef state, const Tensor &flat) const;

private:
  struct Bucket {
    FlatBucket flat;
    /// For each member, what holds its value in the whole module: a state, or the parameter itself.
    std::vector<std::pair<std::string, bool>> owners;
  };
  std::map<std::string, Bucket> buckets;
};

} // namespace hfc::interpreter

#endif // HFC_LIB_INTERPRETER_BUCKETSTATES_H
