//===- OutputFile.h - files that appear whole or not at all ------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_COMPILE_OUTPUTFILE_H
#define HFC_TOOLS_HFC_COMPILE_OUTPUTFILE_H

#include "hfc/Support/LLVM.h"

#include "llvm/Support/FileSystem.h"

#include <optional>
#include <string>

namespace hfc {

/// A file that is written under a temporary name beside its own and gets its name when it is complete. Opening it shows
/// whether it can be written, before the work that makes its contents.
class OutputFile {
public:
  OutputFile() = default;
  OutputFile(const OutputFile &) = delete;
  OutputFile &operator=(const OutputFile &) = delete;
  ~OutputFile();

  /// On failure `error` is one message for a person.
  LogicalResult open(StringRef name, std::string &error);

  /// Where the contents are to be written.
  StringRef temporaryName() const { return file->TmpName; }

  LogicalResult write(StringRef text, std::string &error);

  /// Gives the file its name.
  LogicalResult keep(std::string &error);

private:
  std::string name;
  std::optional<llvm::sys::fs::TempFile> file;
};

} // namespace hfc

#endif // HFC_TOOLS_HFC_COMPILE_OUTPUTFILE_H
