//===- Session.h - a program with its weights and files
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_INTERPRET_SESSION_H
#define HFC_TOOLS_HFC_INTERPRET_SESSION_H

#include "Load.h"
#include "Program.h"

#include "hfc/Runtime/IO/Compare.h"
#include "hfc/Runtime/IO/Inputs.h"
#include "hfc/Runtime/IO/SafeTensors.h"
#include "hfc/Runtime/IO/StateDict.h"

namespace hfc {

using Tokens = std::vector<int64_t>;
/// Values of named tensors, as files hold them.
using Buffers = std::map<std::string, std::vector<char>>;

/// One use of the interpreter: what the user gave, opened and checked.
class Session {
public:
  static llvm::Expected<std::unique_ptr<Session>> open(ModuleOp module, const InterpretOptions &options);

  /// Runs the entry on the user's inputs; compares, prints and writes.
  llvm::Expected<Status> forward();
  /// Greedy decoding.
  llvm::Expected<Status> generate();
  /// Loss and gradients of a batch; with `--steps`, as many steps of the optimizer on it.
  llvm::Expected<Status> train();

  /// Whose fault an error is: with weights and inputs read, a model that does not run is ours, IR its writer's.
  Status errorStatus() const { return isRunning && !isIR(options.model) ? Status::InternalError : Status::WrongInput; }

  bool isGeneration() const { return info.generation && options.entry.empty(); }
  bool isTraining() const { return info.task == "train" && options.entry.empty(); }

private:
  Session(ModuleOp module, const InterpretOptions &options) : module(module), options(options) {}

  llvm::Error openFiles();
  llvm::Error bindParameters();
  llvm::Expected<const io::EntryInfo *> findEntry() const;
  llvm::Expected<Buffers> readInputs(const io::EntryInfo &entry) const;
  /// Compares and writes results, and the values of parameters after training.
  llvm::Expected<Status> report(ArrayRef<io::OwnedTensor> results, ArrayRef<io::OwnedTensor> parameters = {});
  llvm::Expected<std::vector<io::Comparison>> compare(ArrayRef<io::OwnedTensor> results) const;
  void printReport(const std::vector<io::Comparison> &comparisons, const io::Tolerances &tolerances) const;

  llvm::Expected<std::vector<Tokens>> readPrompts() const;
  /// The last tokens' logits of each sequence, and their number, after reading what they hold beyond `past`.
  llvm::Error readChunk(std::vector<Tokens> &sequences, std::vector<int64_t> &past, const std::vector<int64_t> &lengths,
                        std::vector<std::optional<int64_t>> &next);
  llvm::Expected<Status> reportTokens(const std::vector<Tokens> &sequences, const std::vector<Tokens> &prompts);

  ModuleOp module;
  const InterpretOptions &options;
  bool isRunning = false;
  std::unique_ptr<interpreter::Interpreter> interpreter;
  io::ProgramInfo info;
  std::optional<io::SafeTensors> inputs, check;
  std::unique_ptr<io::OutputFile> outputs, saved;
};

/// Takes what the options leave open (batch, sequence, kind of inputs) from the inputs' file.
llvm::Error adoptShapes(InterpretOptions &options);

/// Prompts of --prompt-ids.
llvm::Expected<std::vector<Tokens>> parsePrompts(StringRef text);

/// The rows of a file's tensor of integers.
llvm::Expected<std::vector<Tokens>> readRows(const io::TensorView &tensor);

} // namespace hfc

#endif // HFC_TOOLS_HFC_INTERPRET_SESSION_H
