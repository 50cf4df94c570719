//===- Json.cpp - reading JSON that nobody vouches for
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Json.h"

#include "llvm/ADT/Twine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace hfc;
using namespace hfc::frontend;

std::string hfc::frontend::inQuotes(StringRef text, char quote) {
  constexpr size_t longest = 64;
  std::string result(1, quote);
  for (char c : text.take_front(longest))
    result += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  if (text.size() <= longest)
    return result + quote;
  // A cut must not leave half a character.
  while (!result.empty() && (static_cast<unsigned char>(result.back()) & 0xc0) == 0x80)
    result.pop_back();
  if (static_cast<unsigned char>(result.back()) >= 0xc0)
    result.pop_back();
  return result + "…" + quote;
}

namespace {

/// Builds the document and stops at the first thing that is wrong with it. The library's own builder checks
/// neither depth nor duplicate keys, and reports errors by exceptions, which MLIR code does not have.
class DocumentBuilder : public nlohmann::json_sax<Json> {
public:
  explicit DocumentBuilder(StringRef text) : text(text) {}

  bool null() override { return place(nullptr); }
  bool boolean(bool value) override { return place(value); }
  bool number_integer(number_integer_t value) override { return place(value); }
  bool number_unsigned(number_unsigned_t value) override { return place(value); }
  bool number_float(number_float_t value, const string_t &) override { return place(value); }
  bool string(string_t &value) override { return place(std::move(value)); }
  bool binary(binary_t &) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t &name) override {
    if (stack.back()->contains(name))
      return fail("the key " + inQuotes(name) + " appears twice in one object");
    pendingKey = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string &token, const nlohmann::detail::exception &) override {
    StringRef before = text.take_front(position ? position - 1 : 0);
    size_t line = before.count('\n') + 1;
    size_t column = before.size() - (before.rfind('\n') == StringRef::npos ? 0 : before.rfind('\n') + 1) + 1;
    std::string where = ("line " + Twine(line) + ", column " + Twine(column)).str();
    if (position > text.size())
      return fail("malformed JSON: the text ends in the middle of a value (" + where + ")");
    return fail("malformed JSON at " + where +
                (token.empty() ? "" : ", near " + inQuotes(StringRef(token).take_back(24), '\'')));
  }

  Json root;
  std::string error;

private:
  bool fail(std::string message) {
    error = std::move(message);
    return false;
  }

  Json *insert(Json value) {
    if (stack.empty()) {
      root = std::move(value);
      return &root;
    }
    Json &parent = *stack.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    return &(parent[pendingKey] = std::move(value));
  }

  bool place(Json value) {
    insert(std::move(value));
    return true;
  }

  bool open(Json container) {
    if (stack.size() >= maxJsonDepth)
      return fail("JSON nested more than " + std::to_string(maxJsonDepth) + " levels deep");
    stack.push_back(insert(std::move(container)));
    return true;
  }

  bool close() {
    stack.pop_back();
    return true;
  }

  StringRef text;
  // Containers that are still open. A parent never grows while a child is open, so the pointers stay valid.
  SmallVector<Json *> stack;
  std::string pendingKey;
};

} // namespace

FailureOr<Json> hfc::frontend::parseJson(StringRef text, std::string &error) {
  if (text.size() > maxJsonBytes) {
    error = "the text is larger than " + std::to_string(maxJsonBytes >> 20) + " MiB";
    return failure();
  }
  DocumentBuilder builder(text);
  if (!Json::sax_parse(text.begin(), text.end(), &builder)) {
    error = std::move(builder.error);
    return failure();
  }
  return std::move(builder.root);
}

FailureOr<std::string> hfc::frontend::readTextFile(StringRef path, std::string &error) {
  llvm::sys::fs::file_status status;
  if (std::error_code code = llvm::sys::fs::status(path, status)) {
    error = ("cannot read " + path + ": " + code.message()).str();
    return failure();
  }
  if (status.type() != llvm::sys::fs::file_type::regular_file) {
    error = ("cannot read " + path + ": it is not a file").str();
    return failure();
  }
  if (status.getSize() > maxJsonBytes) {
    error = ("cannot read " + path + ": it has " + Twine(status.getSize()) + " bytes, and a config has at most " +
             Twine(maxJsonBytes >> 20) + " MiB")
                .str();
    return failure();
  }
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer) {
    error = ("cannot read " + path + ": " + buffer.getError().message()).str();
    return failure();
  }
  return (*buffer)->getBuffer().str();
}

FailureOr<Json> hfc::frontend::readJsonFile(StringRef path, std::string &error) {
  FailureOr<std::string> text = readTextFile(path, error);
  if (failed(text))
    return failure();
  FailureOr<Json> document = parseJson(*text, error);
  if (failed(document))
    error = path.str() + ": " + error;
  return document;
}

std::string hfc::frontend::describe(const Json &value) {
  if (value.is_null())
    return "null";
  if (value.is_boolean())
    return value.get<bool>() ? "true" : "false";
  if (value.is_number())
    return value.dump();
  if (value.is_array())
    return "a list";
  if (value.is_object())
    return "an object";
  return inQuotes(value.get_ref<const std::string &>());
}
