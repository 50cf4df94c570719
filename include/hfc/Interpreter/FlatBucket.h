//===- FlatBucket.h - parameters as ranks divide them with ZeRO
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_INTERPRETER_FLATBUCKET_H
#define HFC_INTERPRETER_FLATBUCKET_H

#include "hfc/Interpreter/Interpreter.h"

namespace hfc::interpreter {

/// The parameters of an `hf.bucket` as one flat tensor, of which each rank has a piece: of each rank that cuts the
/// parameters, its pieces of them one behind the other, padded with zeros. Where no group shares the bucket, each rank
/// has all of it.
class FlatBucket {
public:
  /// `state` is an `hf.state` with `hf.of_bucket`. Fails where the module does not say what the bucket holds.
  static llvm::Expected<FlatBucket> of(ModuleOp module, StringRef state);

  struct Member {
    /// The parameter.
    Port port;
    /// In elements, in a rank's bucket.
    int64_t offset = 0;
  };
  ArrayRef<Member> members() const { return parameters; }

  /// Whether the same parameters lie at the same places.
  bool hasLayoutOf(const FlatBucket &other) const;

  /// The flat tensor, of the members' whole values.
  llvm::Expected<Tensor> pack(Element element, const TensorMap &values) const;
  /// A member's whole value.
  llvm::Expected<Tensor> unpack(const Domain &domain, const Member &member, const Tensor &flat) const;

private:
  /// Where a rank's bucket begins in the flat tensor.
  int64_t baseOf(int64_t rank) const;

  dist::MeshAttr mesh;
  /// The axes that cut the parameters, and those that share a bucket.
  dist::AxisListAttr cut, group;
  /// Elements of a bucket, and of all of them.
  int64_t size = 0, total = 0;
  std::vector<Member> parameters;
};

} // namespace hfc::interpreter

#endif // HFC_INTERPRETER_FLATBUCKET_H
