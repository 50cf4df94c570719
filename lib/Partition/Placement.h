//===- Placement.h - where the values of a function live
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_PARTITION_PLACEMENT_H
#define HFC_LIB_PARTITION_PLACEMENT_H

#include "dialects/dist/Sharding.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseSet.h"

namespace hfc::partition {

/// The declarations of a module: one walk instead of a look-up for each argument.
using Declarations = llvm::DenseMap<StringAttr, Operation *>;
Declarations collectDeclarations(ModuleOp module);

/// The sharding with axes in their canonical spelling, and with the same kind wherever nothing is partial, so that
/// equal shardings are equal attributes.
dist::ShardingAttr canonical(dist::ShardingAttr sharding, dist::MeshAttr mesh);

/// Partial axes in the mesh's order, joined where they can be.
dist::Axes normalized(ArrayRef<dist::AxisRefAttr> axes, dist::MeshAttr mesh);
/// What both lists cover.
dist::Axes common(ArrayRef<dist::AxisRefAttr> a, ArrayRef<dist::AxisRefAttr> b, dist::MeshAttr mesh);

/// Fails with a message unless the function has one block, and tensors of static shape only: all that partitioning
/// knows.
LogicalResult verifyPartitionable(func::FuncOp function);

/// Where the values of one function live, as its consumers see them, and what planning needs to know of its arguments.
class Placement {
public:
  /// Starts with what the arguments' attributes say, else with their declarations'.
  Placement(func::FuncOp function, const Declarations &declarations);

  dist::MeshAttr getMesh() const { return mesh; }
  dist::ShardingAttr get(Value value) const;
  void set(Value value, dist::ShardingAttr sharding) { shardings[value] = canonical(sharding, mesh); }

  /// The axes by which the function's inputs are cut: those of the batch.
  ArrayRef<dist::AxisRefAttr> getInputAxes() const { return inputAxes; }
  /// Whether the value is a parameter, perhaps converted, permuted or reshaped.
  bool isParameter(Value value) const;
  /// Whether the value is a state to which the function does nothing but add (a gradient, a loss), or such a sum. It
  /// may be partial over the axes that what is added to it is partial over.
  bool isAccumulator(Value value) const { return accumulators.contains(value); }
  /// Whether the value may be partial over any axes, because it is zero or becomes so.
  bool isFlexible(Value value) const;

private:
  void findAccumulators(func::FuncOp function);

  dist::MeshAttr mesh;
  dist::Axes inputAxes;
  llvm::DenseMap<Value, dist::ShardingAttr> shardings;
  llvm::DenseSet<Value> parameters, accumulators;
};

/// Says of all arguments and results of a function where they live, at once: one by one would be quadratic.
void setShardings(func::FuncOp function, ArrayRef<dist::ShardingAttr> arguments, ArrayRef<dist::ShardingAttr> results);

/// Whether every element of the value is a constant zero.
bool isZero(Value value);

} // namespace hfc::partition

#endif // HFC_LIB_PARTITION_PLACEMENT_H
