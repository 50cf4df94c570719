//===- Blame.h - which op of a wrong program is wrong
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_VERIFY_CHECKPARTITION_BLAME_H
#define HFC_LIB_VERIFY_CHECKPARTITION_BLAME_H

#include "WholeOp.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace hfc::verify {

/// An op to blame, and why.
struct Suspect {
  Operation *op = nullptr, *producer = nullptr;
  int64_t rank = -1;
  /// Whether its own results are not what its own operands say.
  bool isCertain = false;
  std::string what;
};

/// Looks for the first op that is wrong given what it reads. An op is right if its results, put together, are values of
/// the global program, or what the op gives on whole operands. Where no op is wrong in itself, something is missing, or
/// stands in a place that says nothing of where it lives: then the op to blame is the first one that makes other values
/// than the global program has, and from which a wrong result follows; first of all one in whose place the global
/// program has an op that makes another. Where all values are the global program's, a wrong one is given.
class Blame {
public:
  Blame(const GlobalValues &global, LocalValues &local, interpreter::Interpreter &interpreter, dist::MeshAttr mesh)
      : global(global), local(local), interpreter(interpreter), mesh(mesh) {}

  /// An entry that has run, and the names by which it gives what is wrong; `op` is null where nothing was found.
  Suspect find(func::FuncOp entry, const llvm::StringSet<> &wrong);

  /// Ops that none of this explains: neither do their results occur in the global program, nor follow exactly from
  /// whole operands. Only after find().
  const llvm::DenseSet<Operation *> &unexplained() const { return others; }

private:
  enum class State {
    Known,   ///< a value of the global program
    Derived, ///< not one, but right given the operands
    Silent,  ///< lives nowhere: a number of the rank's own
    Wrong,   ///< wrong given the operands
    Open     ///< cannot be told
  };

  State judge(Operation *op, Suspect &why);
  State compare(Operation *op, ArrayRef<Tensor> expected, Suspect &why);
  std::string explain(Operation *op, Suspect &why) const;
  Suspect checkReturned(func::FuncOp entry);
  Suspect firstStranger(func::FuncOp entry, const llvm::StringSet<> &wrong);
  Suspect checkGiven(func::FuncOp entry, const llvm::StringSet<> &wrong);
  void findSources(ArrayRef<Value> results, llvm::DenseSet<Operation *> &sources);
  bool isKnown(Value value);
  /// Whether the global program has an op in this one's place, which makes another value.
  bool hasCounterpart(Operation *op);

  const GlobalValues &global;
  LocalValues &local;
  interpreter::Interpreter &interpreter;
  dist::MeshAttr mesh;
  llvm::DenseMap<Operation *, State> states;
  llvm::DenseSet<Operation *> others;
  /// How often an op stands in one place of the model.
  llvm::StringMap<int64_t> places;
};

} // namespace hfc::verify

#endif // HFC_LIB_VERIFY_CHECKPARTITION_BLAME_H
