//===- Backward.h - the backward part of a function
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_TRANSFORMS_GRADIENT_BACKWARD_H
#define HFC_LIB_TRANSFORMS_GRADIENT_BACKWARD_H

#include "lib/Transforms/Gradient/Recompute.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace hfc::gradient {

/// A sum to which the cotangents of one or more arguments are added, in its own element type.
struct Accumulator {
  /// What it starts from; null for nothing. Afterwards the sum; null if nothing was added to nothing.
  Value sum;
  Type element;
};

/// Builds the backward part of a function of one block, behind its ops and in front of its terminator.
class Backward {
public:
  Backward(func::FuncOp function, Recompute policy);

  /// The gradient of an argument goes to an accumulator (by number).
  unsigned addAccumulator(Value start, Type element);
  void accumulate(BlockArgument argument, unsigned accumulator);
  /// `argument` keeps its value until the backward part: the barriers of what is computed again leave it alone.
  void setParameter(BlockArgument argument) { facts.parameters.insert(argument); }
  /// Gives `value` a cotangent; null stands for 1.
  void seed(Value value, Value cotangent);
  /// Builds everything.
  LogicalResult run();
  /// What the accumulator holds, zeros if nothing came in.
  Value finish(unsigned accumulator, ArrayRef<int64_t> shape);

  OpBuilder &getBuilder() { return builder; }
  /// Erases what the backward part made and nothing uses, once its results have their uses.
  void eraseUnused();

private:
  /// Marks the ops made with the phase, and with the block of the op whose backward part they are.
  struct Tagger : OpBuilder::Listener {
    void notifyOperationInserted(Operation *op, OpBuilder::InsertPoint) override;
    Attribute block;
  };

  void markActive();
  LogicalResult visit(Operation *op, Recomputation &recomputation);
  void addCotangent(Location loc, Value operand, Value cotangent);
  void addTo(Accumulator &accumulator, Location loc, Value cotangent);
  /// The cotangents of `op` are complete: they live where its results live.
  void copyShardings(Operation *op, ArrayRef<Value> cotangents);
  void writeShardings();

  Block &block;
  Recompute policy;
  Tagger tagger;
  OpBuilder builder;
  SmallVector<Operation *> forward;
  ValueFacts facts;
  hf::Cotangents cotangents;
  SmallVector<Accumulator> accumulators;
  DenseMap<Value, unsigned> accumulatorOf;
  llvm::MapVector<Operation *, SmallVector<Attribute>> shardings;
};

} // namespace hfc::gradient

#endif // HFC_LIB_TRANSFORMS_GRADIENT_BACKWARD_H
