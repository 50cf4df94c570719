//===- SafeTensorsHeader.cpp - parses the header of a safetensors file
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Runtime/IO/SafeTensors.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <unordered_set>

namespace hfc::io {

namespace {
/// The format's own limit on headers.
constexpr uint64_t maxHeaderSize = 100'000'000;
constexpr size_t maxRank = 64;

/// Reads the header's three levels without building a document: neither depth nor size costs more than the text.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
public:
  explicit HeaderReader(SafeTensorsHeader &header) : header(header) {}

  std::string message;

  bool key(string_t &text) override {
    if (level == Level::Top)
      return startEntry(text);
    if (level == Level::Strings) {
      stringKey = text;
      return header.metadata.find(text) == header.metadata.end() || fail("key '" + text + "' stands twice in it");
    }
    return startField(text);
  }
  bool start_object(std::size_t) override {
    switch (level) {
    case Level::Outside:
      level = Level::Top;
      return true;
    case Level::Top:
      level = inMetadata ? Level::Strings : Level::Entry;
      return true;
    default:
      return unexpected("an object");
    }
  }
  bool end_object() override {
    if (level == Level::Entry && seenFields != 7)
      return fail("needs 'dtype', 'shape' and 'data_offsets'");
    level = level == Level::Top ? Level::Done : Level::Top;
    return true;
  }
  bool start_array(std::size_t) override {
    if (level != Level::Entry || (field != Field::Shape && field != Field::Offsets))
      return unexpected("a list");
    level = Level::List;
    numbers.clear();
    return true;
  }
  bool end_array() override {
    level = Level::Entry;
    SafeTensorsHeader::Entry &entry = header.entries.back();
    if (field == Field::Shape) {
      entry.shape = numbers;
      return true;
    }
    if (numbers.size() != 2)
      return fail("'data_offsets' must be two numbers");
    entry.begin = numbers[0];
    entry.end = numbers[1];
    return true;
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (level != Level::List)
      return unexpected("a number");
    if (value > uint64_t(1) << 62)
      return fail("number " + std::to_string(value) + " is too large");
    if (numbers.size() == maxRank)
      return fail("has too many dimensions");
    numbers.push_back(int64_t(value));
    return true;
  }
  bool string(string_t &text) override {
    if (level == Level::Strings) {
      header.metadata.emplace(stringKey, text);
      return true;
    }
    if (level != Level::Entry || field != Field::DType)
      return unexpected("a string");
    header.entries.back().dtypeName = text;
    return true;
  }
  bool null() override { return unexpected("null"); }
  bool boolean(bool) override { return unexpected("a truth value"); }
  bool number_integer(number_integer_t) override { return unexpected("a negative number"); }
  bool number_float(number_float_t, const string_t &) override { return unexpected("a fraction"); }
  bool binary(binary_t &) override { return unexpected("binary data"); }
  bool parse_error(std::size_t position, const std::string &, const nlohmann::detail::exception &) override {
    message = "its header is not JSON (at byte " + std::to_string(position) + " of it)";
    return false;
  }

private:
  enum class Level { Outside, Top, Strings, Entry, List, Done };
  enum class Field { DType, Shape, Offsets };

  bool fail(const std::string &what) {
    if (inMetadata)
      message = "'__metadata__': " + what;
    else if (!header.entries.empty() && level != Level::Outside)
      message = "tensor '" + header.entries.back().name + "': " + what;
    else
      message = "its header: " + what;
    return false;
  }
  bool unexpected(const char *what) { return fail(std::string("holds ") + what + " where none belongs"); }

  bool startEntry(const std::string &text) {
    inMetadata = text == "__metadata__";
    if (!names.insert(text).second) {
      message = "tensor '" + text + "' stands twice in its header";
      return false;
    }
    if (inMetadata)
      return true;
    header.entries.emplace_back();
    header.entries.back().name = text;
    seenFields = 0;
    return true;
  }
  bool startField(const std::string &text) {
    if (text == "dtype")
      field = Field::DType;
    else if (text == "shape")
      field = Field::Shape;
    else if (text == "data_offsets")
      field = Field::Offsets;
    else
      return fail("unknown key '" + text + "'");
    unsigned bit = 1u << unsigned(field);
    if (seenFields & bit)
      return fail("key '" + text + "' stands twice");
    seenFields |= bit;
    return true;
  }

  SafeTensorsHeader &header;
  std::unordered_set<std::string> names;
  Level level = Level::Outside;
  bool inMetadata = false;
  Field field = Field::DType;
  unsigned seenFields = 0;
  std::string stringKey;
  std::vector<int64_t> numbers;
};

Status checkEntry(const SafeTensorsHeader::Entry &entry, int64_t dataSize) {
  std::string where = "tensor '" + entry.name + "': ";
  int64_t bits = bitsOfSafeTensorsName(entry.dtypeName);
  if (bits == 0)
    return Failure{where + "unknown dtype '" + entry.dtypeName + "'"};
  if (entry.begin > entry.end || entry.end > dataSize)
    return Failure{where + "its data [" + std::to_string(entry.begin) + ", " + std::to_string(entry.end) +
                   ") does not lie in the file's " + std::to_string(dataSize) + " bytes of data"};
  std::optional<int64_t> elements = elementCount(entry.shape);
  int64_t totalBits;
  if (!elements || __builtin_mul_overflow(*elements, bits, &totalBits))
    return Failure{where + "shape " + shapeToString(entry.shape) + " is too large"};
  if (totalBits % 8 != 0 || totalBits / 8 != entry.end - entry.begin)
    return Failure{where + entry.dtypeName + shapeToString(entry.shape) + " does not fill its " +
                   std::to_string(entry.end - entry.begin) + " bytes of data exactly"};
  return {};
}

/// The format allows neither overlaps nor holes, so that no bytes hide in a file.
Status checkCoverage(const SafeTensorsHeader &header, int64_t dataSize) {
  std::vector<const SafeTensorsHeader::Entry *> order;
  for (const SafeTensorsHeader::Entry &entry : header.entries)
    order.push_back(&entry);
  std::sort(order.begin(), order.end(),
            [](auto *a, auto *b) { return std::pair(a->begin, a->end) < std::pair(b->begin, b->end); });
  int64_t at = 0;
  for (const SafeTensorsHeader::Entry *entry : order) {
    if (entry->begin < at)
      return Failure{"tensor '" + entry->name + "' overlaps another"};
    if (entry->begin > at)
      return Failure{std::to_string(entry->begin - at) + " bytes before tensor '" + entry->name +
                     "' belong to no tensor"};
    at = entry->end;
  }
  if (at != dataSize)
    return Failure{"its last " + std::to_string(dataSize - at) + " bytes belong to no tensor"};
  return {};
}
} // namespace

Result<SafeTensorsHeader> parseSafeTensorsHeader(const char *data, int64_t size) {
  if (size < 8)
    return Failure{"it is too short to be a safetensors file"};
  uint64_t headerSize = 0;
  for (int i = 7; i >= 0; --i)
    headerSize = headerSize << 8 | uint8_t(data[i]);
  if (headerSize > maxHeaderSize)
    return Failure{"it claims a header of " + std::to_string(headerSize) + " bytes; this is no safetensors file"};
  if (headerSize > uint64_t(size) - 8)
    return Failure{"it ends inside its header (" + std::to_string(headerSize) + " bytes, of which the file has " +
                   std::to_string(size - 8) + "); it is truncated, or no safetensors file"};

  SafeTensorsHeader header;
  header.dataOffset = 8 + int64_t(headerSize);
  HeaderReader reader(header);
  if (!nlohmann::json::sax_parse(data + 8, data + header.dataOffset, &reader))
    return Failure{reader.message.empty() ? "its header is not JSON" : reader.message};

  int64_t dataSize = size - header.dataOffset;
  for (const SafeTensorsHeader::Entry &entry : header.entries)
    if (Status status = checkEntry(entry, dataSize); !status)
      return Failure{status.error()};
  if (Status status = checkCoverage(header, dataSize); !status)
    return Failure{status.error()};
  return header;
}

} // namespace hfc::io
