//===- OutputFile.cpp - files that appear whole or not at all
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OutputFile.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

using namespace hfc;
namespace fs = llvm::sys::fs;

static LogicalResult fail(std::string &error, StringRef name, const llvm::Twine &why) {
  error = ("cannot write '" + name + "': " + why).str();
  return failure();
}

OutputFile::~OutputFile() {
  if (file)
    llvm::consumeError(file->discard());
}

LogicalResult OutputFile::open(StringRef fileName, std::string &error) {
  name = fileName.str();
  fs::file_status status;
  if (!fs::status(name, status) && !fs::is_regular_file(status))
    return fail(error, name, fs::is_directory(status) ? "it is a directory" : "it is not a regular file");
  auto created = fs::TempFile::create(name + ".tmp-%%%%%%");
  if (!created)
    return fail(error, name, llvm::toString(created.takeError()));
  file.emplace(std::move(*created));
  return success();
}

LogicalResult OutputFile::write(StringRef text, std::string &error) {
  llvm::raw_fd_ostream os(file->FD, /*shouldClose=*/false);
  os << text;
  os.flush();
  std::error_code code = os.error();
  os.clear_error();
  return code ? fail(error, name, code.message()) : success();
}

LogicalResult OutputFile::keep(std::string &error) {
  llvm::Error failed = file->keep(name);
  file.reset();
  return failed ? fail(error, name, llvm::toString(std::move(failed))) : success();
}
