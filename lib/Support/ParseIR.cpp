//===- ParseIR.cpp - reads IR of any phase
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Support/ParseIR.h"

#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace hfc;

/// MLIR's parser recurses: text nested this deeply is no program, and might exhaust the stack.
static constexpr int maxNesting = 1000;
/// For the use of an op's N-th result it makes room for N values, whatever the op turns out to have.
static constexpr uint64_t maxResults = 1 << 20;

/// The last character of the string or comment that begins at `i`, or `i`.
static size_t skipStringOrComment(StringRef text, size_t i) {
  size_t size = text.size();
  if (text[i] == '"')
    for (++i; i < size && text[i] != '"' && text[i] != '\n'; ++i)
      i += text[i] == '\\';
  else if (text.substr(i).starts_with("//"))
    i = std::min(text.find('\n', i), size);
  return i;
}

/// What of a text would be too much for MLIR's parser; empty if nothing is.
static std::string tooMuch(StringRef text) {
  int depth = 0;
  for (size_t i = 0; i < text.size(); i = skipStringOrComment(text, i) + 1) {
    char c = text[i];
    if (StringRef("([{<").contains(c) && ++depth > maxNesting)
      return "nests more than " + std::to_string(maxNesting) + " brackets";
    bool isArrow = c == '>' && i > 0 && text[i - 1] == '-';
    if (StringRef(")]}>").contains(c) && !isArrow)
      --depth;
    StringRef number = text.substr(i).drop_front();
    number = c == '#' ? number.take_while(llvm::isDigit) : StringRef();
    uint64_t result = 0;
    if (!number.empty() && (number.getAsInteger(10, result) || result > maxResults))
      return "uses result #" + number.str() + " of an op";
  }
  return "";
}

OwningOpRef<ModuleOp> hfc::parseIR(MLIRContext *context, StringRef text, StringRef name, std::string &error) {
  if (text.contains('\0') || text.starts_with("ML\xefR"))
    error = ("'" + name + "' is not text").str();
  else if (text.trim().empty())
    error = ("'" + name + "' is empty").str();
  else if (std::string problem = tooMuch(text); !problem.empty())
    error = ("'" + name + "' " + problem).str();
  if (!error.empty())
    return {};
  // MLIR's parser looks at the character behind the text.
  std::string terminated = text.str();
  return parseSourceString<ModuleOp>(terminated, ParserConfig(context), name);
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
