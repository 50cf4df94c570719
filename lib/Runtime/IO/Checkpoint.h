//===- Checkpoint.h - finds a program's parameters in a checkpoint
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_IO_CHECKPOINT_H
#define HFC_LIB_RUNTIME_IO_CHECKPOINT_H

#include "hfc/Runtime/IO/Metadata.h"
#include "hfc/Runtime/IO/SafeTensors.h"

#include <set>
#include <string>
#include <vector>

namespace hfc::io {

/// A piece as a strided view of a checkpoint's tensor.
struct PieceSource {
  const TensorView *tensor = nullptr;
  /// In elements.
  int64_t offset = 0, elements = 0;
  std::vector<int64_t> shape, strides;
  bool contiguous = false;

  const char *begin() const { return tensor->data + offset * sizeOf(*tensor->dtype); }
};

bool isContiguous(const PieceSource &source);

/// Resolves parameters and collects everything that does not fit.
class Checkpoint {
public:
  Checkpoint(const ProgramInfo &program, const SafeTensors &tensors) : program(program), tensors(tensors) {}

  /// The pieces of a parameter, or less when something is wrong.
  std::vector<PieceSource> resolve(const ParameterInfo &parameter);

  /// After all parameters: tensors that nothing reads and that are no inert buffers.
  void findUnused();

  /// One error that lists all.
  Status status() const;

private:
  const TensorView *findTensor(const std::string &name);
  bool resolvePiece(const ParameterInfo &parameter, const Piece &piece, PieceSource &source);
  void checkShape(const ParameterInfo &parameter, const std::vector<PieceSource> &pieces);
  /// Whether the class has the tensor and the program has no use for it.
  bool isKnownUnused(const std::string &name) const;
  bool isTiedCopy(const TensorView &tensor) const;

  const ProgramInfo &program;
  const SafeTensors &tensors;
  std::set<const TensorView *> used;
  std::set<std::string> prefixesThatFit;
  std::set<std::string> missing, unused;
  std::vector<std::string> problems;
};

} // namespace hfc::io

#endif // HFC_LIB_RUNTIME_IO_CHECKPOINT_H
