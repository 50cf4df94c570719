//===- attention_reference.h - attention and its gradients in float64
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_BENCH_GPU_ATTENTION_REFERENCE_H
#define HFC_BENCH_GPU_ATTENTION_REFERENCE_H

#include "hfc/Runtime/hfc_runtime.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

namespace hfc::cuda {

inline uint16_t toBFloat16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}
inline float fromBFloat16(uint16_t value) {
  uint32_t bits = static_cast<uint32_t>(value) << 16;
  float result;
  std::memcpy(&result, &bits, sizeof result);
  return result;
}

/// Random inputs, and what attention makes of the last batch element of them.
class AttentionReference {
public:
  struct Inputs {
    std::vector<uint16_t> query, key, value, cotangent;
  };

  explicit AttentionReference(const hfc_attention &attention) : attention(attention) {
    std::mt19937 generator(1);
    auto fill = [&](std::vector<uint16_t> &values, int64_t heads, int64_t positions, int64_t depth) {
      std::normal_distribution<float> normal;
      values.resize(static_cast<size_t>(attention.batch * heads * positions * depth));
      for (uint16_t &value : values)
        value = toBFloat16(normal(generator));
    };
    fill(inputs.query, attention.query_heads, attention.queries, attention.depth);
    fill(inputs.key, attention.key_heads, attention.keys, attention.depth);
    fill(inputs.value, attention.key_heads, attention.keys, attention.value_depth);
    fill(inputs.cotangent, attention.query_heads, attention.queries, attention.value_depth);
    compute();
  }

  /// Numbers of rows' sums.
  size_t rows() const { return static_cast<size_t>(attention.batch * attention.query_heads * attention.queries); }

  double errorOfResult(const std::vector<uint16_t> &found) const {
    return error(found, attention.result_strides, attention.query_heads, attention.queries, attention.value_depth,
                 result);
  }
  double errorOfQueryGrad(const std::vector<uint16_t> &found) const {
    return error(found, attention.query_strides, attention.query_heads, attention.queries, attention.depth, queryGrad);
  }
  double errorOfKeyGrad(const std::vector<uint16_t> &found) const {
    return error(found, attention.key_strides, attention.key_heads, attention.keys, attention.depth, keyGrad);
  }
  double errorOfValueGrad(const std::vector<uint16_t> &found) const {
    return error(found, attention.value_strides, attention.key_heads, attention.keys, attention.value_depth, valueGrad);
  }
  double errorOfLogSum(const std::vector<float> &found) const {
    double difference = 0, size = 0;
    size_t first = rows() - logSum.size();
    for (size_t row = 0; row < logSum.size(); ++row) {
      difference += std::pow(found[first + row] - logSum[row], 2);
      size += std::pow(logSum[row], 2);
    }
    return ratio(difference, size);
  }

  Inputs inputs;

private:
  using Matrix = std::vector<double>;
  /// What one query head adds to the gradients of its key head.
  struct HeadGradients {
    Matrix key, value;
  };

  static double ratio(double difference, double size) {
    // What is no number is an error, and so is anything where nothing should be.
    return std::isfinite(difference) ? std::sqrt(difference / std::max(size, 1e-30)) : HUGE_VAL;
  }

  double error(const std::vector<uint16_t> &found, const int64_t (&strides)[3], int64_t heads, int64_t positions,
               int64_t depth, const Matrix &expected) const {
    double difference = 0, size = 0;
    for (int64_t head = 0; head < heads; ++head)
      for (int64_t position = 0; position < positions; ++position)
        for (int64_t column = 0; column < depth; ++column) {
          double reference = expected[static_cast<size_t>((head * positions + position) * depth + column)];
          int64_t at = (attention.batch - 1) * strides[0] + head * strides[1] + position * strides[2] + column;
          difference += std::pow(fromBFloat16(found[static_cast<size_t>(at)]) - reference, 2);
          size += reference * reference;
        }
    return ratio(difference, size);
  }

  /// The last batch element, [head, position, element].
  Matrix widen(const std::vector<uint16_t> &values, const int64_t (&strides)[3], int64_t heads, int64_t positions,
               int64_t depth) const {
    Matrix wide(static_cast<size_t>(heads * positions * depth));
    for (int64_t head = 0; head < heads; ++head)
      for (int64_t position = 0; position < positions; ++position)
        for (int64_t column = 0; column < depth; ++column) {
          int64_t at = (attention.batch - 1) * strides[0] + head * strides[1] + position * strides[2] + column;
          wide[static_cast<size_t>((head * positions + position) * depth + column)] =
              fromBFloat16(values[static_cast<size_t>(at)]);
        }
    return wide;
  }

  void compute() {
    const hfc_attention &a = attention;
    query = widen(inputs.query, a.query_strides, a.query_heads, a.queries, a.depth);
    key = widen(inputs.key, a.key_strides, a.key_heads, a.keys, a.depth);
    value = widen(inputs.value, a.value_strides, a.key_heads, a.keys, a.value_depth);
    cotangent = widen(inputs.cotangent, a.result_strides, a.query_heads, a.queries, a.value_depth);
    result.assign(cotangent.size(), 0);
    queryGrad.assign(query.size(), 0);
    keyGrad.assign(key.size(), 0);
    valueGrad.assign(value.size(), 0);
    logSum.assign(static_cast<size_t>(a.query_heads * a.queries), 0);
    // A thread for each query head, whose part of the key head's gradients is its own until all are done.
    std::vector<std::thread> threads;
    std::vector<HeadGradients> parts(static_cast<size_t>(a.query_heads));
    for (int64_t head = 0; head < a.query_heads; ++head)
      threads.emplace_back([this, head, &part = parts[static_cast<size_t>(head)]] {
        part.key.assign(static_cast<size_t>(attention.keys * attention.depth), 0);
        part.value.assign(static_cast<size_t>(attention.keys * attention.value_depth), 0);
        for (int64_t row = 0; row < attention.queries; ++row)
          computeRow(head, row, part);
      });
    for (std::thread &thread : threads)
      thread.join();
    for (int64_t head = 0; head < a.query_heads; ++head) {
      const HeadGradients &part = parts[static_cast<size_t>(head)];
      size_t keyHead = static_cast<size_t>(head / (a.query_heads / a.key_heads));
      add(&keyGrad[keyHead * part.key.size()], 1, part.key.data(), static_cast<int64_t>(part.key.size()));
      add(&valueGrad[keyHead * part.value.size()], 1, part.value.data(), static_cast<int64_t>(part.value.size()));
    }
  }

  static double dot(const double *lhs, const double *rhs, int64_t count) {
    // Several sums, which a vector holds.
    constexpr int64_t lanes = 8;
    double sums[lanes] = {}, sum = 0;
    int64_t i = 0;
    for (; i + lanes <= count; i += lanes)
      for (int64_t lane = 0; lane < lanes; ++lane)
        sums[lane] += lhs[i + lane] * rhs[i + lane];
    for (; i < count; ++i)
      sum += lhs[i] * rhs[i];
    for (double each : sums)
      sum += each;
    return sum;
  }
  static void add(double *target, double factor, const double *source, int64_t count) {
    for (int64_t i = 0; i < count; ++i)
      target[i] += factor * source[i];
  }

  void computeRow(int64_t head, int64_t row, HeadGradients &part) {
    const hfc_attention &a = attention;
    int64_t keyHead = head / (a.query_heads / a.key_heads);
    int64_t begin = a.window ? std::max<int64_t>(0, row - a.window + 1) : 0,
            end = a.causal ? std::min(row + 1, a.keys) : a.keys;
    const double *q = &query[static_cast<size_t>((head * a.queries + row) * a.depth)];
    const double *given = &cotangent[static_cast<size_t>((head * a.queries + row) * a.value_depth)];
    double *out = &result[static_cast<size_t>((head * a.queries + row) * a.value_depth)];
    double *dq = &queryGrad[static_cast<size_t>((head * a.queries + row) * a.depth)];
    auto keyAt = [&](const Matrix &matrix, int64_t at, int64_t depth) {
      return &matrix[static_cast<size_t>((keyHead * a.keys + at) * depth)];
    };
    auto ownAt = [&](Matrix &matrix, int64_t at, int64_t depth) { return &matrix[static_cast<size_t>(at * depth)]; };
    std::vector<double> weights(static_cast<size_t>(end - begin));
    double largest = -HUGE_VAL, sum = 0;
    for (int64_t at = begin; at < end; ++at) {
      double &score = weights[static_cast<size_t>(at - begin)];
      score = a.scale * dot(q, keyAt(key, at, a.depth), a.depth);
      largest = std::max(largest, score);
    }
    for (double &weight : weights)
      sum += weight = std::exp(weight - largest);
    logSum[static_cast<size_t>(head * a.queries + row)] = std::log(sum) + largest;
    for (int64_t at = begin; at < end; ++at)
      add(out, weights[static_cast<size_t>(at - begin)] /= sum, keyAt(value, at, a.value_depth), a.value_depth);
    double mean = dot(out, given, a.value_depth);
    for (int64_t at = begin; at < end; ++at) {
      double weight = weights[static_cast<size_t>(at - begin)];
      double gradient = a.scale * weight * (dot(given, keyAt(value, at, a.value_depth), a.value_depth) - mean);
      add(ownAt(part.value, at, a.value_depth), weight, given, a.value_depth);
      add(ownAt(part.key, at, a.depth), gradient, q, a.depth);
      add(dq, gradient, keyAt(key, at, a.depth), a.depth);
    }
  }

  const hfc_attention attention;
  Matrix query, key, value, cotangent, result, queryGrad, keyGrad, valueGrad, logSum;
};

} // namespace hfc::cuda

#endif // HFC_BENCH_GPU_ATTENTION_REFERENCE_H
