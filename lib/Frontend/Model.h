//===- Model.h - what every kind of model gives the importer
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_FRONTEND_MODEL_H
#define HFC_LIB_FRONTEND_MODEL_H

#include "ConfigReader.h"
#include "ProgramBuilder.h"

#include "hfc/Frontend/Import.h"

#include <memory>

namespace hfc::frontend {

/// Special tokens of a class, where a config says nothing of them.
struct TokenDefaults {
  std::optional<int64_t> bos, eos, pad;
};

/// The import options with everything decided.
struct Request {
  Task task = Task::forward;
  int64_t batch = 1, sequence = 0;
  InputKind inputs = InputKind::inputIds;
  BoundaryLayout layout = BoundaryLayout::batchFirst;
  std::string target;
  /// Tokens of each prefill chunk, descending.
  SmallVector<int64_t> prefillChunks;
};

/// A model whose config is read and checked: it can be written as entries.
class Model {
public:
  virtual ~Model() = default;

  /// Reports what of a request this model cannot do.
  virtual void check(const Request &request, Problems &problems) const = 0;
  virtual void buildForward(ProgramBuilder &program, const Request &request) const = 0;
  /// One entry that reads a chunk of `tokens` tokens into the cache and gives logits.
  virtual void buildChunk(ProgramBuilder &program, const Request &request, StringRef name, int64_t tokens) const {}

  /// The sequence capacity of a program where nobody names one.
  virtual int64_t defaultSequence() const = 0;
  /// The capacity that a program really has, given the one asked for.
  virtual int64_t sequence(int64_t asked) const { return asked; }
  virtual bool isLanguageModel() const = 0;
  virtual int64_t vocabulary() const { return 0; }
  virtual TokenDefaults tokenDefaults() const { return {}; }
  virtual ArrayRef<StringRef> checkpointPrefixes() const = 0;
};

} // namespace hfc::frontend

#endif // HFC_LIB_FRONTEND_MODEL_H
