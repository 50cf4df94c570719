//===- Operand.h - how a product's operand lies in memory
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_OPERAND_H
#define HFC_LIB_RUNTIME_CUDA_OPERAND_H

#include <cstdint>
#include <optional>
#include <vector>

namespace hfc::cuda {

/// A number of elements that lie `stride` elements apart.
struct Extent {
  int64_t size = 1, stride = 0;
};

/// Matrices as cuBLASLt reads them: rows of `cols` neighbours, `leading` elements apart, or, transposed, columns of
/// `rows` neighbours.
struct Operand {
  bool transposed = false;
  int64_t leading = 0;
  /// Which matrices there are: the last extent is as long as it can be.
  std::vector<Extent> batch;

  /// Where matrix `index` begins, in elements.
  int64_t offset(int64_t index) const;
};

/// [batch][rows][cols] as `order` has it (see hfc_gemm), dense where that is null. Nothing if these are no matrices of
/// that kind, and must be packed.
std::optional<Operand> operandOf(const int64_t *order, int64_t batch, int64_t rows, int64_t cols);

/// The dimensions of an order, in which those that follow each other in memory are one.
std::vector<Extent> extentsOf(const int64_t *order);

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_OPERAND_H
