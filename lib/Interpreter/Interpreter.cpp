//===- Interpreter.cpp - runs entries of a module of any stage
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Interpreter/Interpreter.h"

#include "Schedule.h"
#include "Signature.h"
#include "Store.h"
#include "WholeBuckets.h"

#include "dialects/dist/Sharding.h"

#include <limits>

using namespace hfc;
using namespace hfc::interpreter;

/// One rank's named values, for each rank.
using RankMaps = std::vector<TensorMap>;

struct Interpreter::Implementation {
  Implementation(ModuleOp module, const Options &options, std::unique_ptr<Domain> domain, int64_t ranks)
      : module(module), options(options), domain(std::move(domain)), mesh(dist::findMesh(module)), ranks(ranks),
        machine(module, *this->domain), kernels(*this->domain), parameters("parameter", mesh, ranks),
        states("state", mesh, ranks), wholeBuckets(module) {}

  llvm::Expected<RankMaps> run(func::FuncOp entry, RankMaps inputs);
  llvm::Expected<RankMaps> run(rt::EntryOp entry, const Signature &signature, RankMaps inputs);
  llvm::Expected<RankMaps> run(kernel::FuncOp entry, const Signature &signature, RankMaps inputs);
  llvm::Expected<RankMaps> dispatch(Operation *entry, const Signature &signature, RankMaps inputs);
  llvm::Error checkSizes();
  llvm::Expected<RankMaps> localize(ArrayRef<Port> ports, const TensorMap &inputs);
  llvm::Expected<TensorMap> assemble(ArrayRef<Port> ports, RankMaps outputs);

  /// Where a rank has what is bound to a name.
  TensorMap &tableOf(const Binding &binding, int64_t rank, TensorMap &others) {
    return binding.kind == Binding::Kind::Parameter ? parameters.rank(rank)
           : binding.kind == Binding::Kind::State   ? states.rank(rank)
                                                    : others;
  }
  EntryCost &costOf(StringRef entry) {
    auto found = llvm::find_if(costs, [&](const EntryCost &cost) { return cost.entry == entry; });
    return found == costs.end() ? costs.emplace_back(EntryCost{entry.str()}) : *found;
  }
  static void detach(Tensor &value) { value = value.clone(); }

  ModuleOp module;
  Options options;
  std::unique_ptr<Domain> domain;
  dist::MeshAttr mesh;
  int64_t ranks;
  Machine machine;
  KernelCache kernels;
  Store parameters, states;
  WholeBuckets wholeBuckets;
  std::vector<EntryCost> costs;
  bool sizesAreChecked = false;
};

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

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

/// What shows in results that depend on padding: NaN, or an integer that is allowed and not zero.
static Word poisonOf(const Domain &domain, const Port &port) {
  if (isFloat(port.element))
    return domain.fromReal(std::numeric_limits<double>::quiet_NaN(), port.element);
  return static_cast<Word>(port.max.value_or(1));
}

/// Each rank's inputs.
llvm::Expected<RankMaps> Interpreter::Implementation::localize(ArrayRef<Port> ports, const TensorMap &inputs) {
  RankMaps local(ranks);
  for (const Port &port : ports) {
    auto found = inputs.find(port.name);
    if (found == inputs.end())
      return makeError("input '" + port.name + "' has no value");
    if (llvm::Error error = checkType("input", port, found->second))
      return error;
    if (llvm::Error error = checkRange(port, found->second))
      return error;
    Word padding = options.poisonPadding ? poisonOf(*domain, port) : 0;
    std::vector<Tensor> pieces = Placement(mesh, port.sharding, port.shape).localizeAll(found->second, ranks, padding);
    for (auto [values, piece] : llvm::zip_equal(local, pieces))
      values[port.name] = std::move(piece);
  }
  return local;
}

/// The whole outputs, of what the ranks have.
llvm::Expected<TensorMap> Interpreter::Implementation::assemble(ArrayRef<Port> ports, RankMaps outputs) {
  TensorMap whole;
  for (const Port &port : ports) {
    SmallVector<Tensor> pieces;
    for (TensorMap &rank : outputs)
      pieces.push_back(std::move(rank[port.name]));
    llvm::Expected<Tensor> value =
        Placement(mesh, port.sharding, port.shape).assemble(*domain, pieces, /*isPaddedWithZeros=*/false);
    if (!value)
      return makeError("output '" + port.name + "': " + llvm::toString(value.takeError()));
    whole[port.name] = std::move(*value);
  }
  return whole;
}

llvm::Expected<RankMaps> Interpreter::Implementation::run(func::FuncOp entry, RankMaps inputs) {
  Machine::RankValues arguments(ranks);
  for (unsigned number = 0; number < entry.getNumArguments(); ++number) {
    Binding binding = bindingOfArgument(entry.getArgAttrDict(number), number);
    for (auto [rank, values] : llvm::enumerate(arguments))
      values.push_back(tableOf(binding, rank, inputs[rank]).at(binding.name));
  }
  llvm::Expected<Machine::RankValues> results = machine.call(entry, std::move(arguments));
  if (!results)
    return results.takeError();
  RankMaps outputs(ranks);
  for (unsigned number = 0; number < entry.getNumResults(); ++number) {
    Binding binding = bindingOfResult(entry.getResultAttrDict(number), number);
    for (auto [rank, values] : llvm::enumerate(*results))
      tableOf(binding, rank, outputs[rank])[binding.name] = std::move(values[number]);
  }
  return outputs;
}

/// Ranks take turns, one op each, until all are done.
static llvm::Error takeTurns(ArrayRef<std::unique_ptr<Schedule>> schedules) {
  bool isDone = false;
  while (!isDone) {
    bool hasMoved = false;
    isDone = true;
    for (const std::unique_ptr<Schedule> &schedule : schedules) {
      if (schedule->done())
        continue;
      llvm::Expected<bool> moved = schedule->step();
      if (!moved)
        return moved.takeError();
      hasMoved |= *moved;
      isDone &= schedule->done();
    }
    if (isDone || hasMoved)
      continue;
    std::string text = "no rank can go on";
    for (auto [rank, schedule] : llvm::enumerate(schedules))
      text += "; rank " + std::to_string(rank) + (schedule->done() ? " is done" : ": " + schedule->waiting());
    return makeError(text);
  }
  return llvm::Error::success();
}

llvm::Expected<RankMaps> Interpreter::Implementation::run(rt::EntryOp entry, const Signature &signature,
                                                          RankMaps inputs) {
  std::vector<std::unique_ptr<Schedule>> schedules;
  EntryCost &cost = costOf(entry.getSymName());
  Meetings meetings(machine);
  for (int64_t rank = 0; rank < ranks; ++rank) {
    // The schedule writes in place; a value that someone else holds must not change.
    for (const Port &port : signature.newParameters)
      detach(parameters.rank(rank).at(port.name));
    for (const Port &port : signature.newStates)
      detach(states.rank(rank).at(port.name));
    llvm::Expected<std::unique_ptr<Schedule>> schedule =
        Schedule::start(entry, machine, kernels, meetings, inputs[rank],
                        RankStore{rank, parameters.rank(rank), states.rank(rank)}, options);
    if (!schedule)
      return schedule.takeError();
    schedules.push_back(std::move(*schedule));
  }
  if (llvm::Error error = takeTurns(schedules))
    return error;
  RankMaps outputs;
  for (std::unique_ptr<Schedule> &rank : schedules) {
    llvm::Expected<TensorMap> values = rank->outputs();
    if (!values)
      return values.takeError();
    outputs.push_back(std::move(*values));
    cost.arena = std::max(cost.arena, rank->arenaWritten());
  }
  return outputs;
}

llvm::Expected<RankMaps> Interpreter::Implementation::run(kernel::FuncOp entry, const Signature &signature,
                                                          RankMaps inputs) {
  llvm::Expected<const Kernel *> kernel = kernels.get(entry);
  if (!kernel)
    return kernel.takeError();
  auto bufferOf = [](const Port &port, StringRef kind) {
    Buffer buffer;
    buffer.name = (kind + " '" + port.name + "'").str();
    buffer.element = port.element;
    buffer.shape.assign(port.shape.begin(), port.shape.end());
    return buffer;
  };
  RankMaps outputs;
  for (const TensorMap &rankInputs : inputs) {
    SmallVector<Buffer> buffers;
    std::deque<Arena> arenas;
    for (const Port &port : signature.inputs) {
      buffers.push_back(bufferOf(port, "input"));
      buffers.back().tensor = rankInputs.at(port.name);
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

llvm::Expected<RankMaps> Interpreter::Implementation::dispatch(Operation *entry, const Signature &signature,
                                                               RankMaps inputs) {
  if (auto op = dyn_cast<rt::EntryOp>(entry))
    return run(op, signature, std::move(inputs));
  if (auto op = dyn_cast<kernel::FuncOp>(entry))
    return run(op, signature, std::move(inputs));
  return run(cast<func::FuncOp>(entry), std::move(inputs));
}

//===----------------------------------------------------------------------===//
// The public face
//===----------------------------------------------------------------------===//

Interpreter::Interpreter(std::unique_ptr<Implementation> implementation) : implementation(std::move(implementation)) {}
Interpreter::~Interpreter() = default;

llvm::Expected<std::unique_ptr<Interpreter>> Interpreter::create(ModuleOp module, const Options &options) {
  std::unique_ptr<Domain> domain = createDomain(options.domain, options.seed);
  if (!domain)
    return makeError("there is no domain '" + options.domain + "'; there are typed, float64, bfloat16 and field");
  // Before shardings are materialized there is one, global program.
  dist::MeshAttr mesh = dist::findMesh(module);
  int64_t ranks = mesh && dist::isMaterialized(module) ? mesh.ranks() : 1;
  constexpr int64_t most = 1024;
  if (ranks > most)
    return makeError("the mesh has " + Twine(ranks) + " ranks; the interpreter runs at most " + Twine(most));
  return std::unique_ptr<Interpreter>(
      new Interpreter(std::make_unique<Implementation>(module, options, std::move(domain), ranks)));
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
  implementation->parameters.set(name, std::move(value));
  implementation->wholeBuckets.forget(name, implementation->states);
}

llvm::Expected<Tensor> Interpreter::parameter(StringRef name) const {
  return implementation->parameters.get(domain(), name);
}

void Interpreter::setState(StringRef name, Tensor value) {
  implementation->states.set(name, std::move(value));
  implementation->wholeBuckets.forget(name, implementation->states);
}

llvm::Expected<Tensor> Interpreter::state(StringRef name) const { return implementation->states.get(domain(), name); }

void Interpreter::resetStates() { implementation->states.clear(); }

void Interpreter::observe(Observer observer) { implementation->machine.setObserver(std::move(observer)); }

llvm::Expected<SmallVector<Tensor, 1>> Interpreter::evaluate(Block &block, ValueRange results,
                                                             ArrayRef<Tensor> arguments) {
  return implementation->machine.runBlock(block, results, arguments);
}

int64_t Interpreter::ranks() const { return implementation->ranks; }

std::vector<CollectiveCount> Interpreter::collectives() const { return implementation->machine.getLog().counts(); }

const std::vector<EntryCost> &Interpreter::costs() const { return implementation->costs; }

llvm::Expected<TensorMap> Interpreter::run(StringRef name, const TensorMap &inputs) {
  Implementation &self = *implementation;
  if (llvm::Error error = self.checkSizes())
    return error;
  Operation *entry = self.machine.getSymbols().lookup(name);
  llvm::Expected<Signature> signature = signatureOf(entry, name);
  if (!signature)
    return signature.takeError();
  llvm::Expected<RankMaps> local = self.localize(signature->inputs, inputs);
  if (!local)
    return local.takeError();
  if (llvm::Error error = self.parameters.prepare(signature->parameters, /*zeroIfAbsent=*/false))
    return error;
  if (llvm::Error error = self.wholeBuckets.join(signature->states, self.parameters, self.states, self.ranks))
    return error;
  if (llvm::Error error = self.states.prepare(signature->states, /*zeroIfAbsent=*/true))
    return error;
  self.machine.getLog().enter(name);
  int64_t operations = self.domain->operations();
  llvm::Expected<RankMaps> outputs = self.dispatch(entry, *signature, std::move(*local));
  if (!outputs)
    return outputs.takeError();
  EntryCost &cost = self.costOf(name);
  ++cost.runs;
  // All ranks compute the same number.
  cost.flops += (self.domain->operations() - operations) / self.ranks;
  self.parameters.adopt(signature->newParameters);
  self.states.adopt(signature->newStates);
  self.wholeBuckets.forget(signature->newParameters, self.states);
  self.wholeBuckets.forget(signature->newStates, self.states);
  self.wholeBuckets.split(signature->newStates, self.parameters, self.states, self.ranks);
  llvm::Expected<TensorMap> whole = self.assemble(signature->outputs, std::move(*outputs));
  if (!whole)
    return makeError("@" + name + ": " + llvm::toString(whole.takeError()));
  return whole;
}
