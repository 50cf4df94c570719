//===- Machine.cpp - executes functions of hf ops on all ranks in lock step
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine.h"

#include "Collectives.h"

#include "dialects/dist/Sharding.h"

#include "mlir/IR/IRMapping.h"

using namespace hfc;
using namespace hfc::interpreter;

//===----------------------------------------------------------------------===//
// Messages
//===----------------------------------------------------------------------===//

std::string interpreter::describe(Operation *op) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << '\'' << op->getName().getStringRef() << '\'';
  if (auto name = dyn_cast<NameLoc>(op->getLoc()))
    stream << " at " << name.getName().getValue();
  else if (auto file = dyn_cast<FileLineColLoc>(op->getLoc()))
    stream << " at " << file.getFilename().getValue() << ':' << file.getLine();
  else if (!isa<UnknownLoc>(op->getLoc()))
    stream << " at " << op->getLoc();
  return text;
}

llvm::Error interpreter::at(Operation *op, llvm::Error error) {
  return makeError(describe(op) + ": " + llvm::toString(std::move(error)));
}

//===----------------------------------------------------------------------===//
// Functions and blocks
//===----------------------------------------------------------------------===//

Machine::Machine(ModuleOp module, const Domain &domain)
    : symbols(module), domain(domain), mesh(dist::findMesh(module)) {}
Machine::~Machine() = default;

llvm::Expected<Results> Machine::call(func::FuncOp function, ArrayRef<Tensor> arguments) {
  llvm::Expected<RankValues> results = call(function, RankValues{Results(arguments)});
  if (!results)
    return results.takeError();
  return std::move(results->front());
}

llvm::Expected<Machine::RankValues> Machine::call(func::FuncOp function, RankValues arguments) {
  if (function.isExternal())
    return makeError("@" + function.getSymName() + " has no body");
  if (!function.getBody().hasOneBlock())
    return makeError("@" + function.getSymName() + " has more than one block");
  constexpr int deepest = 100;
  if (depth == deepest)
    return makeError("calls are nested more than " + Twine(deepest) + " deep; @" + function.getSymName() +
                     " seems to call itself");
  Block &block = function.getBody().front();
  std::vector<Frame> frames(arguments.size());
  for (auto [frame, values] : llvm::zip(frames, arguments))
    for (auto [argument, value] : llvm::zip(block.getArguments(), values))
      frame[argument] = std::move(value);
  ValueRange returned = block.getTerminator()->getOperands();
  ++depth;
  llvm::Error error = runBlock(block, returned, frames);
  --depth;
  if (error)
    return error;
  RankValues results;
  for (Frame &frame : frames)
    results.push_back(llvm::map_to_vector<1>(returned, [&](Value value) { return frame[value]; }));
  return results;
}

llvm::Error Machine::runBlock(Block &block, ValueRange live, std::vector<Frame> &frames) {
  const Lifetimes &dying = lifetimesOf(block, live);
  size_t number = 0;
  for (Operation &op : block) {
    if (op.hasTrait<OpTrait::IsTerminator>())
      break;
    RankValues operands;
    for (Frame &frame : frames)
      operands.push_back(llvm::map_to_vector<1>(op.getOperands(), [&](Value value) { return frame[value]; }));
    llvm::Expected<RankValues> results = execute(&op, std::move(operands));
    if (!results)
      return results.takeError();
    for (auto [frame, values] : llvm::zip(frames, *results)) {
      for (auto [result, value] : llvm::zip(op.getResults(), values))
        frame[result] = std::move(value);
      for (Value value : dying[number])
        frame.erase(value);
    }
    ++number;
  }
  return llvm::Error::success();
}

const Machine::Lifetimes &Machine::lifetimesOf(Block &block, ValueRange live) {
  auto [found, isNew] = lifetimes.try_emplace(&block);
  if (!isNew)
    return found->second;
  llvm::DenseSet<Value> seen(live.begin(), live.end());
  for (Operation &op : llvm::reverse(block)) {
    SmallVector<Value, 2> last;
    for (ValueRange values : {ValueRange(op.getOperands()), ValueRange(op.getResults())})
      for (Value value : values)
        if (seen.insert(value).second)
          last.push_back(value);
    if (!op.hasTrait<OpTrait::IsTerminator>())
      found->second.push_back(std::move(last));
  }
  std::reverse(found->second.begin(), found->second.end());
  return found->second;
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

/// Each rank's place, as a scalar.
static Machine::RankValues placesAlong(dist::AxisListAttr axes, size_t ranks, dist::MeshAttr mesh) {
  Machine::RankValues places;
  for (size_t rank = 0; rank < ranks; ++rank) {
    Tensor place(Element::I32, {});
    place.mutableWords()[0] = mesh ? static_cast<Word>(dist::placeOf(rank, axes.getAxes(), mesh)) : 0;
    places.push_back({place});
  }
  return places;
}

llvm::Expected<Machine::RankValues> Machine::executeCollective(dist::CollectiveOpInterface op, RankValues operands) {
  int64_t ranks = operands.size();
  if (!mesh || ranks != mesh.ranks())
    return at(op, makeError("is a collective in a module that is not marked dist.materialized, or has no dist.mesh"));
  Collective collective = collectiveOf(op);
  ArrayRef<dist::AxisRefAttr> axes = op.getAxes().getAxes();
  RankValues results(ranks);
  for (int64_t first = 0; first < ranks; ++first) {
    if (dist::placeOf(first, axes, mesh) != 0)
      continue;
    SmallVector<int64_t> group = dist::groupOf(first, axes, mesh);
    std::vector<Results> given;
    for (int64_t rank : group)
      given.push_back(std::move(operands[rank]));
    llvm::Expected<std::vector<Results>> taken = perform(domain, collective, given);
    if (!taken)
      return at(op, taken.takeError());
    for (auto [rank, values] : llvm::zip(group, *taken))
      results[rank] = std::move(values);
    log.add(op,
            {"", op->getName().stripDialect().str(), dist::toString(axes), op.getCause().value_or("").str(),
             messageBytes(op->getOperandTypes(), op->getResultTypes())},
            first);
  }
  return results;
}

llvm::Expected<Machine::RankValues> Machine::execute(Operation *op, RankValues operands) {
  if (auto composite = dyn_cast<hf::CompositeOpInterface>(op))
    return executeComposite(composite, std::move(operands));
  if (auto callOp = dyn_cast<func::CallOp>(op)) {
    auto callee = symbols.lookup<func::FuncOp>(callOp.getCallee());
    if (!callee)
      return at(op, makeError("there is no function @" + callOp.getCallee()));
    return call(callee, std::move(operands));
  }
  if (auto collective = dyn_cast<dist::CollectiveOpInterface>(op))
    return executeCollective(collective, std::move(operands));
  // A reshard is the identity of the global tensor; what was begun is complete here at once.
  if (isa<dist::ReshardOp, dist::DoneOp>(op))
    return operands;
  if (auto index = dyn_cast<dist::AxisIndexOp>(op))
    return placesAlong(index.getAxes(), operands.size(), mesh);
  if (!isPrimitive(op))
    return at(op, makeError("the interpreter does not know this op"));
  RankValues results;
  for (Results &values : operands) {
    llvm::Expected<Results> result = evaluatePrimitive(domain, op, values);
    if (!result)
      return at(op, result.takeError());
    results.push_back(std::move(*result));
  }
  return results;
}

llvm::Expected<const Machine::Decomposition *> Machine::decompose(hf::CompositeOpInterface op) {
  auto [found, isNew] = decompositions.try_emplace(op);
  Decomposition &decomposition = found->second;
  if (!isNew)
    return &decomposition;
  // The op is cloned onto block arguments, so that the program's values get no users in here.
  decomposition.block = std::make_unique<Block>();
  IRMapping mapping;
  for (Value operand : op->getOperands())
    if (!mapping.contains(operand))
      mapping.map(operand, decomposition.block->addArgument(operand.getType(), op->getLoc()));
  OpBuilder builder(op->getContext());
  builder.setInsertionPointToEnd(decomposition.block.get());
  Operation *clone = builder.clone(*op, mapping);
  decomposition.results = cast<hf::CompositeOpInterface>(clone).decompose(builder);
  if (decomposition.results.size() != op->getNumResults())
    return at(op, makeError("its decomposition gives " + Twine(decomposition.results.size()) + " values, not " +
                            Twine(op->getNumResults())));
  clone->erase();
  return &decomposition;
}

llvm::Expected<Machine::RankValues> Machine::executeComposite(hf::CompositeOpInterface op, RankValues operands) {
  llvm::Expected<const Decomposition *> decomposition = decompose(op);
  if (!decomposition)
    return decomposition.takeError();
  Block &block = *(*decomposition)->block;
  std::vector<Frame> frames(operands.size());
  for (auto [frame, values] : llvm::zip(frames, operands)) {
    llvm::DenseSet<Value> seen;
    unsigned next = 0;
    for (auto [operand, value] : llvm::zip(op->getOperands(), values))
      if (seen.insert(operand).second)
        frame[block.getArgument(next++)] = value;
  }
  operands.clear();
  ArrayRef<Value> produced = (*decomposition)->results;
  if (llvm::Error error = runBlock(block, ValueRange(produced), frames))
    return at(op, std::move(error));
  RankValues results;
  for (Frame &frame : frames)
    results.push_back(llvm::map_to_vector<1>(produced, [&](Value value) { return frame[value]; }));
  return results;
}
