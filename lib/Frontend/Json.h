//===- Json.h - reading JSON that nobody vouches for
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_FRONTEND_JSON_H
#define HFC_LIB_FRONTEND_JSON_H

#include "hfc/Support/LLVM.h"
#include "nlohmann/json.hpp"

#include <string>

namespace hfc::frontend {

using Json = nlohmann::json;

/// Files above this size are refused before they are read.
inline constexpr uint64_t maxJsonBytes = 64ull << 20;
/// Nesting above this depth is refused while parsing, so that no recursion over a document can run deep.
inline constexpr unsigned maxJsonDepth = 64;

/// Parses `text`. Refuses what is malformed, too large, nested too deeply, or names a key twice in one
/// object; `error` then says where and why.
FailureOr<Json> parseJson(StringRef text, std::string &error);

/// Reads and parses a file. `error` names it.
FailureOr<Json> readJsonFile(StringRef path, std::string &error);

/// Reads a file of at most `maxJsonBytes`.
FailureOr<std::string> readTextFile(StringRef path, std::string &error);

/// `text` in quotation marks, fit for a message: shortened if it is long, on one line.
std::string inQuotes(StringRef text, char quote = '"');

/// What a value is, in words: "a string", "null", "the number 3".
std::string describe(const Json &value);

} // namespace hfc::frontend

#endif // HFC_LIB_FRONTEND_JSON_H
