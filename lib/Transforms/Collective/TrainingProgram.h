//===- TrainingProgram.h - parameters, their gradients, and entries -*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_TRANSFORMS_COLLECTIVE_TRAININGPROGRAM_H
#define HFC_LIB_TRANSFORMS_COLLECTIVE_TRAININGPROGRAM_H

#include "dialects/hf/Hf.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace hfc::collective {

/// The entry that adds one micro-batch's gradients and leaves them partial; all others complete what they return.
inline constexpr StringLiteral microStepName = "micro_step";
/// The entry that takes complete gradients.
inline constexpr StringLiteral optimizerStepName = "optimizer_step";

/// A state that holds a parameter's gradient.
struct Gradient {
  hf::StateOp state;
  hf::ParameterOp parameter;

  explicit operator bool() const { return !!state; }
};

/// The tables of a training program. Look-ups take constant time.
class TrainingProgram {
public:
  /// Fails, with a message, if a state says that it belongs to a parameter that is not there.
  static FailureOr<TrainingProgram> get(ModuleOp module);

  /// The gradient that `state` holds; null if it is none.
  Gradient gradientOf(FlatSymbolRefAttr state) const { return state ? gradients.lookup(state.getAttr()) : Gradient(); }
  /// Whether a state holds what this rank has added only, its bucket's piece being complete.
  bool isAccumulator(FlatSymbolRefAttr state) const {
    hf::StateOp op = stateOf(state);
    auto role = op ? op->getAttrOfType<StringAttr>("hf.role") : StringAttr();
    return role && role.getValue() == "accumulator";
  }
  hf::StateOp stateOf(FlatSymbolRefAttr symbol) const {
    return symbol ? states.lookup(symbol.getAttr()) : hf::StateOp();
  }

private:
  llvm::DenseMap<StringAttr, hf::StateOp> states;
  llvm::DenseMap<StringAttr, Gradient> gradients;
};

/// The public functions that have a body.
SmallVector<func::FuncOp> entriesOf(ModuleOp module);

} // namespace hfc::collective

#endif // HFC_LIB_TRANSFORMS_COLLECTIVE_TRAININGPROGRAM_H
