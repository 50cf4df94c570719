//===- Groups.h - the groups of ranks that a program names ---------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_CONVERSION_RTTOLLVM_GROUPS_H
#define HFC_CONVERSION_RTTOLLVM_GROUPS_H

#include "dialects/dist/Sharding.h"
#include "dialects/rt/Rt.h"

#include "llvm/ADT/MapVector.h"

namespace hfc {

/// The groups of a program's collectives, coordinates and buckets, in the order in which it names them. The metadata
/// lists them; elsewhere a group is its number.
class GroupTable {
public:
  explicit GroupTable(ModuleOp module);

  /// The number of the group over `axes`, which the program names.
  unsigned numberOf(dist::AxisListAttr axes) const { return numbers.lookup(canonical(axes)); }
  /// Axes of each group, canonical.
  ArrayRef<dist::AxisListAttr> groups() const { return order; }
  dist::MeshAttr mesh() const { return theMesh; }

private:
  dist::AxisListAttr canonical(dist::AxisListAttr axes) const;
  void add(dist::AxisListAttr axes);

  dist::MeshAttr theMesh;
  SmallVector<dist::AxisListAttr> order;
  llvm::DenseMap<dist::AxisListAttr, unsigned> numbers;
};

} // namespace hfc

#endif // HFC_CONVERSION_RTTOLLVM_GROUPS_H
