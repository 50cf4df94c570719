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

/// What an entry reads into the cache at once.
struct Chunk {
  int64_t tokens = 1;
  /// Nothing is in the cache before it: it begins its sequences.
  bool first = false;

  /// The entry's name.
  std::string entry() const;
};

/// The import options with everything decided.
struct Request {
  Task task = Task::forward;
  int64_t batch = 1, sequence = 0;
  InputKind inputs = InputKind::inputIds;
  BoundaryLayout layout = BoundaryLayout::batchFirst;
  std::string target;
  int64_t microBatches = 1;
  /// Whether a training program applies the config's dropout.
  bool dropout = true;
  /// What a generating program reads at once: the largest first, of the same size those that begin sequences first.
  SmallVector<Chunk> chunks;

  int64_t microBatch() const { return batch / microBatches; }
  bool isTraining() const { return task == Task::train || task == Task::module; }
};

/// A model whose config is read and checked: it can be written as entries.
class Model {
public:
  virtual ~Model() = default;

  /// Reports what of a request this model cannot do.
  virtual void check(const Request &request, Problems &problems) const = 0;
  virtual void buildForward(ProgramBuilder &program, const Request &request) const = 0;
  /// `begin_step`, and `micro_step` with the loss of a micro-batch.
  virtual void buildTraining(ProgramBuilder &program, const Request &request) const = 0;
  /// One entry that reads a chunk of tokens into the cache and gives logits.
  virtual void buildChunk(ProgramBuilder &program, const Request &request, const Chunk &chunk) const {}

  /// The sequence capacity of a program where nobody names one: `usual`, if the model can do that.
  virtual int64_t defaultSequence(int64_t usual) const = 0;
  /// The capacity that a program really has, given the one asked for.
  virtual int64_t sequence(int64_t asked) const { return asked; }
  virtual bool isLanguageModel() const = 0;
  virtual int64_t vocabulary() const { return 0; }
  virtual TokenDefaults tokenDefaults() const { return {}; }
  virtual ArrayRef<StringRef> checkpointPrefixes() const = 0;
  /// How checkpoints spell the beginnings of names, where not as `state_dict()` does.
  virtual ArrayRef<CheckpointName> checkpointNames() const { return {}; }
  /// Beginnings of checkpoint names of which the program has no use, though the class has them.
  virtual SmallVector<std::string> unusedInCheckpoint() const { return {}; }
};

} // namespace hfc::frontend

#endif // HFC_LIB_FRONTEND_MODEL_H
