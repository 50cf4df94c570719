//===- Interpreter.cpp - runs entries of a module of any stage
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Interpreter/Interpreter.h"

#include "Schedule.h"

#include "llvm/ADT/StringSet.h"

using namespace hfc;
using namespace hfc::interpreter;

struct Interpreter::Implementation {
  Implementation(ModuleOp module, const Options &options, std::unique_ptr<Domain> domain)
      : module(module), options(options), domain(std::move(domain)), machine(module, *this->domain),
        kernels(*this->domain), states(options.ranks) {}

  /// One rank's named values, for each rank.
  using RankMaps = std::vector<TensorMap>;

  llvm::Expected<RankMaps> run(func::FuncOp entry, const TensorMap &inputs);
  llvm::Expected<RankMaps> run(rt::EntryOp entry, const TensorMap &inputs);
  llvm::Expected<RankMaps> run(kernel::FuncOp entry, const TensorMap &inputs);
  llvm::Error checkSizes();
  llvm::Error checkValues(const Signature &signature, const TensorMap &inputs);
  void initializeStates(const Signature &signature);

  ModuleOp module;
  Options options;
  std::unique_ptr<Domain> domain;
  Machine machine;
  KernelCache kernels;
  TensorMap parameters;
  RankMaps states;
  bool sizesAreChecked = false;
};

//===----------------------------------------------------------------------===//
// Signatures
//===----------------------------------------------------------------------===//

static Port portOf(StringRef name, Type type, DictionaryAttr attributes = {}) {
  auto shaped = cast<ShapedType>(type);
  Port port;
  port.name = name.str();
  port.element = *elementOf(shaped.getElementType());
  port.shape.assign(shaped.getShape().begin(), shaped.getShape().end());
  if (!attributes)
    return port;
  if (auto filling = attributes.getAs<StringAttr>("hf.default"))
    port.filling = filling.str();
  if (auto min = attributes.getAs<IntegerAttr>("hf.min"))
    port.min = min.getInt();
  if (auto max = attributes.getAs<IntegerAttr>("hf.max"))
    port.max = max.getInt();
  return port;
}

/// A symbol or a string.
static std::optional<StringRef> nameIn(DictionaryAttr attributes, StringRef key) {
  Attribute value = attributes ? attributes.get(key) : Attribute();
  if (auto symbol = dyn_cast_if_present<FlatSymbolRefAttr>(value))
    return symbol.getValue();
  if (auto text = dyn_cast_if_present<StringAttr>(value))
    return text.getValue();
  return std::nullopt;
}

static llvm::Error checkTypes(FunctionOpInterface function) {
  for (TypeRange types : {function.getArgumentTypes(), function.getResultTypes()})
    for (Type type : types) {
      auto shaped = dyn_cast<ShapedType>(type);
      if (!shaped || !shaped.hasStaticShape() || !elementOf(shaped.getElementType()))
        return makeError("an argument or result of @" + function.getName() +
                         " is no tensor of static shape of numbers or truth values");
    }
  return llvm::Error::success();
}

/// The name of an argument that has no hf attribute.
static std::string plainName(StringRef kind, size_t number) { return (kind + Twine(number)).str(); }

static Signature signatureOf(func::FuncOp entry) {
  Signature signature;
  for (auto [number, type] : llvm::enumerate(entry.getArgumentTypes())) {
    DictionaryAttr attributes = entry.getArgAttrDict(number);
    if (auto name = nameIn(attributes, "hf.parameter"))
      signature.parameters.push_back(portOf(*name, type));
    else if (auto name = nameIn(attributes, "hf.state"))
      signature.states.push_back(portOf(*name, type));
    else
      signature.inputs.push_back(
          portOf(nameIn(attributes, "hf.input").value_or(plainName("arg", number)), type, attributes));
  }
  for (auto [number, type] : llvm::enumerate(entry.getResultTypes())) {
    DictionaryAttr attributes = entry.getResultAttrDict(number);
    if (!nameIn(attributes, "hf.state"))
      signature.outputs.push_back(portOf(nameIn(attributes, "hf.output").value_or(plainName("result", number)), type));
  }
  return signature;
}

static Signature signatureOf(rt::EntryOp entry) {
  Signature signature;
  llvm::StringSet<> seen;
  for (Operation &op : entry.getBody().front()) {
    if (auto input = dyn_cast<rt::InputOp>(op))
      signature.inputs.push_back(portOf(input.getName(), input.getType(), op.getAttrDictionary()));
    else if (auto output = dyn_cast<rt::OutputOp>(op))
      signature.outputs.push_back(portOf(output.getName(), output.getType()));
    else if (auto parameter = dyn_cast<rt::ParameterOp>(op); parameter && seen.insert(parameter.getParameter()).second)
      signature.parameters.push_back(portOf(parameter.getParameter(), parameter.getType()));
    else if (auto state = dyn_cast<rt::StateOp>(op); state && seen.insert(state.getState()).second)
      signature.states.push_back(portOf(state.getState(), state.getType()));
  }
  return signature;
}

static Signature signatureOf(kernel::FuncOp entry) {
  Signature signature;
  size_t inputs = entry.getArgumentTypes().size() - entry.getOutputs();
  for (auto [number, type] : llvm::enumerate(entry.getArgumentTypes())) {
    if (number < inputs)
      signature.inputs.push_back(portOf(plainName("arg", number), type));
    else
      signature.outputs.push_back(portOf(plainName("result", number - inputs), type));
  }
  return signature;
}

static llvm::Expected<Signature> signatureOf(Operation *entry, StringRef name) {
  if (auto op = dyn_cast_if_present<rt::EntryOp>(entry))
    return signatureOf(op);
  if (auto function = dyn_cast_if_present<FunctionOpInterface>(entry))
    if (llvm::Error error = checkTypes(function))
      return error;
  if (auto op = dyn_cast_if_present<func::FuncOp>(entry))
    return signatureOf(op);
  if (auto op = dyn_cast_if_present<kernel::FuncOp>(entry))
    return signatureOf(op);
  return makeError("there is no entry @" + name);
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

static llvm::Error checkValue(StringRef what, const Port &port, const TensorMap &values) {
  auto found = values.find(port.name);
  if (found == values.end())
    return makeError(what + " '" + port.name + "' has no value");
  const Tensor &value = found->second;
  if (value.getShape() != ArrayRef<int64_t>(port.shape) || value.getElement() != port.element)
    return makeError(what + " '" + port.name + "' is " + shapeText(value.getShape()) + " of " +
                     nameOf(value.getElement()) + ", but the entry takes " + shapeText(port.shape) + " of " +
                     nameOf(port.element));
  return llvm::Error::success();
}

/// Values are 8 bytes an element: what no memory holds is refused before it is asked for.
llvm::Error Interpreter::Implementation::checkSizes() {
  if (sizesAreChecked)
    return llvm::Error::success();
  constexpr double most = 0x1p34;
  Operation *tooLarge = nullptr;
  module.walk([&](Operation *op) {
    auto isTooLarge = [&](Type type) {
      auto shaped = dyn_cast<ShapedType>(type);
      if (!shaped || !shaped.hasStaticShape())
        return false;
      double count = 1;
      for (int64_t size : shaped.getShape())
        count *= static_cast<double>(size);
      return count > most;
    };
    auto entry = dyn_cast<rt::EntryOp>(op);
    if (llvm::any_of(op->getResultTypes(), isTooLarge) || (entry && static_cast<double>(entry.getArena()) > most))
      tooLarge = op;
    for (Region &region : op->getRegions())
      for (Block &block : region)
        if (llvm::any_of(block.getArgumentTypes(), isTooLarge))
          tooLarge = op;
  });
  if (tooLarge)
    return at(tooLarge, makeError("has a value of more elements than the interpreter holds (2^34)"));
  sizesAreChecked = true;
  return llvm::Error::success();
}

/// Integers stay inside what the entry allows.
static llvm::Error checkRange(const Port &port, const Tensor &value) {
  if (isFloat(port.element))
    return llvm::Error::success();
  for (int64_t i = 0; i < value.size(); ++i)
    if ((port.min && value.integer(i) < *port.min) || (port.max && value.integer(i) > *port.max))
      return makeError("input '" + port.name + "' has " + Twine(value.integer(i)) + " at element " + Twine(i) +
                       "; allowed are " + (port.min ? std::to_string(*port.min) : "any") + " to " +
                       (port.max ? std::to_string(*port.max) : "any"));
  return llvm::Error::success();
}

llvm::Error Interpreter::Implementation::checkValues(const Signature &signature, const TensorMap &inputs) {
  for (const Port &port : signature.inputs) {
    if (llvm::Error error = checkValue("input", port, inputs))
      return error;
    if (llvm::Error error = checkRange(port, inputs.at(port.name)))
      return error;
  }
  for (const Port &port : signature.parameters)
    if (llvm::Error error = checkValue("parameter", port, parameters))
      return error;
  return llvm::Error::success();
}

void Interpreter::Implementation::initializeStates(const Signature &signature) {
  for (TensorMap &rank : states)
    for (const Port &port : signature.states)
      rank.try_emplace(port.name, Tensor(port.element, port.shape));
}

llvm::Expected<std::vector<TensorMap>> Interpreter::Implementation::run(func::FuncOp entry, const TensorMap &inputs) {
  Machine::RankValues arguments(options.ranks);
  for (auto [rank, values] : llvm::enumerate(arguments))
    for (unsigned number = 0; number < entry.getNumArguments(); ++number) {
      DictionaryAttr attributes = entry.getArgAttrDict(number);
      if (auto name = nameIn(attributes, "hf.parameter"))
        values.push_back(parameters.at(name->str()));
      else if (auto name = nameIn(attributes, "hf.state"))
        values.push_back(states[rank].at(name->str()));
      else
        values.push_back(inputs.at(nameIn(attributes, "hf.input").value_or(plainName("arg", number)).str()));
    }
  llvm::Expected<Machine::RankValues> results = machine.call(entry, std::move(arguments));
  if (!results)
    return results.takeError();
  RankMaps outputs(options.ranks);
  for (auto [rank, values] : llvm::enumerate(*results))
    for (auto [number, value] : llvm::enumerate(values)) {
      DictionaryAttr attributes = entry.getResultAttrDict(number);
      if (auto name = nameIn(attributes, "hf.state"))
        states[rank][name->str()] = value;
      else
        outputs[rank][nameIn(attributes, "hf.output").value_or(plainName("result", number)).str()] = value;
    }
  return outputs;
}

llvm::Expected<std::vector<TensorMap>> Interpreter::Implementation::run(rt::EntryOp entry, const TensorMap &inputs) {
  std::vector<std::unique_ptr<Schedule>> ranks;
  for (TensorMap &rankStates : states) {
    // The schedule writes states in place; a value that someone else holds must not change.
    for (auto &[name, value] : rankStates)
      value = value.clone();
    llvm::Expected<std::unique_ptr<Schedule>> schedule =
        Schedule::start(entry, machine, kernels, inputs, RankStore{parameters, rankStates}, options);
    if (!schedule)
      return schedule.takeError();
    ranks.push_back(std::move(*schedule));
  }
  // Ranks take turns, one op each.
  while (llvm::any_of(ranks, [](auto &rank) { return !rank->done(); }))
    for (std::unique_ptr<Schedule> &rank : ranks)
      if (!rank->done())
        if (llvm::Error error = rank->step())
          return error;
  RankMaps outputs;
  for (std::unique_ptr<Schedule> &rank : ranks) {
    llvm::Expected<TensorMap> values = rank->outputs();
    if (!values)
      return values.takeError();
    outputs.push_back(std::move(*values));
  }
  return outputs;
}

llvm::Expected<std::vector<TensorMap>> Interpreter::Implementation::run(kernel::FuncOp entry, const TensorMap &inputs) {
  llvm::Expected<const Kernel *> kernel = kernels.get(entry);
  if (!kernel)
    return kernel.takeError();
  Signature signature = signatureOf(entry);
  auto bufferOf = [](const Port &port, StringRef kind) {
    Buffer buffer;
    buffer.name = (kind + " '" + port.name + "'").str();
    buffer.element = port.element;
    buffer.shape.assign(port.shape.begin(), port.shape.end());
    return buffer;
  };
  RankMaps outputs;
  for (int rank = 0; rank < options.ranks; ++rank) {
    SmallVector<Buffer> buffers;
    std::deque<Arena> arenas;
    for (const Port &port : signature.inputs) {
      buffers.push_back(bufferOf(port, "input"));
      buffers.back().tensor = inputs.at(port.name);
      buffers.back().writable = false;
    }
    for (const Port &port : signature.outputs) {
      buffers.push_back(bufferOf(port, "output"));
      buffers.back().arena = &arenas.emplace_back(buffers.back().size() * byteSize(port.element));
      buffers.back().owner = buffers.back().arena->addOwner(buffers.back().name);
    }
    if (llvm::Error error = (*kernel)->run(buffers))
      return error;
    TensorMap &values = outputs.emplace_back();
    for (const Port &port : signature.outputs) {
      llvm::Expected<Tensor> value = buffers[signature.inputs.size() + values.size()].read();
      if (!value)
        return makeError("the end of @" + entry.getSymName() + " " + llvm::toString(value.takeError()));
      values[port.name] = *value;
    }
  }
  return outputs;
}

//===----------------------------------------------------------------------===//
// The public face
//===----------------------------------------------------------------------===//

Interpreter::Interpreter(std::unique_ptr<Implementation> implementation) : implementation(std::move(implementation)) {}
Interpreter::~Interpreter() = default;

llvm::Expected<std::unique_ptr<Interpreter>> Interpreter::create(ModuleOp module, const Options &options) {
  std::unique_ptr<Domain> domain = createDomain(options.domain);
  if (!domain)
    return makeError("there is no domain '" + options.domain + "'; there are typed, float64 and bfloat16");
  if (options.ranks < 1 || options.ranks > 1024)
    return makeError("the number of ranks must be 1 to 1024, not " + Twine(options.ranks));
  return std::unique_ptr<Interpreter>(
      new Interpreter(std::make_unique<Implementation>(module, options, std::move(domain))));
}

const Domain &Interpreter::domain() const { return *implementation->domain; }

std::vector<std::string> Interpreter::entries() const {
  std::vector<std::string> entries, all;
  for (Operation &op : *implementation->module.getBody()) {
    auto symbol = dyn_cast<SymbolOpInterface>(op);
    auto function = dyn_cast<func::FuncOp>(op);
    if (isa<rt::EntryOp>(op) || (function && function.isPublic() && !function.isExternal()))
      entries.push_back(symbol.getName().str());
    if ((function && !function.isExternal()) || isa<kernel::FuncOp>(op))
      all.push_back(symbol.getName().str());
  }
  return entries.empty() ? all : entries;
}

llvm::Expected<Signature> Interpreter::signature(StringRef entry) const {
  return signatureOf(implementation->machine.getSymbols().lookup(entry), entry);
}

void Interpreter::setParameter(StringRef name, Tensor value) {
  implementation->parameters[name.str()] = std::move(value);
}

void Interpreter::setState(StringRef name, Tensor value) {
  for (TensorMap &rank : implementation->states)
    rank[name.str()] = value;
}

const Tensor *Interpreter::state(StringRef name) const {
  auto found = implementation->states[0].find(name.str());
  return found == implementation->states[0].end() ? nullptr : &found->second;
}

void Interpreter::resetStates() {
  for (TensorMap &rank : implementation->states)
    rank.clear();
}

/// All ranks must have computed the same. Equal words are equal values; NaNs differ in nothing that matters.
static llvm::Error checkAgreement(const std::vector<TensorMap> &ranks, StringRef entry) {
  for (size_t rank = 1; rank < ranks.size(); ++rank)
    for (const auto &[name, value] : ranks[0])
      if (ranks[rank].at(name).words() != value.words())
        return makeError("rank " + Twine(rank) + " and rank 0 disagree in '" + name + "' of @" + entry);
  return llvm::Error::success();
}

llvm::Expected<TensorMap> Interpreter::run(StringRef name, const TensorMap &inputs) {
  if (llvm::Error error = implementation->checkSizes())
    return error;
  Operation *entry = implementation->machine.getSymbols().lookup(name);
  llvm::Expected<Signature> signature = signatureOf(entry, name);
  if (!signature)
    return signature.takeError();
  if (llvm::Error error = implementation->checkValues(*signature, inputs))
    return error;
  implementation->initializeStates(*signature);
  auto dispatch = [&]() -> llvm::Expected<std::vector<TensorMap>> {
    if (auto op = dyn_cast<rt::EntryOp>(entry))
      return implementation->run(op, inputs);
    if (auto op = dyn_cast<kernel::FuncOp>(entry))
      return implementation->run(op, inputs);
    return implementation->run(cast<func::FuncOp>(entry), inputs);
  };
  llvm::Expected<std::vector<TensorMap>> outputs = dispatch();
  if (!outputs)
    return outputs.takeError();
  if (llvm::Error error = checkAgreement(*outputs, name))
    return error;
  return std::move(outputs->front());
}
