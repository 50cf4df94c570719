//===- SameSemantics.cpp - whether two modules compute the same
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Interpreter/SameSemantics.h"

#include "BucketStates.h"
#include "Primitives.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <cmath>
#include <limits>

using namespace hfc;
using namespace hfc::interpreter;

namespace {

double realOf(const Domain &domain, const Tensor &tensor, int64_t index) {
  return isFloat(tensor.getElement()) ? domain.toReal(tensor.words()[index])
                                      : static_cast<double>(tensor.integer(index));
}

double errorOf(const Domain &domain, const Tensor &reference, const Tensor &other) {
  if (domain.isExact())
    return reference.words() == other.words() ? 0 : std::numeric_limits<double>::infinity();
  double difference = 0, norm = 0;
  for (int64_t i = 0; i < reference.size(); ++i) {
    double a = realOf(domain, reference, i), b = realOf(domain, other, i);
    if (a == b || (std::isnan(a) && std::isnan(b))) {
      norm += std::isfinite(a) ? a * a : 0;
      continue;
    }
    if (!std::isfinite(a) || !std::isfinite(b))
      return std::numeric_limits<double>::infinity();
    difference += (a - b) * (a - b);
    norm += a * a;
  }
  return norm > 0 ? std::sqrt(difference / norm) : std::sqrt(difference);
}

llvm::Error checkPorts(StringRef entry, StringRef what, ArrayRef<Port> before, ArrayRef<Port> after, bool all) {
  llvm::StringMap<const Port *> others;
  for (const Port &port : after)
    others.try_emplace(port.name, &port);
  for (const Port &port : before) {
    const Port *other = others.lookup(port.name);
    if (!other) {
      if (all)
        return makeError("@" + entry + " of the second module has no " + what + " '" + port.name + "'");
      continue;
    }
    if (other->shape != port.shape || other->element != port.element)
      return makeError(what + " '" + port.name + "' of @" + entry + " is " + shapeText(port.shape) + " of " +
                       nameOf(port.element) + " in the first module and " + shapeText(other->shape) + " of " +
                       nameOf(other->element) + " in the second");
  }
  return llvm::Error::success();
}

/// Either module may lack inputs, parameters and states that nothing uses in it; the second may give more than the
/// first. What a state of a bucket holds of a parameter is given.
llvm::Error checkSignatures(StringRef entry, const Signature &before, const Signature &after,
                            const BucketStates &buckets) {
  std::vector<Port> newParameters = before.newParameters;
  llvm::erase_if(newParameters, [&](const Port &port) { return buckets.haveParameter(after.newStates, port.name); });
  using Table = std::tuple<StringRef, ArrayRef<Port>, ArrayRef<Port>, bool>;
  for (auto [what, first, second, all] :
       {Table{"input", before.inputs, after.inputs, false},
        Table{"parameter", before.parameters, after.parameters, false},
        Table{"state", before.states, after.states, false}, Table{"output", before.outputs, after.outputs, true},
        Table{"new parameter", newParameters, after.newParameters, true},
        Table{"new state", before.newStates, after.newStates, false}})
    if (llvm::Error error = checkPorts(entry, what, first, second, all))
      return error;
  return llvm::Error::success();
}

/// The ports of both, each once.
Signature unite(Signature first, const Signature &second) {
  auto add = [](std::vector<Port> &ports, ArrayRef<Port> others) {
    llvm::StringSet<> known;
    for (const Port &port : ports)
      known.insert(port.name);
    for (const Port &other : others)
      if (known.insert(other.name).second)
        ports.push_back(other);
  };
  add(first.inputs, second.inputs);
  add(first.parameters, second.parameters);
  add(first.states, second.states);
  return first;
}

/// What a module makes of random values.
struct Outcome {
  TensorMap outputs, parameters, states;
};

llvm::Expected<Outcome> runOnce(Interpreter &interpreter, StringRef entry, const Signature &signature,
                                const TensorMap &inputs, const TensorMap &parameters, const TensorMap &states) {
  interpreter.resetStates();
  for (const auto &[name, value] : parameters)
    interpreter.setParameter(name, value);
  for (const auto &[name, value] : states)
    interpreter.setState(name, value.clone());
  llvm::Expected<TensorMap> outputs = interpreter.run(entry, inputs);
  if (!outputs)
    return outputs.takeError();
  Outcome outcome{std::move(*outputs), parameters, states};
  for (const Port &port : signature.newParameters) {
    llvm::Expected<Tensor> value = interpreter.parameter(port.name);
    if (!value)
      return value.takeError();
    outcome.parameters[port.name] = std::move(*value);
  }
  for (const Port &port : signature.newStates) {
    llvm::Expected<Tensor> value = interpreter.state(port.name);
    if (!value)
      return value.takeError();
    outcome.states[port.name] = std::move(*value);
  }
  return outcome;
}

/// What the second module gives, by the first one's names.
class Given {
public:
  Given(const BucketStates &buckets, const Signature &signature, Outcome outcome)
      : buckets(buckets), signature(signature), outcome(std::move(outcome)) {
    for (const Port &port : signature.newStates)
      newStates.insert(port.name);
    for (const Port &port : signature.newParameters)
      newParameters.insert(port.name);
  }

  /// Takes states of buckets apart.
  llvm::Error takeApart(const Domain &domain) {
    for (const Port &port : signature.newStates) {
      if (!buckets.contains(port.name))
        continue;
      llvm::Expected<std::vector<BucketStates::Part>> taken =
          buckets.parts(domain, port.name, outcome.states.at(port.name));
      if (!taken)
        return taken.takeError();
      for (BucketStates::Part &part : *taken)
        (part.isParameter ? parameterParts : stateParts)[part.name] = {std::move(part.value), port.name};
    }
    return llvm::Error::success();
  }

  const TensorMap &outputs() const { return outcome.outputs; }

  /// A value, and what the module calls it.
  using Source = std::pair<const Tensor *, std::string>;

  /// All that the module has of a state or parameter: its own, and what a bucket holds of it.
  SmallVector<Source, 2> states(const std::string &name) const {
    return find(name, outcome.states, stateParts, newStates);
  }
  SmallVector<Source, 2> parameters(const std::string &name) const {
    return find(name, outcome.parameters, parameterParts, newParameters);
  }

private:
  using Parts = std::map<std::string, std::pair<Tensor, std::string>>;

  static SmallVector<Source, 2> find(const std::string &name, const TensorMap &own, const Parts &parts,
                                     const llvm::StringSet<> &given) {
    SmallVector<Source, 2> found;
    auto part = parts.find(name);
    auto value = own.find(name);
    if (value != own.end() && (given.contains(name) || part == parts.end()))
      found.push_back({&value->second, name});
    if (part != parts.end())
      found.push_back({&part->second.first, part->second.second});
    return found;
  }

  const BucketStates &buckets;
  const Signature &signature;
  Outcome outcome;
  Parts stateParts, parameterParts;
  llvm::StringSet<> newStates, newParameters;
};

/// Rows of a table of differences, for one entry.
class Differences {
public:
  Differences(StringRef entry, const Domain &domain, std::vector<OutputDifference> &rows)
      : entry(entry), domain(domain), rows(rows) {}

  llvm::Error add(const Port &port, const Tensor &expected, ArrayRef<Given::Source> given) {
    if (given.empty())
      return makeError("@" + entry + " of the second module gives no '" + port.name + "'");
    for (const auto &[value, source] : given)
      rows.push_back(
          {entry.str(), port.name, port.shape, errorOf(domain, expected, *value), hasNumber(expected), source});
    return llvm::Error::success();
  }

private:
  bool hasNumber(const Tensor &tensor) const {
    return !isFloat(tensor.getElement()) || tensor.size() == 0 || llvm::any_of(tensor.words(), [&](Word word) {
      Word truth = 0;
      domain.compare(Predicate::EQ, /*orUnordered=*/false, tensor.getElement(), word, word, truth);
      return truth != 0;
    });
  }

  StringRef entry;
  const Domain &domain;
  std::vector<OutputDifference> &rows;
};

/// Also what the first entry only reads must be as it was. What only the second has is its own business.
llvm::Error compareOutcomes(const Signature &signature, const Outcome &expected, const Given &given,
                            Differences &differences) {
  for (const Port &port : signature.outputs) {
    auto found = given.outputs().find(port.name);
    SmallVector<Given::Source, 1> values;
    if (found != given.outputs().end())
      values.push_back({&found->second, port.name});
    if (llvm::Error error = differences.add(port, expected.outputs.at(port.name), values))
      return error;
  }
  const Signature known = unite(signature, {{}, {}, signature.newStates, {}, {}, {}});
  for (const Port &port : known.states)
    if (llvm::Error error = differences.add(port, expected.states.at(port.name), given.states(port.name)))
      return error;
  for (const Port &port : signature.newParameters)
    if (llvm::Error error = differences.add(port, expected.parameters.at(port.name), given.parameters(port.name)))
      return error;
  return llvm::Error::success();
}

} // namespace

struct Comparison::Implementation {
  std::unique_ptr<Interpreter> first, second;
  BucketStates buckets;
};

Comparison::Comparison(std::unique_ptr<Implementation> implementation) : implementation(std::move(implementation)) {}
Comparison::~Comparison() = default;
Interpreter &Comparison::first() { return *implementation->first; }
Interpreter &Comparison::second() { return *implementation->second; }

llvm::Expected<std::unique_ptr<Comparison>> Comparison::create(ModuleOp first, ModuleOp second,
                                                               const Options &options) {
  llvm::Expected<std::unique_ptr<Interpreter>> one = Interpreter::create(first, options);
  if (!one)
    return one.takeError();
  llvm::Expected<std::unique_ptr<Interpreter>> other = Interpreter::create(second, options);
  if (!other)
    return other.takeError();
  llvm::Expected<BucketStates> buckets = BucketStates::create(first, second);
  if (!buckets)
    return buckets.takeError();
  return std::unique_ptr<Comparison>(new Comparison(
      std::make_unique<Implementation>(Implementation{std::move(*one), std::move(*other), std::move(*buckets)})));
}

/// Differentiating leaves a program of one micro-batch with the last micro-step alone.
std::string Comparison::counterpartOf(StringRef entry) const {
  std::vector<std::string> entries = implementation->second->entries();
  bool isLast =
      entry == "micro_step" && !llvm::is_contained(entries, entry) && llvm::is_contained(entries, "last_micro_step");
  return isLast ? "last_micro_step" : entry.str();
}

llvm::Expected<EntryComparison> Comparison::run(StringRef entry, uint64_t seed) {
  EntryComparison result;
  result.counterpart = counterpartOf(entry);
  auto fails = [&](llvm::Error error) {
    result.failure = llvm::toString(std::move(error));
    return std::move(result);
  };
  llvm::Expected<Signature> before = first().signature(entry), after = second().signature(result.counterpart);
  if (!before) {
    llvm::consumeError(after.takeError());
    return before.takeError();
  }
  if (!after)
    return fails(after.takeError());
  if (llvm::Error error = checkSignatures(entry, *before, *after, implementation->buckets))
    return fails(std::move(error));
  const Domain &domain = first().domain();
  Signature both = unite(*before, *after);
  TensorMap inputs = randomInputs(domain, both, seed), parameters = randomParameters(domain, both, seed),
            states = randomStates(domain, both, seed);
  if (llvm::Error error = implementation->buckets.divide(after->states, parameters, states))
    return fails(std::move(error));
  llvm::Expected<Outcome> expected = runOnce(first(), entry, *before, inputs, parameters, states);
  if (!expected)
    return makeError("the first module: " + llvm::toString(expected.takeError()));
  llvm::Expected<Outcome> actual = runOnce(second(), result.counterpart, *after, inputs, parameters, states);
  if (!actual)
    return fails(actual.takeError());
  Given given(implementation->buckets, *after, std::move(*actual));
  if (llvm::Error error = given.takeApart(domain))
    return fails(std::move(error));
  Differences table(entry, domain, result.rows);
  if (llvm::Error error = compareOutcomes(*before, *expected, given, table))
    return fails(std::move(error));
  return result;
}

llvm::Expected<std::vector<OutputDifference>> interpreter::checkSameSemantics(ModuleOp before, ModuleOp after,
                                                                              const SameSemanticsOptions &options) {
  llvm::Expected<std::unique_ptr<Comparison>> comparison = Comparison::create(before, after, options.execution);
  if (!comparison)
    return comparison.takeError();
  std::vector<OutputDifference> differences;
  for (const std::string &entry : options.entries.empty() ? (*comparison)->first().entries() : options.entries) {
    llvm::Expected<EntryComparison> result = (*comparison)->run(entry, options.seed);
    if (!result)
      return result.takeError();
    if (!result->failure.empty())
      return makeError("the second module: " + result->failure);
    llvm::append_range(differences, result->rows);
  }
  return differences;
}
