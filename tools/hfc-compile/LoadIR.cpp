//===- LoadIR.cpp - reads IR of any phase
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoadIR.h"

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

OwningOpRef<ModuleOp> hfc::parseIR(MLIRContext *context, StringRef name, std::string &text, std::string &error) {
  if (llvm::sys::fs::is_directory(name)) {
    error = ("cannot read '" + name + "': it is a directory").str();
    return {};
  }
  auto buffer = llvm::MemoryBuffer::getFileOrSTDIN(name, /*IsText=*/true);
  if (!buffer) {
    error = ("cannot read '" + name + "': " + buffer.getError().message()).str();
    return {};
  }
  text = (*buffer)->getBuffer().str();
  StringRef shown = name == "-" ? "<stdin>" : name;
  if (text.find('\0') != std::string::npos || StringRef(text).starts_with("ML\xefR"))
    error = ("'" + shown + "' is not text").str();
  else if (StringRef(text).trim().empty())
    error = ("'" + shown + "' is empty").str();
  else if (nestsTooDeeply(text))
    error = ("'" + shown + "' nests more than " + llvm::Twine(maxNesting) + " brackets").str();
  if (!error.empty())
    return {};
  return parseSourceString<ModuleOp>(text, ParserConfig(context), shown);
}
