//===- Values.cpp - between files and the interpreter
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Values.h"

#include "Program.h"

using namespace hfc;
using namespace hfc::interpreter;

Tensor hfc::tensorOf(const Domain &domain, const io::TensorInfo &info, const void *data) {
  Tensor tensor(elementOf(info.dtype), ArrayRef<int64_t>(info.shape));
  const char *next = static_cast<const char *>(data);
  for (Word &word : tensor.mutableWords()) {
    word = decode(domain, tensor.getElement(), next);
    next += byteSize(tensor.getElement());
  }
  return tensor;
}

std::vector<char> hfc::bytesOf(const Domain &domain, const Tensor &tensor) {
  std::vector<char> bytes(tensor.size() * byteSize(tensor.getElement()));
  char *next = bytes.data();
  for (Word word : tensor.words()) {
    encode(domain, tensor.getElement(), word, next);
    next += byteSize(tensor.getElement());
  }
  return bytes;
}

io::OwnedTensor hfc::ownedOf(const Domain &domain, const io::TensorInfo &info, const Tensor &tensor) {
  return {info, bytesOf(domain, tensor)};
}

std::optional<uint64_t> hfc::randomSeed(StringRef text) {
  uint64_t seed = 0;
  if (!text.consume_front("random:") || text.getAsInteger(10, seed))
    return std::nullopt;
  return seed;
}
