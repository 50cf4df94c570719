//===- AttentionGraph.h - attention as a graph of cuDNN's operations
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// cuDNN recognizes attention in a graph of products, reductions and elementwise operations, and has one kernel for the
// whole. It does so by their order and types, which are those that NVIDIA's cudnn-frontend writes.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_ATTENTIONGRAPH_H
#define HFC_LIB_RUNTIME_CUDA_ATTENTIONGRAPH_H

#include "AttentionArguments.h"
#include "CudnnGraph.h"

namespace hfc::cuda {

/// What a graph's tensor is when it runs.
struct AttentionBinding {
  enum class Source {
    /// `place` in the list of the call's arguments.
    argument,
    /// `place` bytes into the scratch memory.
    scratch,
    /// `number`.
    value
  };
  int64_t id;
  Source source;
  size_t place = 0;
  float number = 0;
};

/// The graph of an attention, and what to bind.
class AttentionGraph {
public:
  /// Without masks.
  AttentionGraph(CudnnCalls &calls, const hfc_attention &attention);

  CudnnGraph graph;
  std::vector<AttentionBinding> bindings;
  /// Bytes of scratch memory that bindings want; what the plan wants stands behind them.
  size_t scratch = 0;

private:
  using Tensor = CudnnGraph::Tensor;

  void addForward();
  void addBackward();
  /// The product of a query with a key, scaled.
  Tensor addScores(Tensor query, Tensor transposedKey);
  /// Scores of keys that are not visible become -infinity.
  Tensor addVisible(Tensor score);
  /// `factor^T source`, summed over the query heads of a key head.
  void addToKeys(Tensor factor, Tensor source, int64_t columns, Tensor result);

  Tensor argument(size_t place, const GraphShape &shape, cudnnDataType_t type = CUDNN_DATA_BFLOAT16);
  Tensor scratchTensor(const GraphShape &shape);
  Tensor value(float number);
  Tensor computed(cudnnPointwiseMode_t mode, Tensor x);
  Tensor computed(cudnnPointwiseMode_t mode, Tensor x, Tensor other);

  GraphShape query() const {
    return shape(attention.query_heads, attention.queries, attention.depth, attention.query_strides);
  }
  GraphShape key() const { return shape(attention.key_heads, attention.keys, attention.depth, attention.key_strides); }
  GraphShape values() const {
    return shape(attention.key_heads, attention.keys, attention.value_depth, attention.value_strides);
  }
  GraphShape result() const {
    return shape(attention.query_heads, attention.queries, attention.value_depth, attention.result_strides);
  }
  GraphShape scores() const { return dense(attention.queries, attention.keys); }
  GraphShape rows() const { return dense(attention.queries, 1); }
  /// Of all query heads.
  GraphShape dense(int64_t rows, int64_t columns) const {
    return GraphShape::dense({attention.batch, attention.query_heads, rows, columns});
  }
  GraphShape shape(int64_t heads, int64_t positions, int64_t depth, const int64_t (&strides)[3]) const {
    return {{attention.batch, heads, positions, depth}, {strides[0], strides[1], strides[2], 1}};
  }

  const hfc_attention attention;
};

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_ATTENTIONGRAPH_H
