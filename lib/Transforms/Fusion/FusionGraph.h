//===- FusionGraph.h - an entry as a graph of fusable nodes -----*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Says what role each op of an entry plays in fusion, and how values flow between the ops that matter through those
// that do not: reshapes, which are free, and cheap ops, which every consumer may have a copy of.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_TRANSFORMS_FUSION_FUSIONGRAPH_H
#define HFC_LIB_TRANSFORMS_FUSION_FUSIONGRAPH_H

#include "dialects/hf/BucketPlaces.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace hfc::fusion {

/// What fusion does with an op.
enum class Role {
  /// A constant with values of its own, a rank's place on the mesh, or parameters or states that lie one behind the
  /// other, as one; stays in the entry.
  source,
  /// A reshape: outside bodies a view, inside a change of index. And what is only moved, where nothing but products
  /// reads
  /// it: they take strides.
  view,
  /// Cheap, or only a change of index: copied into every body that reads it.
  inlined,
  /// A primitive that belongs to exactly one body.
  fusable,
  /// Stays in the entry: products, collectives and calls.
  library,
  /// Has a kernel of its own, and a body for itself.
  special
};

/// The index at which a consumer reads a value, relative to the index at which the consumer is evaluated.
enum class Access {
  /// The same index.
  identity,
  /// The leading part of the index: a value for each row, read for each column.
  row,
  /// Any other.
  mapped
};

/// The space of a reduction over dimensions next to each other: `full` is the shape that is reduced, from dimension
/// `first` on, and `kept` what is left. Where nothing is kept behind the reduced dimensions, these are rows, and a
/// kernel may go on over the columns with what it has found out about a row; else they are columns.
struct ReductionSpace {
  ArrayRef<int64_t> full, kept;
  unsigned first = 0;

  bool hasRows() const { return first == kept.size(); }
  /// What is reduced to one number has one row, and a kernel for it alone: it would be one block's work.
  bool contains(ArrayRef<int64_t> shape) const {
    return shape == kept || (hasRows() && !kept.empty() && shape == full);
  }
  bool operator==(const ReductionSpace &other) const {
    return full == other.full && kept == other.kept && first == other.first;
  }
};

/// A use of a fusable node's value by a node, a library or special op, or the function's return.
struct Use {
  Operation *user;
  Access access;
  /// How many elements are read for each one that the user computes: 1, but for a concat's share and a reduction's sum.
  double share;
};

/// The graph of one entry.
class FusionGraph {
public:
  explicit FusionGraph(const hf::BucketPlaces &places) : places(places) {}

  /// Classifies the ops of `entry`; fails with an error where an op cannot be part of an entry.
  LogicalResult build(func::FuncOp entry);

  ArrayRef<Operation *> getOps() const { return ops; }
  Role getRole(Operation *op) const { return info.at(op).role; }
  bool isFusable(Operation *op) const { return op && info.lookup(op).role == Role::fusable && info.contains(op); }
  /// The number of library and special ops on the longest path to `op`. Never decreases along a path.
  unsigned getPhase(Operation *op) const { return info.lookup(op).phase; }
  /// The position of `op` in the entry.
  unsigned getOrder(Operation *op) const { return info.lookup(op).order; }
  /// The space of the reduction that the values of `op` belong to, if it is a reduction or an elementwise function of
  /// one.
  std::optional<ReductionSpace> getSpace(Operation *op) const { return info.lookup(op).space; }

  /// The uses of all results of a node, seen through views and inlined ops.
  SmallVector<Use> getUses(Operation *node) const;

private:
  struct Info {
    Role role = Role::library;
    unsigned phase = 0;
    unsigned order = 0;
    /// The length of the chain of inlined ops and views that ends here.
    unsigned depth = 0;
    std::optional<ReductionSpace> space;
  };

  void lowerBarriers(func::FuncOp entry);
  std::optional<Role> classify(Operation *op) const;
  Role classifyMove(Operation *op) const;
  void materializeInlined();
  void computePhases();
  void computeSpaces();
  std::optional<ReductionSpace> spaceOfOperand(Value operand, ArrayRef<int64_t> shape) const;
  void collectUses(Value value, Access access, SmallVectorImpl<Use> &uses) const;

  const hf::BucketPlaces &places;
  SmallVector<Operation *> ops;
  DenseMap<Operation *, Info> info;
  /// What a view that was a barrier's result waits for.
  DenseMap<Operation *, SmallVector<Value, 2>> awaited;
};

/// The shape of a value of the hf dialect.
ArrayRef<int64_t> shapeOf(Value value);
/// The state of which `value` is the next value, perhaps completed in place by collectives; null if it is none, or
/// something computes with it.
FlatSymbolRefAttr keptIn(Value value);
/// Whether ranks wait for each other in an op; such ops keep their order.
bool isMeeting(Operation *op);
/// Whether an op takes far more time than an addition.
bool isExpensive(Operation *op);
/// Whether each result element depends on the operands' elements at the same index only.
bool isElementwise(Operation *op);

} // namespace hfc::fusion

#endif // HFC_LIB_TRANSFORMS_FUSION_FUSIONGRAPH_H
