//===- ConfigReader.cpp - checked access to the keys of a config
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ConfigReader.h"

#include "llvm/ADT/StringExtras.h"

#include <cmath>

using namespace hfc;
using namespace hfc::frontend;

std::string Problems::message(StringRef heading) const {
  constexpr size_t shown = 20;
  if (list.size() == 1)
    return (heading + ": " + list.front()).str();
  std::string text = (heading + ": " + Twine(list.size()) + " problems").str();
  for (const std::string &problem : ArrayRef<std::string>(list).take_front(shown))
    text += "\n  - " + problem;
  if (list.size() > shown)
    text += "\n  - and " + std::to_string(list.size() - shown) + " more";
  return text;
}

ConfigReader::ConfigReader(const Json &object, Problems &problems, StringRef where)
    : object(object), problems(problems), where(where.str()) {}

void ConfigReader::alias(StringRef key, StringRef alias) {
  auto original = object.find(key.str()), other = object.find(alias.str());
  read.insert(alias);
  if (other == object.end() || other->is_null())
    return;
  if (original != object.end() && !original->is_null() && *original != *other)
    return problem(name(key) + " and " + name(alias) +
                   " are two spellings of one key, and differ: " + describe(*original) + " and " + describe(*other));
  if (original == object.end() || original->is_null())
    aliases[key] = alias.str();
}

const Json *ConfigReader::get(StringRef key) {
  read.insert(key);
  auto spelling = aliases.find(key);
  auto found = object.find(spelling == aliases.end() ? key.str() : spelling->second);
  return found == object.end() ? nullptr : &*found;
}

bool ConfigReader::has(StringRef key) const {
  auto spelling = aliases.find(key);
  auto found = object.find(spelling == aliases.end() ? key.str() : spelling->second);
  return found != object.end() && !found->is_null();
}

void ConfigReader::wrong(StringRef key, const Twine &expected, const Json &value) {
  problem(name(key) + " must be " + expected + ", and is " + describe(value));
}

std::optional<int64_t> ConfigReader::checkInteger(StringRef key, const Json &value, int64_t low, int64_t high) {
  std::string range = ("an integer from " + Twine(low) + " to " + Twine(high)).str();
  if (!value.is_number_integer()) {
    wrong(key, range, value);
    return std::nullopt;
  }
  bool fits = value.is_number_unsigned() ? value.get<uint64_t>() <= static_cast<uint64_t>(high) : true;
  if (!fits || value.get<int64_t>() < low || value.get<int64_t>() > high) {
    wrong(key, range, value);
    return std::nullopt;
  }
  return value.get<int64_t>();
}

std::optional<double> ConfigReader::checkReal(StringRef key, const Json &value, int64_t low, bool above) {
  double number = value.is_number() ? value.get<double>() : 0;
  // Values reach float32 kernels, so what float32 cannot hold is as wrong as an infinity.
  bool finite = value.is_number() && std::isfinite(static_cast<float>(number));
  if (!finite || number < low || (above && number == low)) {
    wrong(key, (above ? "a number above " : "a number of at least ") + std::to_string(low), value);
    return std::nullopt;
  }
  return number;
}

int64_t ConfigReader::integer(StringRef key, int64_t byDefault, int64_t low, int64_t high) {
  const Json *value = get(key);
  return value ? checkInteger(key, *value, low, high).value_or(byDefault) : byDefault;
}

std::optional<int64_t> ConfigReader::optionalInteger(StringRef key, std::optional<int64_t> byDefault, int64_t low,
                                                     int64_t high) {
  const Json *value = get(key);
  if (!value)
    return byDefault;
  if (value->is_null())
    return std::nullopt;
  return checkInteger(key, *value, low, high);
}

double ConfigReader::real(StringRef key, double byDefault, int64_t low, bool above) {
  const Json *value = get(key);
  return value ? checkReal(key, *value, low, above).value_or(byDefault) : byDefault;
}

std::optional<double> ConfigReader::optionalReal(StringRef key, std::optional<double> byDefault, int64_t low,
                                                 bool above) {
  const Json *value = get(key);
  if (!value)
    return byDefault;
  if (value->is_null())
    return std::nullopt;
  return checkReal(key, *value, low, above);
}

bool ConfigReader::flag(StringRef key, bool byDefault) {
  const Json *value = get(key);
  if (!value)
    return byDefault;
  if (value->is_boolean())
    return value->get<bool>();
  wrong(key, "true or false", *value);
  return byDefault;
}

std::optional<std::string> ConfigReader::text(StringRef key) {
  const Json *value = get(key);
  if (!value || value->is_null())
    return std::nullopt;
  if (value->is_string())
    return value->get<std::string>();
  wrong(key, "a string", *value);
  return std::nullopt;
}

hf::Activation ConfigReader::activation(StringRef key, hf::Activation byDefault) {
  const Json *value = get(key);
  if (!value)
    return byDefault;
  if (!value->is_string()) {
    wrong(key, "the name of an activation", *value);
    return byDefault;
  }
  StringRef spelling = value->get_ref<const std::string &>();
  // One function under two names in transformers, computed by torch and in Python.
  if (spelling == "gelu_python_tanh")
    return hf::Activation::gelu_pytorch_tanh;
  if (std::optional<hf::Activation> known = hf::symbolizeActivation(spelling))
    return *known;
  std::string names;
  for (unsigned i = 0; i <= hf::getMaxEnumValForActivation(); ++i)
    names += (i ? ", " : "") + hf::stringifyActivation(static_cast<hf::Activation>(i)).str();
  problem(name(key) + ": the activation " + describe(*value) + " is not supported; hfc has " + names);
  return byDefault;
}

std::optional<std::vector<std::string>> ConfigReader::texts(StringRef key) {
  const Json *value = get(key);
  if (!value || value->is_null())
    return std::nullopt;
  std::vector<std::string> result;
  bool fits = value->is_array();
  for (auto item = value->begin(); fits && item != value->end(); ++item) {
    fits = item->is_string();
    if (fits)
      result.push_back(item->get<std::string>());
  }
  if (fits)
    return result;
  wrong(key, "a list of strings",
        value->is_array() ? *llvm::find_if(*value, [](auto &v) { return !v.is_string(); }) : *value);
  return std::nullopt;
}

std::optional<std::vector<int64_t>> ConfigReader::integers(StringRef key, int64_t low, int64_t high) {
  const Json *value = get(key);
  if (!value || value->is_null())
    return std::nullopt;
  if (!value->is_array()) {
    wrong(key, "a list of integers", *value);
    return std::nullopt;
  }
  std::vector<int64_t> result;
  for (const Json &item : *value) {
    std::optional<int64_t> number = checkInteger(key, item, low, high);
    if (!number)
      return std::nullopt;
    result.push_back(*number);
  }
  return result;
}

std::optional<std::vector<double>> ConfigReader::reals(StringRef key, int64_t low) {
  const Json *value = get(key);
  if (!value || value->is_null())
    return std::nullopt;
  if (!value->is_array()) {
    wrong(key, "a list of numbers", *value);
    return std::nullopt;
  }
  std::vector<double> result;
  for (const Json &item : *value) {
    std::optional<double> number = checkReal(key, item, low, /*above=*/true);
    if (!number)
      return std::nullopt;
    result.push_back(*number);
  }
  return result;
}

void ConfigReader::ignore(std::initializer_list<StringRef> keys) {
  for (StringRef key : keys)
    read.insert(key);
}

void ConfigReader::require(StringRef key, bool value, StringRef why) {
  if (flag(key, value) != value)
    problem(name(key) + ": " + why);
}

void ConfigReader::checkInert(StringRef key, const Json &value) {
  Json neutral;
  StringRef effect;
  switch (lookUpInertKey(key, neutral, effect)) {
  case Inertness::inert:
    return;
  case Inertness::neutral:
    if (!value.is_null() && value != Json(false) && value != neutral)
      problem(name(key) + " = " + describe(value) + " is not supported: " + effect);
    return;
  case Inertness::unknown:
    problem("unknown key " + inQuotes(name(key)));
  }
}

void ConfigReader::finish() {
  for (auto &[key, value] : object.items())
    if (!read.contains(key))
      checkInert(key, value);
}

void ConfigReader::finishStrictly() {
  for (auto &[key, value] : object.items())
    if (!read.contains(key))
      problem("unknown key " + inQuotes(name(key)));
}
