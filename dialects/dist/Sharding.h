//===- Sharding.h - axes, shardings and rules, computed with
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_DIST_SHARDING_H
#define HFC_DIALECTS_DIST_SHARDING_H

#include "dialects/dist/Dist.h"

#include "mlir/IR/BuiltinOps.h"

namespace hfc::dist {

// Names of discardable attributes.
inline constexpr StringLiteral meshName = "dist.mesh";                 ///< module: MeshAttr
inline constexpr StringLiteral materializedName = "dist.materialized"; ///< module: types are local
inline constexpr StringLiteral shardingName = "dist.sharding";         ///< argument, result, hf.parameter, hf.state
inline constexpr StringLiteral shardingsName = "dist.shardings";       ///< op: ArrayAttr of ShardingAttr, one a result
inline constexpr StringLiteral ruleName = "dist.rule";                 ///< op: RuleAttr that overrides its own
inline constexpr StringLiteral sizeName = "dist.size";                 ///< constant: SizeAttr
inline constexpr StringLiteral agreeName = "dist.agree"; ///< hf.parameter: AxisListAttr over which its gradient agrees

/// `{"dp", "tp":(1)2}`, as ops and attributes spell axes.
FailureOr<AxisListAttr> parseAxisList(AsmParser &parser);
void printAxisList(AsmPrinter &printer, AxisListAttr axes);

/// The mesh of the module around `op`; null if it has none.
MeshAttr findMesh(Operation *op);
/// As `findMesh`, with a mesh without axes for none.
MeshAttr meshOf(Operation *op);
bool isMaterialized(Operation *op);

//===----------------------------------------------------------------------===//
// Axes
//===----------------------------------------------------------------------===//

using Axes = SmallVector<AxisRefAttr, 2>;

/// How many ranks an axis, or a list of axes, tells apart.
int64_t sizeOf(AxisRefAttr axis, MeshAttr mesh);
int64_t sizeOf(ArrayRef<AxisRefAttr> axes, MeshAttr mesh);
/// Whether a rank's place along the one says something about its place along the other.
bool overlap(AxisRefAttr a, AxisRefAttr b, MeshAttr mesh);
bool overlap(ArrayRef<AxisRefAttr> a, ArrayRef<AxisRefAttr> b, MeshAttr mesh);
/// Joins neighbours that are one axis (`"tp":(1)2, "tp":(2)2` is `"tp"` of 4), spells whole axes whole, drops axes of
/// size 1.
Axes canonical(ArrayRef<AxisRefAttr> axes, MeshAttr mesh);
/// What is left of `axes` without those that `remove` covers; splits axes where it must.
Axes without(ArrayRef<AxisRefAttr> axes, ArrayRef<AxisRefAttr> remove, MeshAttr mesh);
/// Splits a list into a major part of `size` ranks and the rest; none if no cut gives that size.
std::optional<std::pair<Axes, Axes>> splitMajor(ArrayRef<AxisRefAttr> axes, int64_t size, MeshAttr mesh);
/// The place along `axes` of a rank, given its number.
int64_t placeOf(int64_t rank, ArrayRef<AxisRefAttr> axes, MeshAttr mesh);
/// The ranks that take part with `rank` in a collective over `axes`, in the order of their places.
SmallVector<int64_t> groupOf(int64_t rank, ArrayRef<AxisRefAttr> axes, MeshAttr mesh);
/// "tp" or "tp:(1)2", "dp"; for messages.
std::string toString(ArrayRef<AxisRefAttr> axes);
/// Fails, with a message that begins with a verb, if the mesh lacks one of the axes or its size has no such factor.
LogicalResult verifyOnMesh(ArrayRef<AxisRefAttr> axes, MeshAttr mesh, function_ref<InFlightDiagnostic()> emitError);

//===----------------------------------------------------------------------===//
// Shardings
//===----------------------------------------------------------------------===//

/// Of an op's result or a function's argument; null if it has none. Results of ops without the attribute too.
ShardingAttr getSharding(Value value);
void setSharding(Value value, ShardingAttr sharding);
/// As `getSharding`, with "replicated" for none.
ShardingAttr shardingOr(Value value);

/// `ceil(size / ranks)` in every cut dimension.
SmallVector<int64_t> localShape(ArrayRef<int64_t> global, ShardingAttr sharding, MeshAttr mesh);
/// Whether a cut dimension's last pieces have padding.
bool isPadded(int64_t globalSize, ArrayRef<AxisRefAttr> axes, MeshAttr mesh);

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

/// A rule in the form in which one computes with it. Factors are numbers.
struct Rule {
  using Dim = SmallVector<unsigned, 2>; ///< factors of a dimension, major first
  using Tensor = SmallVector<Dim, 4>;   ///< dimensions
  enum class Role : uint8_t { free, whole, lookup };

  SmallVector<int64_t> sizes; ///< of each factor
  SmallVector<Role> roles;    ///< of each factor
  SmallVector<Tensor> operands, results;
  ReductionKind kind = ReductionKind::sum;      ///< how results combine over cut factors that they lack
  SmallVector<SmallVector<unsigned, 2>> linear; ///< groups of operands
  bool separate = false;                        ///< result `i` is made of operand `i` alone

  unsigned addFactor(int64_t size, Role role = Role::free);
  /// A new free factor for each size, one a dimension.
  Tensor addTensor(ArrayRef<int64_t> shape);
  /// Whether the tensor, one of the operands or results, has the factor.
  bool isIn(unsigned factor, const Tensor &tensor) const;
  /// Whether cutting the factor leaves the result of that number partial: it lacks the factor, and an operand that it
  /// is made of has it.
  bool isReducedIn(unsigned factor, size_t result) const;
};

/// The op's rule: its attribute `dist.rule`, or its own, or one derived from its decomposition. Fails with no message
/// where there is none; such an op's operands and results are replicated.
FailureOr<Rule> getRule(Operation *op);
/// The rule that it would have with other types: local ops' rules are asked for over global shapes.
FailureOr<Rule> getRule(Operation *op, TypeRange operands, TypeRange results);
/// Checks that a rule has the op's operands and results, and their shapes.
LogicalResult verifyRule(Operation *op, const Rule &rule);
Rule parseRule(RuleAttr attribute);
RuleAttr toAttribute(MLIRContext *context, const Rule &rule);

/// Rules of common shapes, for ops' `getShardingRule`.
/// All operands and results have one shape; linear in each `linear` group.
RuleAttr elementwiseRule(Operation *op, ArrayRef<SmallVector<unsigned, 2>> linear = {});

} // namespace hfc::dist

#endif // HFC_DIALECTS_DIST_SHARDING_H
