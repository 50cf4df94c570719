//===- MetadataReader.h - values of a JSON object, checked
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_IO_METADATAREADER_H
#define HFC_LIB_RUNTIME_IO_METADATAREADER_H

#include "hfc/Runtime/IO/Metadata.h"

#include <nlohmann/json.hpp>

namespace hfc::io {

using nlohmann::json;

/// Reads values of an object and remembers the first thing that is wrong.
class Reader {
public:
  Reader(const json &values, std::string where) : values(values), where(std::move(where)) {}

  std::string string(const char *key, std::string fallback = {}) {
    const json *value = get(key);
    if (!value)
      return fallback;
    return value->is_string() ? value->get<std::string>() : (wrong(key, "a string"), fallback);
  }
  int64_t integer(const char *key, int64_t fallback = 0) {
    const json *value = get(key);
    if (!value)
      return fallback;
    return value->is_number_integer() ? value->get<int64_t>() : (wrong(key, "an integer"), fallback);
  }
  std::optional<int64_t> optionalInteger(const char *key) {
    return get(key) ? std::optional<int64_t>(integer(key)) : std::nullopt;
  }
  double number(const char *key, double fallback) {
    const json *value = get(key);
    if (!value)
      return fallback;
    return value->is_number() ? value->get<double>() : (wrong(key, "a number"), fallback);
  }
  bool boolean(const char *key) {
    const json *value = get(key);
    if (!value)
      return false;
    return value->is_boolean() ? value->get<bool>() : (wrong(key, "true or false"), false);
  }
  std::vector<int64_t> integers(const char *key) {
    std::vector<int64_t> result;
    for (const json &element : list(key)) {
      if (!element.is_number_integer())
        return wrong(key, "a list of integers"), result;
      result.push_back(element.get<int64_t>());
    }
    return result;
  }
  std::vector<std::string> strings(const char *key) {
    std::vector<std::string> result;
    for (const json &element : list(key)) {
      if (!element.is_string())
        return wrong(key, "a list of strings"), result;
      result.push_back(element.get<std::string>());
    }
    return result;
  }
  /// Calls `each` for every object of a list.
  template <typename Each>
  void objects(const char *key, Each each) {
    for (const json &element : list(key)) {
      if (!element.is_object())
        return wrong(key, "a list of objects");
      Reader reader(element, where + key + ": ");
      each(reader);
      if (error.empty())
        error = reader.error;
    }
  }
  /// Calls `read` for the object of a key, if there is one.
  template <typename Read>
  void object(const char *key, Read read) {
    const json *value = get(key);
    if (!value)
      return;
    if (!value->is_object())
      return wrong(key, "an object");
    Reader reader(*value, where + key + ": ");
    read(reader);
    if (error.empty())
      error = reader.error;
  }
  const json *get(const char *key) const {
    auto it = values.find(key);
    return it == values.end() || it->is_null() ? nullptr : &*it;
  }
  void fail(std::string message) {
    if (error.empty())
      error = where + message;
  }

  std::string error;

private:
  const json &list(const char *key) {
    static const json empty = json::array();
    const json *value = get(key);
    if (value && value->is_array())
      return *value;
    if (value)
      wrong(key, "a list");
    return empty;
  }
  void wrong(const char *key, const char *what) { fail(std::string("'") + key + "' must be " + what); }

  const json &values;
  std::string where;
};

/// A tensor's name, type, shape and sharding.
void readTensor(Reader &reader, const Mesh &mesh, TensorInfo &tensor);

/// What distribution adds to the metadata: MetadataDistribution.cpp.
Mesh readMesh(Reader &reader);
void readDistribution(Reader &reader, ProgramInfo &program);
void readSharding(Reader &reader, const Mesh &mesh, TensorInfo &tensor);
std::optional<BucketPlace> readBucketPlace(Reader &reader);
/// After everything has been read.
void checkDistribution(Reader &reader, const ProgramInfo &program);

} // namespace hfc::io

#endif // HFC_LIB_RUNTIME_IO_METADATAREADER_H
