//===- AlgorithmCache.h - algorithms that were measured before
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_ALGORITHMCACHE_H
#define HFC_LIB_RUNTIME_CUDA_ALGORITHMCACHE_H

#include "Errors.h"

#include <map>
#include <optional>

namespace hfc::cuda {

/// A file of the user's cache (XDG_CACHE_HOME/hfc) for a kind of device and a version of cuBLASLt, a line for each
/// shape. Whatever is wrong with it, it is as if it were not there.
class AlgorithmCache {
public:
  void open(const std::string &deviceModel);

  std::optional<cublasLtMatmulAlgo_t> find(const std::string &shape) const;
  /// Several processes may do so at once.
  void put(const std::string &shape, const cublasLtMatmulAlgo_t &algorithm);

private:
  std::string path;
  std::map<std::string, cublasLtMatmulAlgo_t> algorithms;
};

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_ALGORITHMCACHE_H
