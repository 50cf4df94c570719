//===- TokenFile.h - a file of token ids
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The format is python-frontend-spec/tokens.md's: little-endian int32 and nothing else; documents end with a separator.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_RUNTIME_TRAIN_TOKENFILE_H
#define HFC_RUNTIME_TRAIN_TOKENFILE_H

#include "hfc/Runtime/IO/File.h"

#include <cstdint>

namespace hfc::train {

class TokenFile {
public:
  /// Maps the file; refuses one whose size is no multiple of 4 bytes. Tokens are checked when they are read.
  static io::Result<TokenFile> open(const std::string &path);

  int64_t size() const { return file->size() / 4; }
  int32_t operator[](int64_t index) const;
  const std::string &path() const { return file->path(); }

private:
  explicit TokenFile(std::shared_ptr<io::MappedFile> file) : file(std::move(file)) {}

  std::shared_ptr<io::MappedFile> file;
};

} // namespace hfc::train

#endif // HFC_RUNTIME_TRAIN_TOKENFILE_H
