//===- WholeTensors.h - tensors of all ranks: what goes to them, what they give back
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_RUN_WHOLETENSORS_H
#define HFC_TOOLS_HFC_RUN_WHOLETENSORS_H

#include "Ranks.h"
#include "Session.h"

#include "hfc/Runtime/IO/Compare.h"
#include "hfc/Runtime/IO/StateDict.h"

#include <map>

namespace hfc::run {

/// Inputs over the whole batch, by name. Ranks take their pieces of them.
class WholeInputs {
public:
  /// `entry`'s inputs from --inputs, or drawn.
  void read(Session &session, const io::EntryInfo &entry);
  void setIntegers(const std::string &name, const std::vector<int32_t> &values);

  /// Fills the inputs of a rank's entry that are known here with their `micro`-th part.
  void give(const io::ProgramInfo &program, const io::EntryInfo &entry, int64_t micro, const Rank &rank) const;

private:
  std::map<std::string, std::vector<char>> buffers;
};

/// Brings a tensor of which ranks have pieces, each at `piece` of its program's memory, to rank 0, where `whole` takes
/// it. All ranks call it.
void gatherTensor(const Rank &rank, const io::Mesh &mesh, const io::TensorInfo &tensor, const void *piece, char *whole);

/// Values that belong to a parameter, in its whole shape; `data` on rank 0 only.
struct WholeValue {
  const io::ParameterInfo *parameter = nullptr;
  hfc_dtype dtype = HFC_FLOAT32;
  std::vector<char> data;
};

/// A parameter's values, or those of its state of that role ("gradient", "moment1", …), also where ranks have pieces of
/// the bucket that it is in. Nothing where there is no such state. All ranks call it.
std::optional<WholeValue> gatherParameter(const Rank &rank, const io::ProgramInfo &program,
                                          const io::ParameterInfo &parameter);
std::optional<WholeValue> gatherState(const Rank &rank, const io::ProgramInfo &program,
                                      const io::ParameterInfo &parameter, const std::string &role);
/// The type of the values that gatherState() would give.
std::optional<hfc_dtype> typeOfState(const io::ProgramInfo &program, const io::ParameterInfo &parameter,
                                     const std::string &role);

/// Puts this rank's part of `ROLE.PARAMETER`, whole, into its state; nothing if the program keeps no such state.
/// Refuses tensors that are missing or of another type or shape.
void scatterState(const Rank &rank, const io::ProgramInfo &program, const io::ParameterInfo &parameter,
                  const std::string &role, const io::SafeTensors &tensors);

/// What a run gives back, whole, on rank 0: outputs, gradients.
class Results {
public:
  void add(io::TensorInfo info, std::vector<char> data);
  /// Memory of the host that outlives this.
  void refer(io::TensorInfo info, const void *data) { views.push_back({std::move(info), data}); }

  const std::vector<io::OutputView> &list() const { return views; }

private:
  std::vector<io::OutputView> views;
  std::vector<std::vector<char>> owned;
};

/// An output of an entry, after it has run, as it stands on all ranks.
void gatherOutput(const Rank &rank, const io::ProgramInfo &program, const io::EntryInfo &entry,
                  const io::BindingInfo &output, Results &results);

} // namespace hfc::run

#endif // HFC_TOOLS_HFC_RUN_WHOLETENSORS_H
