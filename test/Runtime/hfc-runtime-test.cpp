//===- hfc-runtime-test.cpp - the runtime's loops and products against plain ones
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Runtime/CPU/Gemm.h"

#include "Expect.h"

#include "hfc/Runtime/IO/DType.h"
#include "hfc/Runtime/IO/Random.h"

#include <atomic>
#include <cmath>
#include <cstdio>
#include <vector>

using namespace hfc;

namespace {
/// A matrix of either type with values known as floats.
struct Matrix {
  Matrix(int64_t size, int32_t dtype, uint64_t seed) : values(size), bytes(size * (dtype == HFC_FLOAT32 ? 4 : 2)) {
    for (int64_t i = 0; i < size; ++i)
      values[i] = io::bfloat16ToFloat(io::floatToBFloat16(float(io::randomNormal(seed, i))));
    io::convertFloats(values.data(), HFC_FLOAT32, 1, bytes.data(), hfc_dtype(dtype), size);
  }
  float at(int32_t dtype, int64_t i) const { return float(io::loadElement(bytes.data(), hfc_dtype(dtype), i)); }

  std::vector<float> values;
  std::vector<char> bytes;
};

void checkGemm(hfc_context &context, hfc_gemm gemm, bool withBias) {
  Matrix a(gemm.batch * gemm.m * gemm.k, gemm.dtype, 1), b(gemm.batch * gemm.n * gemm.k, gemm.dtype, 2);
  Matrix bias(gemm.n, gemm.dtype, 3), c(gemm.batch * gemm.m * gemm.n, gemm.result_dtype, 4);
  gemm.a = a.bytes.data();
  gemm.b = b.bytes.data();
  gemm.bias = withBias ? bias.bytes.data() : nullptr;
  gemm.c = c.bytes.data();
  hfc_rt_gemm(&context, &gemm);
  double worst = 0;
  for (int64_t i = 0; i < gemm.batch; ++i)
    for (int64_t m = 0; m < gemm.m; ++m)
      for (int64_t n = 0; n < gemm.n; ++n) {
        int64_t element = (i * gemm.m + m) * gemm.n + n;
        double sum = (withBias ? bias.values[n] : 0) + (gemm.accumulate ? c.values[element] : 0);
        for (int64_t k = 0; k < gemm.k; ++k)
          sum += double(a.values[i * gemm.m * gemm.k + (gemm.transpose_a ? k * gemm.m + m : m * gemm.k + k)]) *
                 b.values[i * gemm.n * gemm.k + (gemm.transpose_b ? n * gemm.k + k : k * gemm.n + n)];
        double difference = std::fabs(c.at(gemm.result_dtype, element) - sum);
        worst = std::max(worst, difference / (1 + std::fabs(sum)));
      }
  char what[200];
  std::snprintf(what, sizeof what,
                "gemm dtype %d into %d, transposed %d %d, batch %ld, m %ld, n %ld, k %ld, bias %d, accumulates %d: %g",
                gemm.dtype, gemm.result_dtype, gemm.transpose_a, gemm.transpose_b, long(gemm.batch), long(gemm.m),
                long(gemm.n), long(gemm.k), withBias, gemm.accumulate, worst);
  expect(worst < (gemm.result_dtype == HFC_FLOAT32 ? 1e-4 : 8e-3), what);
}

void testGemm(int threads) {
  hfc_context context(threads);
  const int64_t sizes[][4] = {{1, 1, 1, 1},      {1, 1, 300, 129}, {1, 2, 65, 40},   {1, 3, 17, 9},  {1, 4, 130, 64},
                              {1, 5, 100, 33},   {3, 4, 20, 16},   {2, 37, 150, 70}, {1, 300, 8, 5}, {1, 7, 600, 2100},
                              {1, 260, 270, 24}, {1, 3, 5, 0},     {4, 16, 16, 64}};
  const int32_t types[][2] = {{HFC_FLOAT32, HFC_FLOAT32}, {HFC_BFLOAT16, HFC_BFLOAT16}, {HFC_BFLOAT16, HFC_FLOAT32}};
  enum { Plain, WithBias, Accumulating };
  for (auto [dtype, resultType] : types)
    for (const auto &size : sizes)
      for (int32_t transposes = 0; transposes < 4; ++transposes)
        for (int end : {Plain, WithBias, Accumulating})
          checkGemm(context,
                    {dtype, resultType, transposes & 1, transposes >> 1, end == Accumulating, size[0], size[1], size[2],
                     size[3], nullptr, nullptr, nullptr, nullptr, nullptr, nullptr},
                    end == WithBias);
}

/// The elements of an operand in its order.
std::vector<char> inOrder(const std::vector<char> &bytes, const std::vector<int64_t> &order, int64_t size) {
  int64_t rank = order[0], count = 1;
  for (int64_t dim = 0; dim < rank; ++dim)
    count *= order[1 + dim];
  std::vector<char> result(count * size);
  for (int64_t i = 0; i < count; ++i) {
    int64_t rest = i, place = 0;
    for (int64_t dim = rank; dim-- > 0; rest /= order[1 + dim])
      place += rest % order[1 + dim] * order[1 + rank + dim];
    std::copy_n(bytes.data() + place * size, size, result.data() + i * size);
  }
  return result;
}

/// A product of operands with orders is the product of what they read: a, of 512 elements, and b, of 1024.
void checkOrders(hfc_context &context, hfc_gemm gemm, const std::vector<int64_t> &orderOfA,
                 const std::vector<int64_t> &orderOfB, const char *what) {
  int64_t size = gemm.dtype == HFC_FLOAT32 ? 4 : 2;
  Matrix a(512, gemm.dtype, 5), b(1024, gemm.dtype, 6), bias(gemm.n, gemm.dtype, 7);
  std::vector<float> ordered(gemm.batch * gemm.m * gemm.n), dense(ordered.size());
  gemm.a = a.bytes.data();
  gemm.b = b.bytes.data();
  gemm.bias = bias.bytes.data();
  gemm.c = ordered.data();
  gemm.a_order = orderOfA.empty() ? nullptr : orderOfA.data();
  gemm.b_order = orderOfB.empty() ? nullptr : orderOfB.data();
  hfc_rt_gemm(&context, &gemm);
  std::vector<char> readOfA = gemm.a_order ? inOrder(a.bytes, orderOfA, size) : a.bytes;
  std::vector<char> readOfB = gemm.b_order ? inOrder(b.bytes, orderOfB, size) : b.bytes;
  gemm.a_order = gemm.b_order = nullptr;
  gemm.a = readOfA.data();
  gemm.b = readOfB.data();
  gemm.c = dense.data();
  hfc_rt_gemm(&context, &gemm);
  for (size_t i = 0; i < ordered.size(); ++i)
    expect(std::fabs(ordered[i] - dense[i]) < 1e-3, std::string(what) + ", element " + std::to_string(i));
}

void testOrders(int threads) {
  hfc_context context(threads);
  for (int32_t dtype : {HFC_FLOAT32, HFC_BFLOAT16})
    for (int32_t transposes = 0; transposes < 4; ++transposes) {
      int32_t ta = transposes & 1, tb = transposes >> 1;
      auto gemm = [&](int64_t batch, int64_t m, int64_t n, int64_t k) {
        return hfc_gemm{dtype, HFC_FLOAT32, ta,      tb,      0,       batch,   m,      n,
                        k,     nullptr,     nullptr, nullptr, nullptr, nullptr, nullptr};
      };
      // Patches: [2, 4, 8, 8] images as 16 rows of 32, or transposed as 32 rows of 16.
      std::vector<int64_t> patches = {6, 2, 4, 2, 4, 2, 4, 256, 8, 4, 64, 32, 1};
      checkOrders(context, ta ? gemm(1, 32, 20, 16) : gemm(1, 16, 20, 32), patches, {}, "patches");
      // A matrix that all of a batch share, and one with rows and columns exchanged.
      std::vector<int64_t> shared =
          ta ? std::vector<int64_t>{3, 5, 24, 10, 0, 10, 1} : std::vector<int64_t>{3, 5, 10, 24, 0, 24, 1};
      std::vector<int64_t> exchanged =
          tb ? std::vector<int64_t>{3, 5, 8, 24, 192, 1, 8} : std::vector<int64_t>{3, 5, 24, 8, 192, 1, 24};
      checkOrders(context, gemm(5, 10, 8, 24), shared, exchanged, "shared and exchanged");
      // One row again and again: no matrix of a library's.
      std::vector<int64_t> repeated =
          ta ? std::vector<int64_t>{2, 24, 10, 1, 0} : std::vector<int64_t>{2, 10, 24, 0, 1};
      checkOrders(context, gemm(1, 10, 8, 24), repeated, {}, "repeated");
    }
}

/// Every element once, in many loops after each other, also from inside a loop.
void testLoops(int threads) {
  cpu::ThreadPool pool(threads);
  expect(pool.threads() == threads, "number of threads");
  for (int round = 0; round < 3000; ++round) {
    int64_t count = round % 97;
    std::vector<std::atomic<int>> hits(count);
    pool.parallelFor(count, 1 + round % 5, [&](int64_t begin, int64_t end) {
      pool.parallelFor(end - begin, 1, [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i)
          hits[begin + i].fetch_add(1);
      });
    });
    for (int64_t i = 0; i < count; ++i)
      expect(hits[i] == 1, "element " + std::to_string(i) + " of loop " + std::to_string(round));
  }
}

void kernel(void *const *args, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i)
    static_cast<float *>(args[1])[i] = 2 * static_cast<const float *>(args[0])[i];
}

void testLaunch(int threads) {
  hfc_context context(threads);
  std::vector<float> in(1000), out(1000), copy(1000);
  for (int i = 0; i < 1000; ++i)
    in[i] = float(i);
  void *args[] = {in.data(), out.data()};
  hfc_rt_launch(&context, kernel, 1000, args);
  hfc_rt_copy(&context, copy.data(), out.data(), 4000);
  for (int i = 0; i < 1000; ++i)
    expect(copy[i] == 2.0f * i, "launch and copy, element " + std::to_string(i));
}
} // namespace

int main() {
  for (int threads : {1, 2, 5}) {
    testLoops(threads);
    testLaunch(threads);
    testGemm(threads);
    testOrders(threads);
  }
  std::printf("%s\n", failures ? "the runtime is wrong" : "the runtime's loops and products are right");
  return failures != 0;
}
