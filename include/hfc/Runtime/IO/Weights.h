//===- Weights.h - a program's parameters from a checkpoint
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_RUNTIME_IO_WEIGHTS_H
#define HFC_RUNTIME_IO_WEIGHTS_H

#include "hfc/Runtime/IO/Draw.h"
#include "hfc/Runtime/IO/Metadata.h"
#include "hfc/Runtime/IO/SafeTensors.h"

#include <functional>
#include <string>
#include <vector>

namespace hfc::io {

/// Called with bytes done and bytes in all.
using Progress = std::function<void(const char *what, int64_t done, int64_t total)>;

/// Whose pieces are wanted, and where they go.
struct WeightPlacement {
  int64_t rank = 0;
  /// Memory of its own for a parameter (what training writes, what lies in a bucket); null where the mapped file or any
  /// memory will do.
  std::function<char *(size_t parameter)> memory;
  /// For memory that the host cannot write: if given, it is handed every parameter's values when they are ready, and
  /// they are not kept.
  std::function<Status(size_t parameter, const void *values)> take;
  /// Makes random values in `memory`'s; if not given, the host does.
  std::function<Status(char *memory, const Draw &draw)> fill;
};

/// The values of a program's parameters. Those whose type and layout are the checkpoint's stay in the mapped file;
/// others are converted into memory of their own, while the file's pages are given back.
class Weights {
public:
  /// All that does not fit (missing, shapes, types, tensors that the program does not use) is one error.
  static Result<Weights> load(const ProgramInfo &program, const std::string &path, const Progress &progress = {},
                              const WeightPlacement &placement = {});

  /// Values as transformers' `_init_weights` would draw them: what the program says, or else normal with a standard
  /// deviation of 0.02, norms one, biases zero. A value depends on the seed, the parameter's name and its place in the
  /// whole alone.
  static Result<Weights> random(const ProgramInfo &program, uint64_t seed, const Progress &progress = {},
                                const WeightPlacement &placement = {});

  /// In the order of `program.parameters`.
  const std::vector<const void *> &data() const { return pointers; }

private:
  /// Memory of a parameter's own.
  Result<char *> allocate(int64_t bytes);
  Status fill(size_t parameter, const Draw &draw, const WeightPlacement &placement);
  Status handOver(size_t parameter, const WeightPlacement &placement);

  std::vector<SafeTensors> checkpoint;
  std::vector<Memory> owned;
  std::vector<const void *> pointers;
};

} // namespace hfc::io

#endif // HFC_RUNTIME_IO_WEIGHTS_H
