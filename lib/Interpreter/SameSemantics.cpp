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

/// Either module may lack inputs, parameters and states that nothing uses in it, and nothing else.
llvm::Error checkSignatures(StringRef entry, const Signature &before, const Signature &after) {
  using Table = std::tuple<StringRef, ArrayRef<Port>, ArrayRef<Port>, bool>;
  for (auto [what, first, second, all] :
       {Table{"input", before.inputs, after.inputs, false},
        Table{"parameter", before.parameters, after.parameters, false},
        Table{"state", before.states, after.states, false}, Table{"output", before.outputs, after.outputs, true}})
    if (llvm::Error error = checkPorts(entry, what, first, second, all))
      return error;
  if (after.outputs.size() != before.outputs.size())
    return makeError("@" + entry + " of the second module has outputs that the first does not have");
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

llvm::Expected<TensorMap> runOnce(Interpreter &interpreter, StringRef entry, const TensorMap &inputs,
                                  const TensorMap &parameters, const TensorMap &states) {
  interpreter.resetStates();
  for (const auto &[name, value] : parameters)
    interpreter.setParameter(name, value);
  for (const auto &[name, value] : states)
    interpreter.setState(name, value.clone());
  return interpreter.run(entry, inputs);
}

llvm::Error compareEntry(Interpreter &before, Interpreter &after, StringRef entry, uint64_t seed,
                         std::vector<OutputDifference> &differences) {
  llvm::Expected<Signature> first = before.signature(entry), second = after.signature(entry);
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
  llvm::Expected<TensorMap> expected = runOnce(before, entry, inputs, parameters, states);
  if (!expected)
    return makeError("the first module: " + llvm::toString(expected.takeError()));
  llvm::Expected<TensorMap> actual = runOnce(after, entry, inputs, parameters, states);
  if (!actual)
    return makeError("the second module: " + llvm::toString(actual.takeError()));
  auto compare = [&](StringRef name, const Tensor &a, const Tensor &b) {
    differences.push_back({entry.str(), name.str(), SmallVector<int64_t>(a.getShape()), errorOf(domain, a, b)});
  };
  for (const auto &[name, value] : *expected)
    compare(name, value, actual->at(name));
  for (const Port &port : both.states)
    compare(port.name, *before.state(port.name), *after.state(port.name));
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
