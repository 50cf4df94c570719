//===- Train.h - steps of a training program
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_INTERPRET_TRAIN_H
#define HFC_TOOLS_HFC_INTERPRET_TRAIN_H

#include "Options.h"
#include "Session.h"

namespace hfc {

/// Runs the entries of a training program on one batch.
class Trainer {
public:
  /// `inputs` are of the whole batch.
  Trainer(ModuleOp module, interpreter::Interpreter &interpreter, const io::ProgramInfo &info, Buffers inputs)
      : module(module), interpreter(interpreter), info(info), inputs(std::move(inputs)) {}

  /// The entry whose inputs the batch has.
  static llvm::Expected<const io::EntryInfo *> stepEntry(const io::ProgramInfo &info);

  /// Gives states that begin as a parameter their values.
  llvm::Error initializeStates();
  /// Loss and gradients of the batch.
  llvm::Error accumulate();
  /// Updates the parameters.
  llvm::Error update(const OptimizerOptions &options);

  /// The loss, what the entries gave of the batch, and gradients by names of `state_dict()`.
  llvm::Expected<std::vector<io::OwnedTensor>> results();
  /// Parameters by names of `state_dict()`.
  llvm::Expected<std::vector<io::OwnedTensor>> parameters();

private:
  /// A piece of a bucket that begins with parameters' values.
  llvm::Error initializeBucket(const io::StateInfo &state);
  /// Calls `take` with each parameter's gradient.
  llvm::Error forEachGradient(llvm::function_ref<void(const io::ParameterInfo &, interpreter::Tensor)> take) const;
  llvm::Error runMicroBatch(const io::EntryInfo &entry, int64_t number);
  llvm::Error begin();
  /// What belongs to parameters, by names of `state_dict()` behind `prefix`.
  llvm::Expected<std::vector<io::OwnedTensor>>
  assemble(ArrayRef<std::pair<const io::ParameterInfo *, io::OwnedTensor>> values, StringRef prefix);

  ModuleOp module;
  interpreter::Interpreter &interpreter;
  const io::ProgramInfo &info;
  Buffers inputs;
  /// Outputs of the whole batch, put together from micro-batches.
  std::vector<io::OwnedTensor> outputs;
};

} // namespace hfc

#endif // HFC_TOOLS_HFC_INTERPRET_TRAIN_H
