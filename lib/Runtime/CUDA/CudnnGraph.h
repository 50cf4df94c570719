//===- CudnnGraph.h - graphs of cuDNN's operations
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_CUDNNGRAPH_H
#define HFC_LIB_RUNTIME_CUDA_CUDNNGRAPH_H

#include "Cudnn.h"

#include <array>

namespace hfc::cuda {

/// Sizes and strides of a tensor in a graph, all of rank 4.
struct GraphShape {
  std::array<int64_t, 4> sizes, strides;

  static GraphShape dense(std::array<int64_t, 4> sizes) {
    return {sizes, {sizes[1] * sizes[2] * sizes[3], sizes[2] * sizes[3], sizes[3], 1}};
  }
  /// The last two dimensions exchanged.
  GraphShape transposed() const {
    GraphShape other = *this;
    std::swap(other.sizes[2], other.sizes[3]);
    std::swap(other.strides[2], other.strides[3]);
    return other;
  }
};

/// Adds tensors and operations to a graph, in float32. What stands in memory, and numbers that are given by value, are
/// known by their ids when the graph runs.
class CudnnGraph {
public:
  explicit CudnnGraph(CudnnCalls &calls) : calls(calls) {}

  struct Tensor {
    int64_t id;
    GraphShape shape;
  };

  Tensor inMemory(const GraphShape &shape, cudnnDataType_t type) { return add(shape, type, Place::memory); }
  /// A value that is never written to memory.
  Tensor inside(const GraphShape &shape, cudnnDataType_t type = CUDNN_DATA_FLOAT) {
    return add(shape, type, Place::inside);
  }
  /// A number that is given when the graph runs.
  Tensor number() { return add(GraphShape::dense({1, 1, 1, 1}), CUDNN_DATA_FLOAT, Place::value); }

  void multiply(Tensor lhs, Tensor rhs, Tensor result);
  void compute(cudnnPointwiseMode_t mode, Tensor x, Tensor result);
  void compute(cudnnPointwiseMode_t mode, Tensor x, Tensor other, Tensor result);
  /// Truth values.
  void compare(cudnnPointwiseMode_t mode, Tensor x, Tensor other, Tensor result);
  /// `x` where `condition` holds, else `other`.
  void select(Tensor condition, Tensor x, Tensor other, Tensor result);
  /// The place of each element of `x` along a dimension.
  void index(int64_t dim, Tensor x, Tensor result);
  /// To `result`'s shape.
  void reduce(cudnnReduceTensorOp_t kind, Tensor x, Tensor result);
  void reshape(Tensor x, Tensor result);

  /// The finished graph. Without a handle it is for planning alone.
  Descriptor finish(cudnnHandle_t handle);

private:
  enum class Place { memory, inside, value };
  Tensor add(const GraphShape &shape, cudnnDataType_t type, Place place);
  const Descriptor &at(Tensor tensor) const { return tensors[tensor.id - 1]; }
  Descriptor pointwise(cudnnPointwiseMode_t mode, cudnnDataType_t precision);
  Descriptor pointwiseOperation(const Descriptor &mode, Tensor x, Tensor result);
  void finish(Descriptor operation, Descriptor mode);

  CudnnCalls &calls;
  /// Tensor number i has the id i + 1.
  std::vector<Descriptor> tensors;
  std::vector<Descriptor> operations, modes;
};

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_CUDNNGRAPH_H
