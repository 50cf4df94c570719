//===- SameSemantics.cpp - whether two modules compute the same
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Interpreter/SameSemantics.h"

#include "Primitives.h"

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
  for (const Port &port : before) {
    const Port *other = llvm::find_if(after, [&](const Port &other) { return other.name == port.name; });
    if (other == after.end()) {
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
/// first.
llvm::Error checkSignatures(StringRef entry, const Signature &before, const Signature &after) {
  using Table = std::tuple<StringRef, ArrayRef<Port>, ArrayRef<Port>, bool>;
  for (auto [what, first, second, all] :
       {Table{"input", before.inputs, after.inputs, false},
        Table{"parameter", before.parameters, after.parameters, false},
        Table{"state", before.states, after.states, false}, Table{"output", before.outputs, after.outputs, true},
        Table{"new parameter", before.newParameters, after.newParameters, true},
        Table{"new state", before.newStates, after.newStates, false}})
    if (llvm::Error error = checkPorts(entry, what, first, second, all))
      return error;
  return llvm::Error::success();
}

/// The ports of both, each once.
Signature unite(Signature first, const Signature &second) {
  auto add = [](std::vector<Port> &ports, ArrayRef<Port> others) {
    for (const Port &other : others)
      if (llvm::none_of(ports, [&](const Port &port) { return port.name == other.name; }))
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

/// Differentiating leaves a program of one micro-batch with the last micro-step alone.
std::string counterpartOf(StringRef entry, const Interpreter &after) {
  std::vector<std::string> entries = after.entries();
  bool isLast =
      entry == "micro_step" && !llvm::is_contained(entries, entry) && llvm::is_contained(entries, "last_micro_step");
  return isLast ? "last_micro_step" : entry.str();
}

llvm::Error compareEntry(Interpreter &before, Interpreter &after, StringRef entry, uint64_t seed,
                         std::vector<OutputDifference> &differences) {
  std::string name = counterpartOf(entry, after);
  llvm::Expected<Signature> first = before.signature(entry), second = after.signature(name);
  if (!first) {
    llvm::consumeError(second.takeError());
    return first.takeError();
  }
  if (!second)
    return makeError("the second module: " + llvm::toString(second.takeError()));
  if (llvm::Error error = checkSignatures(entry, *first, *second))
    return error;
  const Domain &domain = before.domain();
  Signature both = unite(*first, *second);
  TensorMap inputs = randomInputs(domain, both, seed), parameters = randomParameters(domain, both, seed),
            states = randomStates(domain, both, seed);
  llvm::Expected<Outcome> expected = runOnce(before, entry, *first, inputs, parameters, states);
  if (!expected)
    return makeError("the first module: " + llvm::toString(expected.takeError()));
  llvm::Expected<Outcome> actual = runOnce(after, name, *second, inputs, parameters, states);
  if (!actual)
    return makeError("the second module: " + llvm::toString(actual.takeError()));
  auto compare = [&](ArrayRef<Port> ports, const TensorMap &a, const TensorMap &b) -> llvm::Error {
    for (const Port &port : ports) {
      auto other = b.find(port.name);
      if (other == b.end())
        return makeError("@" + entry + " of the second module gives no '" + port.name + "'");
      differences.push_back({entry.str(), port.name, port.shape, errorOf(domain, a.at(port.name), other->second)});
    }
    return llvm::Error::success();
  };
  // Also what the first entry only reads must be as it was. What only the second has is its own business.
  const Signature known = unite(*first, {{}, {}, first->newStates, {}, {}, {}});
  if (llvm::Error error = compare(first->outputs, expected->outputs, actual->outputs))
    return error;
  if (llvm::Error error = compare(known.states, expected->states, actual->states))
    return error;
  if (llvm::Error error = compare(first->newParameters, expected->parameters, actual->parameters))
    return error;
  return llvm::Error::success();
}

} // namespace

llvm::Expected<std::vector<OutputDifference>> interpreter::checkSameSemantics(ModuleOp before, ModuleOp after,
                                                                              const SameSemanticsOptions &options) {
  llvm::Expected<std::unique_ptr<Interpreter>> first = Interpreter::create(before, options.execution);
  if (!first)
    return first.takeError();
  llvm::Expected<std::unique_ptr<Interpreter>> second = Interpreter::create(after, options.execution);
  if (!second)
    return second.takeError();
  std::vector<OutputDifference> differences;
  for (const std::string &entry : options.entries.empty() ? (*first)->entries() : options.entries)
    if (llvm::Error error = compareEntry(**first, **second, entry, options.seed, differences))
      return error;
  return differences;
}
