//===- Inputs.cpp - an entry's inputs from the user's file
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Runtime/IO/Inputs.h"

#include "hfc/Runtime/IO/Random.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hfc::io {

namespace {
/// Of transformers' losses.
constexpr int32_t ignoredLabel = -100;

std::string indexToString(int64_t flat, const std::vector<int64_t> &shape) {
  std::vector<int64_t> index(shape.size());
  for (size_t i = shape.size(); i-- > 0;) {
    index[i] = flat % shape[i];
    flat /= shape[i];
  }
  return shapeToString(index);
}

/// Reads one tensor of the file into one input of the program.
class InputReader {
public:
  InputReader(const ProgramInfo &program, const BindingInfo &binding, const TensorView &tensor, std::string path)
      : program(program), binding(binding), tensor(tensor), path(std::move(path)) {}

  Status read(void *target) {
    if (!tensor.dtype)
      return Failure{"input '" + binding.name + "' in '" + path + "' is " + tensor.dtypeName +
                     "; hfc reads F32, F64, F16, BF16, I32, I64 and BOOL"};
    swapped = isSwapped();
    if (tensor.shape != binding.shape && !swapped)
      return shapeFailure();
    Status status = isFloat(binding.dtype) ? readFloats(target) : readIntegers(static_cast<int32_t *>(target));
    tensor.file->drop(tensor.data, tensor.bytes);
    return status;
  }

private:
  /// Programs compiled with --layout=sequence-first take [S, B, …]; files that hold HF's [B, S, …] are read too.
  bool isSwapped() const {
    const std::vector<int64_t> &shape = binding.shape;
    if (program.layout != "sequence-first" || tensor.shape == shape || tensor.shape.size() != shape.size() ||
        shape.size() < 3)
      return false;
    return tensor.shape[0] == shape[1] && tensor.shape[1] == shape[0] &&
           std::equal(shape.begin() + 2, shape.end(), tensor.shape.begin() + 2);
  }

  Status shapeFailure() const {
    std::string message = "input '" + binding.name + "' in '" + path + "' is " + shapeToString(tensor.shape) +
                          ", but the program takes " + shapeToString(binding.shape);
    bool isBatchFirst = binding.shape.size() >= 2 && binding.shape[0] == program.batch &&
                        binding.shape[1] == program.sequence && tensor.shape.size() == binding.shape.size();
    if (isBatchFirst && tensor.shape[0] > 0 && tensor.shape[1] > 0)
      message += "; compile it with --batch=" + std::to_string(tensor.shape[0]) +
                 " --seq=" + std::to_string(tensor.shape[1]) + ", or pad the inputs (attention_mask 0)";
    else if (!binding.shape.empty() && tensor.shape.size() == binding.shape.size() &&
             std::equal(tensor.shape.begin() + 1, tensor.shape.end(), binding.shape.begin() + 1))
      message += "; compile it with --batch=" + std::to_string(tensor.shape[0]);
    return Failure{message};
  }

  /// The place in the file of an element of the program's tensor.
  int64_t sourceIndex(int64_t flat) const {
    if (!swapped)
      return flat;
    int64_t rows = binding.shape[0], columns = binding.shape[1];
    int64_t inner = rows * columns ? binding.elements() / (rows * columns) : 1;
    int64_t row = flat / (columns * inner), column = flat / inner % columns;
    return (column * rows + row) * inner + flat % inner;
  }

  Status readFloats(void *target) {
    int64_t count = binding.elements();
    if (!swapped && isFloat(*tensor.dtype) && *tensor.dtype != HFC_FLOAT64) {
      convertFloats(tensor.data, *tensor.dtype, 1, target, binding.dtype, count);
      return {};
    }
    for (int64_t i = 0; i < count; ++i) {
      float value = float(loadElement(tensor.data, *tensor.dtype, sourceIndex(i)));
      convertFloats(&value, HFC_FLOAT32, 1, static_cast<char *>(target) + i * sizeOf(binding.dtype), binding.dtype, 1);
    }
    return {};
  }

  Status readIntegers(int32_t *target) {
    int64_t least = binding.min.value_or(std::numeric_limits<int32_t>::min());
    int64_t most = binding.max.value_or(std::numeric_limits<int32_t>::max());
    for (int64_t i = 0, count = binding.elements(); i < count; ++i) {
      double value = loadElement(tensor.data, *tensor.dtype, sourceIndex(i));
      // Also catches NaN. Doubles are exact far beyond the range of int32.
      if (!(value >= double(least) && value <= double(most)) || value != std::floor(value))
        return rangeFailure(i, value, least, most);
      target[i] = int32_t(value);
    }
    for (const Occurrences &rule : binding.occurrences)
      if (Status status = checkOccurrences(target, rule); !status)
        return status;
    return {};
  }

  /// Image tokens must be as many as there are features of the image.
  Status checkOccurrences(const int32_t *values, const Occurrences &rule) const {
    int64_t length = binding.shape.empty() ? 1 : binding.shape.back();
    for (int64_t row = 0, count = length ? binding.elements() / length : 0; row < count; ++row) {
      int64_t found = std::count(values + row * length, values + (row + 1) * length, int32_t(rule.value));
      if (found != rule.count)
        return Failure{"input '" + binding.name + "' in '" + path + "': row " + std::to_string(row) +
                       " has the value " + std::to_string(rule.value) + ' ' + std::to_string(found) +
                       " times, and must have it " + std::to_string(rule.count) +
                       " times: once for each feature of its image"};
    }
    return {};
  }

  Status rangeFailure(int64_t flat, double value, int64_t least, int64_t most) const {
    char text[32];
    std::snprintf(text, sizeof text, "%.17g", value);
    return Failure{"input '" + binding.name + "' in '" + path + "': the value at " +
                   indexToString(flat, binding.shape) + " is " + text + ", but must be an integer from " +
                   std::to_string(least) + " to " + std::to_string(most)};
  }

  const ProgramInfo &program;
  const BindingInfo &binding;
  const TensorView &tensor;
  std::string path;
  bool swapped = false;
};

void fillConstant(const BindingInfo &binding, void *target, float value) {
  int64_t count = binding.elements();
  if (!isFloat(binding.dtype)) {
    std::fill_n(static_cast<int32_t *>(target), count, int32_t(value));
    return;
  }
  for (int64_t i = 0; i < count; ++i)
    convertFloats(&value, HFC_FLOAT32, 1, static_cast<char *>(target) + i * sizeOf(binding.dtype), binding.dtype, 1);
}

void fillArange(const BindingInfo &binding, int32_t *target) {
  int64_t last = binding.shape.empty() ? 1 : binding.shape.back();
  for (int64_t i = 0, count = binding.elements(); i < count; ++i)
    target[i] = int32_t(i % last);
}

/// Numbers packed documents: a new one begins wherever positions do not go on by one.
void fillSegments(const BindingInfo &binding, int32_t *target, const int32_t *positions) {
  int64_t last = binding.shape.empty() ? 1 : binding.shape.back();
  for (int64_t i = 0, count = binding.elements(); i < count; ++i) {
    bool first = i % last == 0;
    target[i] = first ? 0 : target[i - 1] + (positions[i] != positions[i - 1] + 1);
  }
}

/// What a position predicts is the next position's label; the last predicts nothing.
Status fillShiftedLabels(const ProgramInfo &program, const BindingInfo &binding, const SafeTensors *file,
                         int32_t *target) {
  const TensorView *labels = file ? file->find("labels") : nullptr;
  if (!labels)
    return Failure{"training needs labels: " +
                   (file ? "'" + file->path() + "' has neither 'labels' nor '" + binding.name + "'"
                         : "give a safetensors file with 'labels' or '" + binding.name + "' with --inputs")};
  if (Status status = InputReader(program, binding, *labels, file->path()).read(target); !status)
    return status;
  int64_t last = binding.shape.empty() ? 1 : binding.shape.back();
  for (int64_t i = 0, count = binding.elements(); i < count; ++i)
    target[i] = (i + 1) % last ? target[i + 1] : ignoredLabel;
  return {};
}

Status fillDefault(const ProgramInfo &program, const EntryInfo &entry, const BindingInfo &binding,
                   const SafeTensors *file, const InputBuffer &buffer) {
  void *target = buffer(binding);
  if (binding.defaultValue == "ones") {
    fillConstant(binding, target, 1);
  } else if (binding.defaultValue == "zeros") {
    fillConstant(binding, target, 0);
  } else if (binding.defaultValue == "arange") {
    fillArange(binding, static_cast<int32_t *>(target));
  } else if (binding.defaultValue == "labels") {
    return fillShiftedLabels(program, binding, file, static_cast<int32_t *>(target));
  } else if (binding.defaultValue == "segments") {
    const BindingInfo *positions = entry.findInput("position_ids");
    bool packed = file && positions && file->find("position_ids") && !file->find("attention_mask");
    if (packed && positions->elements() == binding.elements())
      fillSegments(binding, static_cast<int32_t *>(target), static_cast<const int32_t *>(buffer(*positions)));
    else
      fillConstant(binding, target, 0);
  } else {
    std::string needs = "the program needs input '" + binding.name + "' (" + std::string(nameOf(binding.dtype)) + " " +
                        shapeToString(binding.shape) + ")";
    return Failure{file ? needs + ", and '" + file->path() + "' has no tensor of that name"
                        : needs + "; give a safetensors file with --inputs"};
  }
  return {};
}

Status checkOthers(const EntryInfo &entry, const SafeTensors &file, std::vector<std::string> *ignored) {
  for (const auto &[name, tensor] : file.tensors()) {
    if (entry.findInput(name) || isOutputName(name))
      continue;
    if (!isModelArgument(name)) {
      if (ignored)
        ignored->push_back(name);
      continue;
    }
    std::string takes;
    for (const BindingInfo &input : entry.inputs)
      takes += (takes.empty() ? "" : ", ") + input.name;
    return Failure{"'" + file.path() + "' holds '" + name + "', which the program does not take (it takes " + takes +
                   "): the answer would not be transformers'; remove it, or compile the program for it"};
  }
  return {};
}
} // namespace

Status readInputs(const ProgramInfo &program, const EntryInfo &entry, const SafeTensors *file,
                  const InputBuffer &buffer, std::vector<std::string> *ignored) {
  if (file)
    if (Status status = checkOthers(entry, *file, ignored); !status)
      return status;
  std::vector<const BindingInfo *> absent;
  for (const BindingInfo &binding : entry.inputs) {
    const TensorView *tensor = file ? file->find(binding.name) : nullptr;
    if (!tensor) {
      absent.push_back(&binding);
      continue;
    }
    if (Status status = InputReader(program, binding, *tensor, file->path()).read(buffer(binding)); !status)
      return status;
  }
  // Last, since segments are made of positions.
  for (const BindingInfo *binding : absent)
    if (Status status = fillDefault(program, entry, *binding, file, buffer); !status)
      return status;
  return {};
}

void randomInputs(const EntryInfo &entry, uint64_t seed, const InputBuffer &buffer) {
  for (const BindingInfo &binding : entry.inputs) {
    if (!binding.defaultValue.empty() && binding.defaultValue != "labels") {
      (void)bool(fillDefault(ProgramInfo(), entry, binding, nullptr, buffer));
      continue;
    }
    uint64_t key = randomKey(seed, binding.name);
    char *target = static_cast<char *>(buffer(binding));
    // Labels that count; the smallest one allowed is ignored.
    int64_t least = binding.defaultValue == "labels" ? 0 : binding.min.value_or(0), most = binding.max.value_or(least);
    for (int64_t i = 0, count = binding.elements(); i < count; ++i) {
      if (isFloat(binding.dtype)) {
        float value = float(randomNormal(key, uint64_t(i)));
        convertFloats(&value, HFC_FLOAT32, 1, target + i * sizeOf(binding.dtype), binding.dtype, 1);
      } else {
        int32_t value = int32_t(least + int64_t(randomUniform(key, uint64_t(i)) * double(most - least + 1)));
        std::memcpy(target + i * 4, &value, sizeof value);
      }
    }
  }
}

} // namespace hfc::io
