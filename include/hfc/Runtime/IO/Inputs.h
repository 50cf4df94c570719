//===- Inputs.h - an entry's inputs from the user's file
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_RUNTIME_IO_INPUTS_H
#define HFC_RUNTIME_IO_INPUTS_H

#include "hfc/Runtime/IO/Metadata.h"
#include "hfc/Runtime/IO/SafeTensors.h"

#include <functional>
#include <string>
#include <vector>

namespace hfc::io {

/// Where an input's values go: `binding.bytes()` bytes.
using InputBuffer = std::function<void *(const BindingInfo &binding)>;

/// Fills every input of an entry from `file` by its HF name, converted to the program's type, and by its default
/// where the file (which may be null) has none. Refuses values out of range, other shapes, and tensors that mean
/// something to the transformers class but not to the program. Names of tensors of no known meaning are
/// appended to `ignored`.
Status readInputs(const ProgramInfo &program, const EntryInfo &entry, const SafeTensors *file,
                  const InputBuffer &buffer, std::vector<std::string> *ignored = nullptr);

/// Fills inputs with values that depend on the seed alone: integers in their range, floats normal.
void randomInputs(const EntryInfo &entry, uint64_t seed, const InputBuffer &buffer);

/// Whether a tensor of that name is an argument of some transformers model.
bool isModelArgument(std::string_view name);

/// Whether a tensor of that name is something that a run gives back, or that only a loss reads.
bool isOutputName(std::string_view name);

} // namespace hfc::io

#endif // HFC_RUNTIME_IO_INPUTS_H
