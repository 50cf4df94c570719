//===- StateDict.h - values of logical parameters, by transformers' names
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_RUNTIME_IO_STATEDICT_H
#define HFC_RUNTIME_IO_STATEDICT_H

#include "hfc/Runtime/IO/Metadata.h"
#include "hfc/Runtime/IO/Result.h"

#include <optional>
#include <string>
#include <vector>

namespace hfc::io {

/// What belongs to a parameter and has its (whole) shape: its value, its gradient.
struct ParameterValue {
  const ParameterInfo *parameter = nullptr;
  hfc_dtype dtype = HFC_FLOAT32;
  const void *data = nullptr;
};

/// A tensor of `state_dict()`.
struct OwnedTensor {
  TensorInfo info;
  std::vector<char> data;
};

/// Puts the tensors of `state_dict()` together one parameter after the other, so that not all need be in memory.
class StateDictAssembler {
public:
  /// For these parameters, whose values come later.
  static Result<StateDictAssembler> create(const std::vector<ParameterValue> &values);
  ~StateDictAssembler();
  StateDictAssembler(StateDictAssembler &&);

  /// All tensors, in the order in which parameters first name them.
  const std::vector<TensorInfo> &tensors() const { return infos; }
  /// Puts the values of the parameter of that number where they belong.
  void add(size_t parameter, const void *data);
  /// The next tensor, in the order of `tensors()`, once all of its parts are there; it is taken out.
  std::optional<OwnedTensor> takeNext();

private:
  struct Placement;
  StateDictAssembler();

  std::vector<TensorInfo> infos;
  std::vector<Placement> placements;
  /// By tensors: values that are there so far, and placements that are to come.
  std::vector<std::vector<char>> buffers;
  std::vector<size_t> missing;
  size_t next = 0;
};

/// Puts the tensors of `state_dict()` together, in the order in which parameters first name them: the inverse of
/// reading a parameter's pieces. Their extent is what the pieces reach; what no parameter holds is zero.
Result<std::vector<OwnedTensor>> assembleStateDict(const std::vector<ParameterValue> &values);

} // namespace hfc::io

#endif // HFC_RUNTIME_IO_STATEDICT_H
