//===- FlatOptimizer.h - the optimizer's work on flat tensors ------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_TRANSFORMS_COLLECTIVE_FLATOPTIMIZER_H
#define HFC_LIB_TRANSFORMS_COLLECTIVE_FLATOPTIMIZER_H

#include "Buckets.h"

namespace hfc::collective {

/// What parameters of one flat tensor must share, so that one update is that of each and every element counts once in
/// the norm: the element type, whether it decays, what cuts it.
Attribute optimizerKeyOf(hf::ParameterOp parameter);

/// How many elements a flat tensor has, or a rank's piece of one, that must hold so many: reductions of all of it can
/// be cut into equal parts, each of which begins aligned.
int64_t flatSizeFor(int64_t elements);

/// Parameters that are updated as one flat tensor, a bucket or a rank's piece of it, and its states.
struct FlatUpdate {
  SmallVector<Gradient> members;
  /// In which the parameters lie.
  hf::BucketOp parameters;
  /// Of the flat tensor; null where there is no mesh.
  dist::ShardingAttr sharding;
  int64_t elements = 0;
  hf::StateOp gradient, moment1, moment2, master;
  /// All of the parameters' bucket, where that is what the update gives back; null where parameters come one by one.
  hf::StateOp values;
};

/// Rewrites `optimizer_step` from an update for each parameter to updates of flat tensors.
class FlatOptimizer {
public:
  FlatOptimizer(ModuleOp module, BucketNames &names)
      : module(module), names(names), mesh(dist::meshOf(module)), builder(module.getContext()) {}

  /// Finds what there is to rewrite, or says what is not as --hfc-add-optimizer leaves it.
  std::optional<std::string> find();
  func::FuncOp entry() const { return optimizer; }
  /// The update with the gradient that a state holds; null if there is none.
  hf::AdamWOp updateOf(hf::StateOp gradient) const { return updates.lookup(gradient.getSymNameAttr()); }

  /// The sharding of a flat tensor of so many elements on each rank. The buckets of all ranks that cut the parameters,
  /// and their pieces if a group divides these, are one cut tensor, one behind the other.
  dist::ShardingAttr shardingOf(hf::ParameterOp parameter, dist::AxisListAttr group, int64_t elements) const;

  /// Declares a bucket of `elements` in which the members' parameters get places, and states of the flat tensor.
  void declare(FlatUpdate &flat, int64_t elements);
  hf::StateOp declareState(const FlatUpdate &flat, StringRef role, Type element);
  /// Has `optimizer_step` take the states.
  void takeStates(const FlatUpdate &flat);
  /// The norm of what the states and the gradients that stay alone hold.
  void replaceNorm(ArrayRef<FlatUpdate> flats);
  /// One update, whose states `optimizer_step` gives back. Returns the parameters' new values, in their own type.
  Value update(const FlatUpdate &flat);
  /// Drops what nothing uses any more. Fails, with a message, where something else does.
  LogicalResult dropReplaced(ArrayRef<FlatUpdate> flats);

  /// Says of the results of a new op where they live, if there is a mesh, and that they belong to the update.
  void annotate(Operation *op, ArrayRef<dist::ShardingAttr> shardings) const;
  void annotate(Value value, dist::ShardingAttr sharding) const { annotate(value.getDefiningOp(), sharding); }
  static void addResult(func::FuncOp entry, Value value, hf::StateOp state, dist::ShardingAttr sharding);

private:
  struct Arguments {
    BlockArgument gradient, master, moment1, moment2;
  };
  BlockArgument addArgument(hf::StateOp state, dist::ShardingAttr sharding);
  void dropResults(const llvm::DenseSet<Attribute> &gone);
  LogicalResult dropArguments(const llvm::DenseSet<Attribute> &gone, const llvm::DenseSet<Attribute> &members);

  ModuleOp module;
  func::FuncOp optimizer;
  BucketNames &names;
  dist::MeshAttr mesh;
  OpBuilder builder;
  /// The update of each gradient, by the state that holds it.
  llvm::DenseMap<StringAttr, hf::AdamWOp> updates;
  /// The gradients that keep their own update.
  SmallVector<BlockArgument> whole;
  hf::SqrtOp norm;
  llvm::DenseMap<Operation *, Arguments> arguments;
};

inline FlatSymbolRefAttr symbolOf(Operation *op) {
  return FlatSymbolRefAttr::get(op->getContext(), SymbolTable::getSymbolName(op).getValue());
}

} // namespace hfc::collective

#endif // HFC_LIB_TRANSFORMS_COLLECTIVE_FLATOPTIMIZER_H
