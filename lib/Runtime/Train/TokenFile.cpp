//===- TokenFile.cpp - a file of token ids
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Runtime/Train/TokenFile.h"

namespace hfc::train {

io::Result<TokenFile> TokenFile::open(const std::string &path) {
  io::Result<std::shared_ptr<io::MappedFile>> file = io::MappedFile::open(path);
  if (!file)
    return io::Failure{file.error()};
  int64_t bytes = (*file)->size();
  if (bytes % 4 != 0)
    return io::Failure{"'" + path + "' is no token file: it has " + std::to_string(bytes) +
                       " bytes, which is not a whole number of int32 tokens"};
  return TokenFile(std::move(*file));
}

int32_t TokenFile::operator[](int64_t index) const {
  const auto *bytes = reinterpret_cast<const unsigned char *>(file->data()) + 4 * index;
  return int32_t(uint32_t(bytes[0]) | uint32_t(bytes[1]) << 8 | uint32_t(bytes[2]) << 16 | uint32_t(bytes[3]) << 24);
}

} // namespace hfc::train
