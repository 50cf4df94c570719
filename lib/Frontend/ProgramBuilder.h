//===- ProgramBuilder.h - writes the functions and tables of an hf program
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_FRONTEND_PROGRAMBUILDER_H
#define HFC_LIB_FRONTEND_PROGRAMBUILDER_H

#include "dialects/hf/TensorBuilder.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"

#include <optional>

namespace hfc::frontend {

/// How a parameter starts where no checkpoint gives it: transformers' `_init_weights`.
struct Initializer {
  enum Kind { zeros, ones, normal, uniform } kind = zeros;
  /// The standard deviation; means are 0.
  double deviation = 0;
  /// A row that is zero all the same (`padding_idx`).
  std::optional<int64_t> zeroRow = std::nullopt;
};

/// A parameter, and where its values stand in a checkpoint.
struct Parameter {
  std::string symbol;
  SmallVector<int64_t> shape;
  Initializer initializer;
  /// In the spelling of `state_dict()`, which the program's checkpoint names turn into the checkpoint's. Empty: the
  /// tensor of the symbol's name, whole.
  SmallVector<Attribute> pieces = {};
  /// Where it stands in `state_dict()` if not in tensors like the checkpoint's.
  SmallVector<Attribute> stateDict = {};
};

/// Names that begin with `stateDict` begin with `checkpoint` in checkpoints.
struct CheckpointName {
  StringRef stateDict, checkpoint;
};

/// The tables of a program: parameters and states, declared once whatever the number of entries that use them.
class ProgramBuilder {
public:
  /// `checkpointNames`: the first that fits counts.
  ProgramBuilder(MLIRContext *context, FloatType dtype, StringRef name, ArrayRef<CheckpointName> checkpointNames = {});

  ModuleOp getModule() { return *module; }
  OwningOpRef<ModuleOp> take() { return std::move(module); }
  MLIRContext *getContext() { return module->getContext(); }
  FloatType getDtype() const { return dtype; }

  /// Declares the parameter if it is new, and returns its type.
  RankedTensorType declareParameter(const Parameter &parameter);
  void declareState(StringRef symbol, RankedTensorType type);
  /// Appends an entry. Tables stand before the first one.
  void addFunction(func::FuncOp function);

private:
  hf::PieceAttr inCheckpoint(hf::PieceAttr piece);

  OwningOpRef<ModuleOp> module;
  FloatType dtype;
  SmallVector<CheckpointName> checkpointNames;
  OpBuilder tables;
  llvm::StringMap<RankedTensorType> declared;
};

/// How the runtime fills an input that the user gives none of, and what it accepts.
struct InputRules {
  StringRef byDefault = "";
  std::optional<int64_t> min = std::nullopt, max = std::nullopt;
  /// Programs that differentiate give the gradient of this input.
  bool differentiate = false;
  /// A value, and how often it stands in each row.
  std::optional<std::pair<int64_t, int64_t>> occurrences = std::nullopt;
};

/// Writes one entry. Parameters become arguments when they are first used. Each op gets the HF module path it
/// comes from as its location, and its layer's number as `hf.block`.
class EntryBuilder : public OpBuilder::Listener {
public:
  EntryBuilder(ProgramBuilder &program, StringRef name);

  /// The tensor algebra at the current module path.
  hf::TensorBuilder &ops() { return tensors; }
  OpBuilder &builder() { return opBuilder; }
  Location getLoc() const { return tensors.getLoc(); }
  FloatType getDtype() const { return program.getDtype(); }
  RankedTensorType floats(ArrayRef<int64_t> shape) { return RankedTensorType::get(shape, getDtype()); }
  RankedTensorType integers(ArrayRef<int64_t> shape) { return RankedTensorType::get(shape, opBuilder.getI32Type()); }

  Value parameter(const Parameter &parameter);
  Value input(StringRef name, RankedTensorType type, const InputRules &rules = {});
  /// Marks the entry with `name`.
  void setAttribute(StringRef name, Attribute value) { function->setAttr(name, value); }
  Value state(StringRef symbol, RankedTensorType type);
  /// Declares a state that this entry only writes; returns its type.
  RankedTensorType declareState(StringRef symbol, RankedTensorType type);
  void output(StringRef name, Value value);
  void nextState(StringRef symbol, Value value);
  /// Adds the return and fixes the function's type.
  void finish();

  /// Ops created while it lives belong to the HF module `path`, and to layer `block` if one is given.
  class Scope {
  public:
    Scope(EntryBuilder &entry, const Twine &path, std::optional<int64_t> block = std::nullopt);
    ~Scope();
    Scope(const Scope &) = delete;
    Scope &operator=(const Scope &) = delete;

  private:
    EntryBuilder &entry;
    Location outerLoc;
    std::optional<int64_t> outerBlock;
  };

private:
  void notifyOperationInserted(Operation *op, OpBuilder::InsertPoint) override;
  Value argument(RankedTensorType type, StringRef key, Attribute value);
  void result(StringRef key, Attribute name, Value value);

  ProgramBuilder &program;
  OpBuilder opBuilder;
  func::FuncOp function;
  hf::TensorBuilder tensors;
  std::optional<int64_t> block;
  llvm::StringMap<Value> parameters;
  SmallVector<Attribute> argumentAttributes, resultAttributes;
  SmallVector<Value> results;
};

} // namespace hfc::frontend

#endif // HFC_LIB_FRONTEND_PROGRAMBUILDER_H
