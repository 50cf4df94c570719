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

#include "hfc/Runtime/IO/Inputs.h"
#include "hfc/Runtime/IO/SafeTensors.h"

namespace hfc {

using Tokens = std::vector<int64_t>;

/// One use of the interpreter: what the user gave, opened and checked.
class Session {
public:
  static llvm::Expected<std::unique_ptr<Session>> open(ModuleOp module, const InterpretOptions &options);

  /// Runs the entry on the user's inputs; compares, prints and writes.
  llvm::Expected<Status> forward();
  /// Greedy decoding.
  llvm::Expected<Status> generate();

  /// Whose fault an error is: with weights and inputs read, a model that does not run is ours, IR its writer's.
  Status errorStatus() const { return isRunning && !isIR(options.model) ? Status::InternalError : Status::WrongInput; }

  bool isGeneration() const { return info.generation && options.entry.empty(); }

private:
  explicit Session(const InterpretOptions &options) : options(options) {}

  llvm::Error openFiles();
  llvm::Error bindParameters();
  llvm::Expected<const io::EntryInfo *> findEntry() const;
  llvm::Expected<interpreter::TensorMap> readInputs(const io::EntryInfo &entry) const;
  llvm::Expected<Status> report(const io::EntryInfo &entry, const interpreter::TensorMap &outputs);

  llvm::Expected<std::vector<Tokens>> readPrompts() const;
  /// The last tokens' logits of each sequence, and their number, after reading what they hold beyond `past`.
  llvm::Error readChunk(std::vector<Tokens> &sequences, std::vector<int64_t> &past, const std::vector<int64_t> &lengths,
                        std::vector<std::optional<int64_t>> &next);
  const io::ChunkInfo &chunkFor(int64_t tokens) const;
  llvm::Expected<Status> reportTokens(const std::vector<Tokens> &sequences, const std::vector<Tokens> &prompts);

  const InterpretOptions &options;
  bool isRunning = false;
  std::unique_ptr<interpreter::Interpreter> interpreter;
  io::ProgramInfo info;
  std::optional<io::SafeTensors> inputs, check;
  std::unique_ptr<io::OutputFile> outputs;
};

/// Takes what the options leave open (batch, sequence, kind of inputs) from the inputs' file.
llvm::Error adoptShapes(InterpretOptions &options);

/// Prompts of --prompt-ids.
llvm::Expected<std::vector<Tokens>> parsePrompts(StringRef text);

/// The rows of a file's tensor of integers.
llvm::Expected<std::vector<Tokens>> readRows(const io::TensorView &tensor);

} // namespace hfc

#endif // HFC_TOOLS_HFC_INTERPRET_SESSION_H
