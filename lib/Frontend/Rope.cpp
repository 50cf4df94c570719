//===- Rope.cpp - reads the rotary embedding of a config
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Rope.h"

#include "RopeFrequencies.h"

#include <cmath>

using namespace hfc;
using namespace hfc::frontend;

static constexpr StringLiteral ropeKeys[] = {
    "attention_factor", "beta_fast",    "beta_slow",       "factor",
    "high_freq_factor", "long_factor",  "low_freq_factor", "mscale",
    "mscale_all_dim",   "short_factor", "truncate",        "original_max_position_embeddings"};

namespace {

/// Reads one `rope_parameters` object. Keys of another type than the one named are unknown keys.
class RopeReader {
public:
  RopeReader(ConfigReader &config, ConfigReader &rope, const RopeFamily &family)
      : config(config), rope(rope), family(family) {}

  Rope read();

private:
  std::string readType();
  void readPartialFactor();
  void readLinear();
  void readDynamic();
  void readLlama3();
  void readYarn();
  void readLongrope();
  double factor() { return required("factor", 1); }
  double required(StringRef key, int64_t low);
  /// `original_max_position_embeddings`: the config's own wins over the rope's, and the current length is last.
  int64_t originalMaxPositions();
  std::optional<std::vector<double>> factors(StringRef key);

  ConfigReader &config, &rope;
  const RopeFamily &family;
  double theta = 0;
  Rope result;
};

} // namespace

double RopeReader::required(StringRef key, int64_t low) {
  if (!rope.has(key)) {
    rope.problem(rope.name(key) + " is missing, which this rope_type needs");
    rope.get(key);
    return 1.0;
  }
  return rope.real(key, 1.0, low, /*above=*/low == 0);
}

std::string RopeReader::readType() {
  rope.alias("rope_type", "type");
  std::string type = rope.text("rope_type").value_or("default");
  if (family.onlyLongrope && (type == "su" || type == "yarn"))
    type = "longrope";
  if (family.onlyLongrope && type != "longrope" && type != "default")
    rope.problem(rope.name("rope_type") + " must be \"default\" or \"longrope\" in this family, and is " +
                 inQuotes(type));
  return type;
}

void RopeReader::readPartialFactor() {
  // In the rope's parameters first, and beside them as transformers 4 has it.
  double outer = config.real("partial_rotary_factor", 1.0, 0, /*above=*/true);
  double part = rope.real("partial_rotary_factor", outer, 0, /*above=*/true);
  if (part > 1.0)
    return rope.problem(rope.name("partial_rotary_factor") + " must be at most 1, and is " + Json(part).dump());
  if (part != 1.0 && !family.partial)
    return rope.problem(rope.name("partial_rotary_factor") + " = " + Json(part).dump() +
                        " is not supported: this family rotates whole heads");
  result.dim = static_cast<int64_t>(family.headDim * part);
}

int64_t RopeReader::originalMaxPositions() {
  int64_t inner = rope.size("original_max_position_embeddings", family.maxPositions, Limits::positions);
  int64_t outer = family.originalMaxPositions.value_or(inner);
  return config.size("original_max_position_embeddings", outer, Limits::positions);
}

std::optional<std::vector<double>> RopeReader::factors(StringRef key) {
  if (!rope.has(key)) {
    rope.problem(rope.name(key) + " is missing, which this rope_type needs");
    return std::nullopt;
  }
  std::optional<std::vector<double>> list = rope.reals(key, 0);
  if (list && static_cast<int64_t>(list->size()) != result.dim / 2) {
    rope.problem(rope.name(key) + " must have " + Twine(result.dim / 2) + " numbers, half of the " + Twine(result.dim) +
                 " rotated elements of a head, and has " + Twine(list->size()));
    return std::nullopt;
  }
  return list;
}

void RopeReader::readLinear() { result.frequencies = linearFrequencies(theta, result.dim, factor()); }

void RopeReader::readDynamic() {
  if (result.dim <= 2)
    return rope.problem("rope_type \"dynamic\" needs heads with more than 2 rotated elements");
  result.kind = Rope::Switch::dynamic;
  result.base = theta;
  result.factor = factor();
  result.threshold = family.maxPositions;
  double initial = dynamicBase(theta, result.dim, result.factor, family.maxPositions, family.maxPositions);
  result.frequencies = defaultFrequencies(initial, result.dim);
}

void RopeReader::readLlama3() {
  Llama3Parameters parameters;
  parameters.factor = factor();
  parameters.lowFrequencyFactor = required("low_freq_factor", 0);
  parameters.highFrequencyFactor = required("high_freq_factor", 0);
  parameters.originalMaxPositions = originalMaxPositions();
  if (parameters.highFrequencyFactor <= parameters.lowFrequencyFactor && rope.has("low_freq_factor") &&
      rope.has("high_freq_factor"))
    return rope.problem(rope.name("high_freq_factor") + " must be above " + rope.name("low_freq_factor"));
  result.frequencies = llama3Frequencies(theta, result.dim, parameters);
}

void RopeReader::readYarn() {
  YarnParameters parameters;
  parameters.originalMaxPositions = originalMaxPositions();
  double implied = static_cast<double>(family.maxPositions) / parameters.originalMaxPositions;
  parameters.factor = rope.optionalReal("factor", std::nullopt, 0, /*above=*/true).value_or(implied);
  // Zero means "not given" to transformers.
  double fast = rope.optionalReal("beta_fast", 32.0, 0).value_or(32.0);
  double slow = rope.optionalReal("beta_slow", 1.0, 0).value_or(1.0);
  parameters.betaFast = fast == 0 ? 32.0 : fast;
  parameters.betaSlow = slow == 0 ? 1.0 : slow;
  parameters.truncate = rope.flag("truncate", true);
  std::optional<double> mscale = rope.optionalReal("mscale", std::nullopt, 0);
  std::optional<double> mscaleAllDim = rope.optionalReal("mscale_all_dim", std::nullopt, 0);
  result.scaling = rope.optionalReal("attention_factor", std::nullopt, 0)
                       .value_or(yarnScaling(parameters.factor, mscale, mscaleAllDim));
  if (theta <= 1.0)
    return rope.problem(rope.name("rope_theta") + " must be above 1 for rope_type \"yarn\"");
  if (parameters.betaFast < parameters.betaSlow)
    return rope.problem(rope.name("beta_fast") + " must be at least " + rope.name("beta_slow"));
  result.frequencies = yarnFrequencies(theta, result.dim, parameters);
}

void RopeReader::readLongrope() {
  result.kind = Rope::Switch::longrope;
  result.threshold = originalMaxPositions();
  double implied = static_cast<double>(family.maxPositions) / result.threshold;
  double ratio = rope.optionalReal("factor", std::nullopt, 0, /*above=*/true).value_or(implied);
  std::optional<double> given = rope.optionalReal("attention_factor", std::nullopt, 0);
  if (!given && ratio > 1 && result.threshold < 2)
    return rope.problem(rope.name("original_max_position_embeddings") +
                        " must be at least 2 for rope_type \"longrope\"");
  result.scaling = given.value_or(longropeScaling(ratio, result.threshold));
  std::optional<std::vector<double>> shortFactors = factors("short_factor"), longFactors = factors("long_factor");
  if (!shortFactors || !longFactors)
    return;
  result.frequencies = longropeFrequencies(theta, result.dim, *shortFactors);
  result.longFrequencies = longropeFrequencies(theta, result.dim, *longFactors);
}

Rope RopeReader::read() {
  result.dim = family.headDim;
  double outer = config.real("rope_theta", family.defaultTheta, 0, /*above=*/true);
  theta = rope.real("rope_theta", outer, 0, /*above=*/true);
  std::string type = readType();
  readPartialFactor();
  if (result.dim < 2 || result.dim % 2) {
    rope.problem("rotary embeddings rotate pairs, and " + Twine(result.dim) + " elements of each head of " +
                 Twine(family.headDim) + " are to be rotated");
    return result;
  }
  if (type == "default") {
    result.frequencies = defaultFrequencies(theta, result.dim);
    rope.ignore({"original_max_position_embeddings"});
  } else if (type == "linear") {
    readLinear();
  } else if (type == "dynamic") {
    readDynamic();
    rope.ignore({"original_max_position_embeddings"});
  } else if (type == "llama3") {
    readLlama3();
  } else if (type == "yarn") {
    readYarn();
  } else if (type == "longrope") {
    readLongrope();
  } else {
    rope.problem(rope.name("rope_type") + " " + inQuotes(type) +
                 " is not supported; hfc has default, linear, dynamic, llama3, yarn, longrope");
    return result;
  }
  if (!llvm::all_of(result.frequencies, [](float f) { return std::isfinite(f); }) || !std::isfinite(result.scaling))
    rope.problem(rope.name("rope_theta") + " and its companions give frequencies that float32 cannot hold");
  // Configs name the length they were trained on, whatever the type, and write out what is not given.
  config.ignore({"original_max_position_embeddings"});
  for (StringRef key : ropeKeys)
    if (!rope.has(key))
      rope.ignore({key});
  rope.finishStrictly();
  return result;
}

Rope hfc::frontend::readRope(ConfigReader &config, const RopeFamily &family) {
  static const Json none = Json::object();
  // A config has one of the two; where both say the same, the old spelling is read, as in transformers.
  const Json *parameters = config.get("rope_parameters");
  const Json *scaling = config.get("rope_scaling");
  bool old = scaling && !scaling->is_null() && !(scaling->is_object() && scaling->empty());
  if (old && parameters && !parameters->is_null() && *parameters != *scaling)
    config.problem(config.name("rope_scaling") + " and " + config.name("rope_parameters") +
                   " say different things; keep the one that is meant");
  StringRef key = old ? "rope_scaling" : "rope_parameters";
  const Json *chosen = old ? scaling : parameters;
  if (!chosen || chosen->is_null())
    chosen = &none;
  if (!chosen->is_object()) {
    config.problem(config.name(key) + " must be an object, and is " + describe(*chosen));
    chosen = &none;
  }
  ConfigReader rope(*chosen, config.getProblems(), config.name(key) + ".");
  return RopeReader(config, rope, family).read();
}
