//===- SavedRun.h - checkpoints of a training run
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The format is python-frontend-spec/checkpoint.md's. A checkpoint says nothing of the mesh it was written on: all
// tensors are whole.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_RUNTIME_TRAIN_SAVEDRUN_H
#define HFC_RUNTIME_TRAIN_SAVEDRUN_H

#include "hfc/Runtime/IO/SafeTensors.h"

namespace hfc::train {

/// Where a run stands. With the parameters and the optimizer's states it is all that the next step depends on.
struct Progress {
  /// Optimizer steps done.
  int64_t step = 0;
  /// Sequences read, over all epochs: see Batches::read.
  int64_t position = 0;
  /// Of the order of the data and of dropout.
  uint64_t seed = 0;
};

/// Writes a checkpoint into a folder, which is made if it is not there, tensor by tensor. Parameters have the names of
/// a Hugging Face checkpoint; the optimizer's are `moment1.NAME`, `moment2.NAME` and `master.NAME`. One rename makes it
/// the folder's checkpoint; at any moment before, the one before it is whole, and after, its files are removed. Refuses
/// a folder that has a model.safetensors, which would hide what is written.
class RunWriter {
public:
  /// `data` of the tensors is not read.
  static io::Result<RunWriter> create(const std::string &path, const Progress &progress,
                                      std::vector<io::TensorToWrite> parameters,
                                      std::vector<io::TensorToWrite> optimizer);

  /// The values of the next tensor.
  io::Status addParameter(const void *data) { return parameters.add(data); }
  io::Status addOptimizer(const void *data) { return optimizer.add(data); }
  /// When all are there.
  io::Status commit();

private:
  /// A file that is being written.
  struct Part {
    static io::Result<Part> create(const std::string &path, std::vector<io::TensorToWrite> tensors);
    io::Status add(const void *data);
    io::Status commit();

    std::unique_ptr<io::OutputFile> file;
    std::vector<io::TensorToWrite> tensors;
    size_t written = 0;
  };
  RunWriter(std::string path, const Progress &progress, Part parameters, Part optimizer)
      : path(std::move(path)), progress(progress), parameters(std::move(parameters)), optimizer(std::move(optimizer)) {}

  std::string path;
  Progress progress;
  Part parameters, optimizer;
};

struct SavedRun {
  Progress progress;
  /// `io::Weights` reads parameters from the folder itself.
  io::SafeTensors optimizer;
};

/// Opens the checkpoint of a folder that a RunWriter wrote.
io::Result<SavedRun> openRun(const std::string &path);

} // namespace hfc::train

#endif // HFC_RUNTIME_TRAIN_SAVEDRUN_H
