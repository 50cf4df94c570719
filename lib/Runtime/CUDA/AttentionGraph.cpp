//===- AttentionGraph.cpp - attention as a graph of cuDNN's operations
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionGraph.h"

#include <limits>

using namespace hfc;
using namespace hfc::cuda;

AttentionGraph::AttentionGraph(CudnnCalls &calls, const hfc_attention &attention) : graph(calls), attention(attention) {
  if (attention.kind == HFC_ATTENTION_BACKWARD)
    addBackward();
  else
    addForward();
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

AttentionGraph::Tensor AttentionGraph::argument(size_t place, const GraphShape &shape, cudnnDataType_t type) {
  Tensor tensor = graph.inMemory(shape, type);
  bindings.push_back({tensor.id, AttentionBinding::Source::argument, place});
  return tensor;
}

AttentionGraph::Tensor AttentionGraph::scratchTensor(const GraphShape &shape) {
  constexpr size_t alignment = 256;
  Tensor tensor = graph.inMemory(shape, CUDNN_DATA_FLOAT);
  bindings.push_back({tensor.id, AttentionBinding::Source::scratch, scratch});
  size_t bytes = sizeof(float);
  for (int64_t size : shape.sizes)
    bytes *= static_cast<size_t>(size);
  scratch += (bytes + alignment - 1) / alignment * alignment;
  return tensor;
}

AttentionGraph::Tensor AttentionGraph::value(float number) {
  Tensor tensor = graph.number();
  bindings.push_back({tensor.id, AttentionBinding::Source::value, 0, number});
  return tensor;
}

AttentionGraph::Tensor AttentionGraph::computed(cudnnPointwiseMode_t mode, Tensor x) {
  Tensor made = graph.inside(x.shape);
  graph.compute(mode, x, made);
  return made;
}

AttentionGraph::Tensor AttentionGraph::computed(cudnnPointwiseMode_t mode, Tensor x, Tensor other) {
  Tensor made = graph.inside(x.shape);
  graph.compute(mode, x, other, made);
  return made;
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

AttentionGraph::Tensor AttentionGraph::addScores(Tensor query, Tensor transposedKey) {
  Tensor product = graph.inside(scores());
  graph.multiply(query, transposedKey, product);
  return computed(CUDNN_POINTWISE_MUL, product, value(static_cast<float>(attention.scale)));
}

AttentionGraph::Tensor AttentionGraph::addVisible(Tensor score) {
  auto hide = [&](auto condition) {
    Tensor row = graph.inside(scores(), CUDNN_DATA_INT32), column = graph.inside(scores(), CUDNN_DATA_INT32);
    Tensor visible = graph.inside(scores(), CUDNN_DATA_BOOLEAN), shown = graph.inside(scores());
    graph.index(2, score, row);
    graph.index(3, score, column);
    condition(row, column, visible);
    graph.select(visible, score, value(-std::numeric_limits<float>::infinity()), shown);
    score = shown;
  };
  if (attention.causal)
    hide([&](Tensor row, Tensor column, Tensor visible) {
      graph.compare(CUDNN_POINTWISE_CMP_GE, row, column, visible);
    });
  if (attention.window)
    hide([&](Tensor row, Tensor column, Tensor visible) {
      Tensor last = computed(CUDNN_POINTWISE_ADD, column, value(static_cast<float>(attention.window)));
      graph.compare(CUDNN_POINTWISE_CMP_GT, last, row, visible);
    });
  return score;
}

//===----------------------------------------------------------------------===//
// Passes
//===----------------------------------------------------------------------===//

void AttentionGraph::addForward() {
  size_t outputs = firstResult(attention);
  Tensor score = addVisible(addScores(argument(0, query()), argument(1, key().transposed())));
  Tensor largest = graph.inside(rows());
  graph.reduce(CUDNN_REDUCE_TENSOR_MAX, score, largest);
  Tensor power = computed(CUDNN_POINTWISE_EXP, computed(CUDNN_POINTWISE_SUB, score, largest));
  Tensor sum = graph.inside(rows());
  graph.reduce(CUDNN_REDUCE_TENSOR_ADD, power, sum);
  // Wanted or not: cuDNN knows attention by it.
  bool isWanted = attention.kind == HFC_ATTENTION_WITH_STATISTICS;
  Tensor logSum = isWanted ? argument(outputs + 1, rows(), CUDNN_DATA_FLOAT) : graph.inside(rows());
  graph.compute(CUDNN_POINTWISE_ADD, largest, computed(CUDNN_POINTWISE_LOG, sum), logSum);
  Tensor weight = graph.inside(scores(), CUDNN_DATA_BFLOAT16);
  graph.compute(CUDNN_POINTWISE_DIV, power, sum, weight);
  graph.multiply(weight, argument(2, values()), argument(outputs, result()));
}

void AttentionGraph::addToKeys(Tensor factor, Tensor source, int64_t columns, Tensor result) {
  Tensor transposed = graph.inside(scores().transposed(), CUDNN_DATA_BFLOAT16);
  graph.reshape(factor, transposed);
  if (attention.query_heads == attention.key_heads)
    return graph.multiply(transposed, source, result);
  Tensor ofHeads = graph.inside(dense(attention.keys, columns), CUDNN_DATA_BFLOAT16);
  graph.multiply(transposed, source, ofHeads);
  graph.reduce(CUDNN_REDUCE_TENSOR_ADD, ofHeads, result);
}

void AttentionGraph::addBackward() {
  size_t outputs = firstResult(attention);
  Tensor cotangent = argument(0, result()), queries = argument(1, query());
  Tensor transposedKeys = argument(2, key().transposed()), transposedValues = argument(3, values().transposed());
  Tensor output = argument(4, result()), logSum = argument(5, rows(), CUDNN_DATA_FLOAT);

  Tensor mean = graph.inside(rows()), delta = scratchTensor(rows());
  graph.reduce(CUDNN_REDUCE_TENSOR_ADD, computed(CUDNN_POINTWISE_MUL, cotangent, output), mean);
  graph.compute(CUDNN_POINTWISE_MUL, mean, value(1), delta);

  // The sums come off before keys are hidden: so cuDNN expects it.
  Tensor score = computed(CUDNN_POINTWISE_SUB, addScores(queries, transposedKeys), logSum);
  Tensor weight = computed(CUDNN_POINTWISE_EXP, addVisible(score));
  addToKeys(weight, cotangent, attention.value_depth, argument(outputs + 2, values()));

  Tensor weightGrad = graph.inside(scores());
  graph.multiply(cotangent, transposedValues, weightGrad);
  Tensor scoreGrad = computed(CUDNN_POINTWISE_MUL, computed(CUDNN_POINTWISE_SUB, weightGrad, delta), weight);
  Tensor scaled = graph.inside(scores(), CUDNN_DATA_BFLOAT16);
  graph.compute(CUDNN_POINTWISE_MUL, scoreGrad, value(static_cast<float>(attention.scale)), scaled);
  addToKeys(scaled, queries, attention.depth, argument(outputs + 1, key()));

  Tensor keys = graph.inside(key(), CUDNN_DATA_BFLOAT16), queryGrad = argument(outputs, query());
  graph.reshape(transposedKeys, keys);
  if (attention.deterministic)
    return graph.multiply(scaled, keys, queryGrad);
  // Blocks of keys add to it in the order in which they come.
  Tensor sum = scratchTensor(dense(attention.queries, attention.depth));
  graph.multiply(scaled, keys, sum);
  graph.compute(CUDNN_POINTWISE_IDENTITY, sum, queryGrad);
}
