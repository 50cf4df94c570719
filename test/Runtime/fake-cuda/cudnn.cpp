//===- cudnn.cpp - a cuDNN on the CPU, with the functions that hfc calls
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// Has one engine, which does any graph of the operations that hfc uses: one after the other, in float32, whole tensors
// at a time. What the real one would refuse, it takes.

#include "FakeDevice.h"

#include <cudnn_graph.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <unistd.h>
#include <vector>

namespace {
using Sizes = std::array<int64_t, 4>;

struct Descriptor {
  cudnnBackendDescriptorType_t type;
  std::map<int, std::vector<char>> values;
  std::map<int, std::vector<Descriptor *>> parts;

  template <typename T>
  T get(int name, size_t place = 0) const {
    T value;
    std::memcpy(&value, values.at(name).data() + place * sizeof(T), sizeof(T));
    return value;
  }
  bool has(int name) const { return parts.count(name) != 0; }
  const Descriptor &part(int name) const { return *parts.at(name).at(0); }
};

size_t sizeOf(cudnnBackendAttributeType_t type) {
  switch (type) {
  case CUDNN_TYPE_INT64:
  case CUDNN_TYPE_VOID_PTR:
  case CUDNN_TYPE_HANDLE:
  case CUDNN_TYPE_BACKEND_DESCRIPTOR:
    return 8;
  case CUDNN_TYPE_BOOLEAN:
    return 1;
  default:
    return 4;
  }
}

/// One run of a graph. What operations make is kept densely, by the tensors' ids.
class Run {
public:
  Run(const Descriptor &graph, const Descriptor &pack) : graph(graph) {
    const std::vector<char> &ids = pack.values.at(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS);
    for (size_t i = 0; i < ids.size() / 8; ++i) {
      auto id = pack.get<int64_t>(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, i);
      addresses[id] = pack.get<char *>(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, i);
    }
    // Numbers given by value are the host's now, and need not be there when a graph is launched.
    for (const Descriptor *operation : graph.parts.at(CUDNN_ATTR_OPERATIONGRAPH_OPS))
      for (const auto &[name, parts] : operation->parts)
        for (const Descriptor *tensor : parts)
          if (tensor->type == CUDNN_BACKEND_TENSOR_DESCRIPTOR && tensor->get<bool>(CUDNN_ATTR_TENSOR_IS_BY_VALUE))
            made[idOf(*tensor)] = {*reinterpret_cast<const float *>(addresses.at(idOf(*tensor)))};
  }

  cudaError_t operator()() {
    for (const Descriptor *operation : graph.parts.at(CUDNN_ATTR_OPERATIONGRAPH_OPS))
      if (!perform(*operation))
        return cudaErrorIllegalAddress;
    return cudaSuccess;
  }

private:
  static int64_t idOf(const Descriptor &tensor) { return tensor.get<int64_t>(CUDNN_ATTR_TENSOR_UNIQUE_ID); }
  static Sizes sizesOf(const Descriptor &tensor) { return tensor.get<Sizes>(CUDNN_ATTR_TENSOR_DIMENSIONS); }
  static bool isBFloat16(const Descriptor &tensor) {
    return tensor.get<cudnnDataType_t>(CUDNN_ATTR_TENSOR_DATA_TYPE) == CUDNN_DATA_BFLOAT16;
  }

  /// Calls `body` with each index and its number.
  template <typename Body>
  static void forEach(const Sizes &sizes, Body body) {
    int64_t number = 0;
    for (int64_t a = 0; a < sizes[0]; ++a)
      for (int64_t b = 0; b < sizes[1]; ++b)
        for (int64_t c = 0; c < sizes[2]; ++c)
          for (int64_t d = 0; d < sizes[3]; ++d)
            body(Sizes{a, b, c, d}, size_t(number++));
  }
  /// The element for `at` in a tensor of `from` in which sizes may be smaller: parts of it share one.
  static size_t shared(const Sizes &at, const Sizes &of, const Sizes &from) {
    int64_t number = 0;
    for (size_t dim = 0; dim < 4; ++dim)
      number = number * from[dim] + at[dim] * from[dim] / of[dim];
    return size_t(number);
  }

  char *memory(const Descriptor &tensor, const Sizes &at) {
    int64_t place = 0;
    for (size_t dim = 0; dim < 4; ++dim)
      place += at[dim] * tensor.get<Sizes>(CUDNN_ATTR_TENSOR_STRIDES)[dim];
    size_t size = isBFloat16(tensor) ? 2 : 4;
    return fake::hostAddress(addresses.at(idOf(tensor)) + place * int64_t(size), size);
  }

  const std::vector<float> &read(const Descriptor &tensor) {
    auto found = made.find(idOf(tensor));
    if (found != made.end())
      return found->second;
    std::vector<float> values;
    forEach(sizesOf(tensor), [&](const Sizes &at, size_t) {
      const char *source = memory(tensor, at);
      uint32_t bits = 0;
      isGood &= source != nullptr;
      if (source && isBFloat16(tensor))
        std::memcpy(reinterpret_cast<char *>(&bits) + 2, source, 2);
      else if (source)
        std::memcpy(&bits, source, 4);
      values.emplace_back();
      std::memcpy(&values.back(), &bits, 4);
    });
    return made[idOf(tensor)] = std::move(values);
  }

  void write(const Descriptor &tensor, std::vector<float> values) {
    if (isBFloat16(tensor))
      for (float &value : values) {
        uint32_t bits;
        std::memcpy(&bits, &value, 4);
        bits = (bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000;
        std::memcpy(&value, &bits, 4);
      }
    if (!tensor.get<bool>(CUDNN_ATTR_TENSOR_IS_VIRTUAL))
      forEach(sizesOf(tensor), [&](const Sizes &at, size_t number) {
        char *target = memory(tensor, at);
        const char *source = reinterpret_cast<const char *>(&values[number]);
        isGood &= target != nullptr;
        if (target)
          std::memcpy(target, isBFloat16(tensor) ? source + 2 : source, isBFloat16(tensor) ? 2 : 4);
      });
    made[idOf(tensor)] = std::move(values);
  }

  bool perform(const Descriptor &operation) {
    switch (operation.type) {
    case CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR:
      multiply(operation);
      break;
    case CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR:
      compute(operation);
      break;
    case CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR:
      reduce(operation);
      break;
    case CUDNN_BACKEND_OPERATION_RESHAPE_DESCRIPTOR:
      transpose(operation);
      break;
    default:
      isGood = false;
    }
    return isGood;
  }

  void multiply(const Descriptor &operation) {
    const Descriptor &a = operation.part(CUDNN_ATTR_OPERATION_MATMUL_ADESC),
                     &b = operation.part(CUDNN_ATTR_OPERATION_MATMUL_BDESC),
                     &c = operation.part(CUDNN_ATTR_OPERATION_MATMUL_CDESC);
    Sizes sizes = sizesOf(c), left = sizesOf(a), right = sizesOf(b);
    const std::vector<float> lhs = read(a), rhs = read(b);
    std::vector<float> result(size_t(sizes[0] * sizes[1] * sizes[2] * sizes[3]));
    forEach(sizes, [&](const Sizes &at, size_t number) {
      int64_t row = ((at[0] * left[1] + at[1] * left[1] / sizes[1]) * left[2] + at[2]) * left[3];
      int64_t matrix = (at[0] * right[1] + at[1] * right[1] / sizes[1]) * right[2] * right[3];
      for (int64_t i = 0; i < left[3]; ++i)
        result[number] += lhs[size_t(row + i)] * rhs[size_t(matrix + i * right[3] + at[3])];
    });
    write(c, std::move(result));
  }

  void compute(const Descriptor &operation) {
    const Descriptor &mode = operation.part(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR);
    const Descriptor &x = operation.part(CUDNN_ATTR_OPERATION_POINTWISE_XDESC),
                     &y = operation.part(CUDNN_ATTR_OPERATION_POINTWISE_YDESC);
    auto operand = [&](int name) { return operation.has(name) ? &operation.part(name) : nullptr; };
    const Descriptor *b = operand(CUDNN_ATTR_OPERATION_POINTWISE_BDESC),
                     *t = operand(CUDNN_ATTR_OPERATION_POINTWISE_TDESC);
    Sizes sizes = sizesOf(y);
    std::vector<float> result(size_t(sizes[0] * sizes[1] * sizes[2] * sizes[3]));
    const std::vector<float> first = read(x), second = b ? read(*b) : first, condition = t ? read(*t) : first;
    forEach(sizes, [&](const Sizes &at, size_t number) {
      float value = first[shared(at, sizes, sizesOf(x))];
      float other = b ? second[shared(at, sizes, sizesOf(*b))] : 0;
      bool holds = t && condition[shared(at, sizes, sizesOf(*t))] != 0;
      result[number] = apply(mode, value, other, holds, at);
    });
    write(y, std::move(result));
  }

  float apply(const Descriptor &mode, float x, float other, bool holds, const Sizes &at) {
    switch (mode.get<cudnnPointwiseMode_t>(CUDNN_ATTR_POINTWISE_MODE)) {
    case CUDNN_POINTWISE_ADD:
      return x + other;
    case CUDNN_POINTWISE_SUB:
      return x - other;
    case CUDNN_POINTWISE_MUL:
      return x * other;
    case CUDNN_POINTWISE_DIV:
      return x / other;
    case CUDNN_POINTWISE_EXP:
      return std::exp(x);
    case CUDNN_POINTWISE_LOG:
      return std::log(x);
    case CUDNN_POINTWISE_IDENTITY:
      return x;
    case CUDNN_POINTWISE_CMP_GE:
      return x >= other;
    case CUDNN_POINTWISE_CMP_GT:
      return x > other;
    case CUDNN_POINTWISE_GEN_INDEX:
      return float(at[size_t(mode.get<int64_t>(CUDNN_ATTR_POINTWISE_AXIS))]);
    case CUDNN_POINTWISE_BINARY_SELECT:
      return holds ? x : other;
    default:
      isGood = false;
      return 0;
    }
  }

  void reduce(const Descriptor &operation) {
    const Descriptor &x = operation.part(CUDNN_ATTR_OPERATION_REDUCTION_XDESC),
                     &y = operation.part(CUDNN_ATTR_OPERATION_REDUCTION_YDESC);
    bool isMaximum =
        operation.part(CUDNN_ATTR_OPERATION_REDUCTION_DESC).get<cudnnReduceTensorOp_t>(CUDNN_ATTR_REDUCTION_OPERATOR) ==
        CUDNN_REDUCE_TENSOR_MAX;
    Sizes from = sizesOf(x), to = sizesOf(y);
    const std::vector<float> values = read(x);
    std::vector<float> result(size_t(to[0] * to[1] * to[2] * to[3]), isMaximum ? -HUGE_VALF : 0);
    forEach(from, [&](const Sizes &at, size_t number) {
      float &into = result[shared(at, from, to)];
      into = isMaximum ? std::max(into, values[number]) : into + values[number];
    });
    write(y, std::move(result));
  }

  void transpose(const Descriptor &operation) {
    const Descriptor &x = operation.part(CUDNN_ATTR_OPERATION_RESHAPE_XDESC),
                     &y = operation.part(CUDNN_ATTR_OPERATION_RESHAPE_YDESC);
    Sizes to = sizesOf(y);
    const std::vector<float> values = read(x);
    std::vector<float> result(values.size());
    forEach(to, [&](const Sizes &at, size_t number) {
      result[number] = values[size_t(((at[0] * to[1] + at[1]) * to[3] + at[3]) * to[2] + at[2])];
    });
    write(y, std::move(result));
  }

  const Descriptor &graph;
  std::map<int64_t, char *> addresses;
  std::map<int64_t, std::vector<float>> made;
  bool isGood = true;
};
} // namespace

struct cudnnContext {
  cudaStream_t stream = nullptr;
};

extern "C" {
size_t cudnnGetVersion() {
  const char *text = std::getenv("HFC_FAKE_CUDNN");
  return text ? size_t(std::atoll(text)) : 91900;
}
void cudnnGetLastErrorString(char *message, size_t size) { std::snprintf(message, size, "the fake does not say why"); }
const char *cudnnGetErrorString(cudnnStatus_t) { return "failed"; }
cudnnStatus_t cudnnCreate(cudnnHandle_t *handle) { return *handle = new cudnnContext, CUDNN_STATUS_SUCCESS; }
cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) { return delete handle, CUDNN_STATUS_SUCCESS; }
cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  return handle->stream = stream, CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type, cudnnBackendDescriptor_t *descriptor) {
  return *descriptor = new Descriptor{type, {}, {}}, CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor) {
  return delete static_cast<Descriptor *>(descriptor), CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t count, const void *elements) {
  auto *own = static_cast<Descriptor *>(descriptor);
  const char *bytes = static_cast<const char *>(elements);
  if (type == CUDNN_TYPE_BACKEND_DESCRIPTOR)
    own->parts[name].assign(static_cast<Descriptor *const *>(elements),
                            static_cast<Descriptor *const *>(elements) + count);
  else
    own->values[name].assign(bytes, bytes + size_t(count) * sizeOf(type));
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t descriptor) {
  bool isPlan = static_cast<Descriptor *>(descriptor)->type == CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR;
  if (isPlan && std::getenv("HFC_FAKE_TELL_PLANS"))
    std::fprintf(stderr, "fake: a plan on %s\n", gettid() == getpid() ? "the main thread" : "a thread of its own");
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendGetAttribute(cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t, int64_t, int64_t *count, void *elements) {
  const auto *own = static_cast<const Descriptor *>(descriptor);
  *count = 1;
  if (name == CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE)
    return *static_cast<int64_t *>(elements) = 128, CUDNN_STATUS_SUCCESS;
  if (name != CUDNN_ATTR_ENGINEHEUR_RESULTS)
    return CUDNN_STATUS_BAD_PARAM;
  (*static_cast<Descriptor **>(elements))->parts = own->parts;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan, cudnnBackendDescriptor_t pack) {
  const Descriptor &engine = static_cast<Descriptor *>(plan)->part(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG);
  if (std::getenv("HFC_FAKE_TELL_ATTENTION"))
    std::fprintf(stderr, "fake: an attention by cuDNN\n");
  // A launch of a graph begins with what was known when it was captured.
  Run run(engine.part(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH), *static_cast<Descriptor *>(pack));
  cudaError_t error = fake::enqueue(handle->stream, [run] { return Run(run)(); });
  return error == cudaSuccess ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_EXECUTION_FAILED;
}
} // extern "C"
