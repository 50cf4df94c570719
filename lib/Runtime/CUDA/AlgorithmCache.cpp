//===- AlgorithmCache.cpp - algorithms that were measured before
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AlgorithmCache.h"

#include <cctype>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace hfc::cuda {

namespace {
/// Of the file's form, and of what shapes say.
constexpr const char *version = "1";
constexpr char separator = ':';

/// The folder of caches, made if it is not there; empty if there is none.
std::string cacheFolder() {
  const char *named = std::getenv("XDG_CACHE_HOME"), *home = std::getenv("HOME");
  std::string folder = named && *named ? named : home && *home ? std::string(home) + "/.cache" : "";
  if (folder.empty())
    return {};
  mkdir(folder.c_str(), 0700);
  folder += "/hfc";
  mkdir(folder.c_str(), 0700);
  return folder;
}

std::string toHex(const cublasLtMatmulAlgo_t &algorithm) {
  std::string text;
  for (uint64_t word : algorithm.data) {
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(word));
    text += digits;
  }
  return text;
}

std::optional<cublasLtMatmulAlgo_t> fromHex(const std::string &text) {
  cublasLtMatmulAlgo_t algorithm;
  constexpr size_t digits = 16;
  if (text.size() != digits * std::size(algorithm.data))
    return std::nullopt;
  for (size_t i = 0; i < std::size(algorithm.data); ++i) {
    std::string word = text.substr(i * digits, digits);
    char *end = nullptr;
    algorithm.data[i] = std::strtoull(word.c_str(), &end, 16);
    if (*end)
      return std::nullopt;
  }
  return algorithm;
}
} // namespace

void AlgorithmCache::open(const std::string &deviceModel) {
  std::string folder = cacheFolder();
  if (folder.empty())
    return;
  std::string device;
  for (unsigned char each : deviceModel)
    device += std::isalnum(each) ? char(each) : '-';
  path = folder + "/products-" + version + "-" + device + "-cublaslt-" + std::to_string(cublasLtGetVersion());
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    size_t end = line.find(separator);
    if (end == std::string::npos)
      continue;
    if (std::optional<cublasLtMatmulAlgo_t> algorithm = fromHex(line.substr(end + 1)))
      algorithms[line.substr(0, end)] = *algorithm;
  }
}

std::optional<cublasLtMatmulAlgo_t> AlgorithmCache::find(const std::string &shape) const {
  auto found = algorithms.find(shape);
  return found == algorithms.end() ? std::nullopt : std::optional(found->second);
}

void AlgorithmCache::put(const std::string &shape, const cublasLtMatmulAlgo_t &algorithm) {
  algorithms[shape] = algorithm;
  int file = path.empty() ? -1 : ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0)
    return;
  // One call, so that lines of several processes do not mix.
  std::string line = shape + separator + toHex(algorithm) + "\n";
  ssize_t written = ::write(file, line.data(), line.size());
  (void)written;
  close(file);
}

} // namespace hfc::cuda
