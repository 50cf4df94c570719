//===- Values.h - what both programs computed on the way
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_VERIFY_CHECKPARTITION_VALUES_H
#define HFC_LIB_VERIFY_CHECKPARTITION_VALUES_H

#include "hfc/Interpreter/Interpreter.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringMap.h"

namespace hfc::verify {

using interpreter::Tensor;
using Tensors = SmallVector<Tensor, 4>;

/// An op's name, its place in the model, and the whole shape of its result, by which one finds it in another program.
std::string placeKey(Operation *op, ArrayRef<int64_t> shape);

/// Every value of a run of the global program, by what it holds. In the field no two of them are equal by chance.
class GlobalValues {
public:
  void record(const interpreter::Execution &execution);
  /// Whether some value has these elements, whatever its shape.
  bool contains(const Tensor &tensor) const { return hashes.contains(hashOf(tensor)); }
  /// How many ops make values of this shape in this place of the model.
  int64_t countAt(StringRef place) const { return places.lookup(place); }

private:
  static uint64_t hashOf(const Tensor &tensor);
  llvm::DenseSet<uint64_t> hashes;
  llvm::StringMap<int64_t> places;
};

/// A value of the local program as its sharding says that it is.
struct Claim {
  /// Put together; none if it has no sharding, or never was computed.
  std::optional<Tensor> whole;
  /// Why ranks' pieces do not go together; empty if they do.
  std::string conflict;
};

/// The values of all ranks, in one run of an entry.
class LocalValues {
public:
  LocalValues(const interpreter::Domain &domain, dist::MeshAttr mesh) : domain(domain), mesh(mesh) {}
  void record(const interpreter::Execution &execution);

  /// Whether nothing has run.
  bool empty() const { return values.empty(); }
  ArrayRef<Tensor> ranks(Value value) const;
  const Claim &claim(Value value);

private:
  Claim assemble(Value value) const;

  const interpreter::Domain &domain;
  dist::MeshAttr mesh;
  llvm::DenseMap<Value, Tensors> values;
  /// Node-based: references to claims stay valid.
  std::map<void *, Claim> claims;
};

} // namespace hfc::verify

#endif // HFC_LIB_VERIFY_CHECKPARTITION_VALUES_H
