//===- CudnnGraph.cpp - graphs of cuDNN's operations
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CudnnGraph.h"

using namespace hfc;
using namespace hfc::cuda;

CudnnGraph::Tensor CudnnGraph::add(const GraphShape &shape, cudnnDataType_t type, Place place) {
  // Buffers of a program begin at multiples of 64, and rows are of 16 bytes at least.
  constexpr int64_t alignment = 16;
  int64_t id = static_cast<int64_t>(tensors.size()) + 1;
  bool isInside = place == Place::inside, isValue = place == Place::value;
  Descriptor tensor(calls, CUDNN_BACKEND_TENSOR_DESCRIPTOR, "a tensor");
  tensor.set(calls, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, type);
  tensor.setEach(calls, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, shape.sizes);
  tensor.setEach(calls, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, shape.strides);
  tensor.set(calls, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, id);
  tensor.set(calls, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, alignment);
  tensor.set(calls, CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, isInside);
  tensor.set(calls, CUDNN_ATTR_TENSOR_IS_BY_VALUE, CUDNN_TYPE_BOOLEAN, isValue);
  tensor.finalize(calls);
  tensors.push_back(std::move(tensor));
  return {id, shape};
}

void CudnnGraph::finish(Descriptor operation, Descriptor mode) {
  operation.finalize(calls);
  operations.push_back(std::move(operation));
  modes.push_back(std::move(mode));
}

void CudnnGraph::multiply(Tensor lhs, Tensor rhs, Tensor result) {
  Descriptor mode(calls, CUDNN_BACKEND_MATMUL_DESCRIPTOR, "a product's precision");
  mode.set(calls, CUDNN_ATTR_MATMUL_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, CUDNN_DATA_FLOAT);
  mode.finalize(calls);
  Descriptor operation(calls, CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR, "a product");
  operation.set(calls, CUDNN_ATTR_OPERATION_MATMUL_ADESC, at(lhs));
  operation.set(calls, CUDNN_ATTR_OPERATION_MATMUL_BDESC, at(rhs));
  operation.set(calls, CUDNN_ATTR_OPERATION_MATMUL_CDESC, at(result));
  operation.set(calls, CUDNN_ATTR_OPERATION_MATMUL_DESC, mode);
  finish(std::move(operation), std::move(mode));
}

Descriptor CudnnGraph::pointwise(cudnnPointwiseMode_t mode, cudnnDataType_t precision) {
  Descriptor descriptor(calls, CUDNN_BACKEND_POINTWISE_DESCRIPTOR, "an elementwise operation's mode");
  descriptor.set(calls, CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, mode);
  descriptor.set(calls, CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, precision);
  return descriptor;
}

Descriptor CudnnGraph::pointwiseOperation(const Descriptor &mode, Tensor x, Tensor result) {
  Descriptor operation(calls, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, "an elementwise operation");
  operation.set(calls, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, mode);
  operation.set(calls, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, at(x));
  operation.set(calls, CUDNN_ATTR_OPERATION_POINTWISE_YDESC, at(result));
  return operation;
}

void CudnnGraph::compute(cudnnPointwiseMode_t mode, Tensor x, Tensor result) {
  Descriptor descriptor = pointwise(mode, CUDNN_DATA_FLOAT);
  descriptor.finalize(calls);
  Descriptor operation = pointwiseOperation(descriptor, x, result);
  finish(std::move(operation), std::move(descriptor));
}

void CudnnGraph::compute(cudnnPointwiseMode_t mode, Tensor x, Tensor other, Tensor result) {
  Descriptor descriptor = pointwise(mode, CUDNN_DATA_FLOAT);
  descriptor.finalize(calls);
  Descriptor operation = pointwiseOperation(descriptor, x, result);
  operation.set(calls, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, at(other));
  finish(std::move(operation), std::move(descriptor));
}

void CudnnGraph::compare(cudnnPointwiseMode_t mode, Tensor x, Tensor other, Tensor result) {
  Descriptor descriptor = pointwise(mode, CUDNN_DATA_BOOLEAN);
  descriptor.finalize(calls);
  Descriptor operation = pointwiseOperation(descriptor, x, result);
  operation.set(calls, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, at(other));
  finish(std::move(operation), std::move(descriptor));
}

void CudnnGraph::select(Tensor condition, Tensor x, Tensor other, Tensor result) {
  Descriptor descriptor = pointwise(CUDNN_POINTWISE_BINARY_SELECT, CUDNN_DATA_FLOAT);
  descriptor.finalize(calls);
  Descriptor operation = pointwiseOperation(descriptor, x, result);
  operation.set(calls, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, at(other));
  operation.set(calls, CUDNN_ATTR_OPERATION_POINTWISE_TDESC, at(condition));
  finish(std::move(operation), std::move(descriptor));
}

void CudnnGraph::index(int64_t dim, Tensor x, Tensor result) {
  Descriptor descriptor = pointwise(CUDNN_POINTWISE_GEN_INDEX, CUDNN_DATA_FLOAT);
  descriptor.set(calls, CUDNN_ATTR_POINTWISE_AXIS, CUDNN_TYPE_INT64, dim);
  descriptor.finalize(calls);
  Descriptor operation = pointwiseOperation(descriptor, x, result);
  finish(std::move(operation), std::move(descriptor));
}

void CudnnGraph::reduce(cudnnReduceTensorOp_t kind, Tensor x, Tensor result) {
  Descriptor mode(calls, CUDNN_BACKEND_REDUCTION_DESCRIPTOR, "a reduction's kind");
  mode.set(calls, CUDNN_ATTR_REDUCTION_OPERATOR, CUDNN_TYPE_REDUCTION_OPERATOR_TYPE, kind);
  mode.set(calls, CUDNN_ATTR_REDUCTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, CUDNN_DATA_FLOAT);
  mode.finalize(calls);
  Descriptor operation(calls, CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR, "a reduction");
  operation.set(calls, CUDNN_ATTR_OPERATION_REDUCTION_XDESC, at(x));
  operation.set(calls, CUDNN_ATTR_OPERATION_REDUCTION_YDESC, at(result));
  operation.set(calls, CUDNN_ATTR_OPERATION_REDUCTION_DESC, mode);
  finish(std::move(operation), std::move(mode));
}

void CudnnGraph::reshape(Tensor x, Tensor result) {
  Descriptor operation(calls, CUDNN_BACKEND_OPERATION_RESHAPE_DESCRIPTOR, "a view");
  operation.set(calls, CUDNN_ATTR_OPERATION_RESHAPE_XDESC, at(x));
  operation.set(calls, CUDNN_ATTR_OPERATION_RESHAPE_YDESC, at(result));
  finish(std::move(operation), Descriptor());
}

Descriptor CudnnGraph::finish(cudnnHandle_t handle) {
  std::vector<cudnnBackendDescriptor_t> parts;
  for (const Descriptor &operation : operations)
    parts.push_back(operation.get());
  Descriptor graph(calls, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, "a graph of operations");
  if (handle)
    graph.set(calls, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, handle);
  graph.setEach(calls, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, parts);
  graph.finalize(calls);
  return graph;
}
