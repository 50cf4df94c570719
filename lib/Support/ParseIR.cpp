//===- ParseIR.cpp - reads IR of any phase
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Support/ParseIR.h"

#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace hfc;

/// MLIR's parser recurses: text nested this deeply is no program, and might exhaust the stack.
static constexpr int maxNesting = 1000;

/// Whether brackets outside strings and comments nest deeper than that.
static bool nestsTooDeeply(StringRef text) {
  int depth = 0;
  for (size_t i = 0, size = text.size(); i < size; ++i) {
    switch (text[i]) {
    case '(':
    case '[':
    case '{':
    case '<':
      if (++depth > maxNesting)
        return true;
      break;
    case ')':
    case ']':
    case '}':
      --depth;
      break;
    case '>':
      depth -= i > 0 && text[i - 1] != '-';
      break;
    case '"':
      for (++i; i < size && text[i] != '"' && text[i] != '\n'; ++i)
        i += text[i] == '\\';
      break;
    case '/':
      if (text.substr(i).starts_with("//"))
        i = std::min(text.find('\n', i), size);
      break;
    }
  }
  return false;
}

OwningOpRef<ModuleOp> hfc::parseIR(MLIRContext *context, StringRef text, StringRef name, std::string &error) {
  if (text.contains('\0') || text.starts_with("ML\xefR"))
    error = ("'" + name + "' is not text").str();
  else if (text.trim().empty())
    error = ("'" + name + "' is empty").str();
  else if (nestsTooDeeply(text))
    error = ("'" + name + "' nests more than " + llvm::Twine(maxNesting) + " brackets").str();
  if (!error.empty())
    return {};
  return parseSourceString<ModuleOp>(text, ParserConfig(context), name);
}

OwningOpRef<ModuleOp> hfc::parseIRFile(MLIRContext *context, StringRef file, std::string &text, std::string &error) {
  auto buffer = llvm::MemoryBuffer::getFileOrSTDIN(file, /*IsText=*/true);
  if (llvm::sys::fs::is_directory(file) || !buffer) {
    error = ("cannot read '" + file + "': " + (buffer ? "it is a directory" : buffer.getError().message())).str();
    return {};
  }
  text = (*buffer)->getBuffer().str();
  return parseIR(context, text, file == "-" ? "<stdin>" : file, error);
}
