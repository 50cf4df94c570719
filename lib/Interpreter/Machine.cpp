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
  const BlockPlan &plan = planOf(block, block.getTerminator()->getOperands());
  Frames frames(arguments.size(), Frame(plan.numValues));
  for (auto [frame, values] : llvm::zip(frames, arguments))
    for (auto [number, value] : llvm::zip(plan.arguments, values))
      frame[number] = std::move(value);
  arguments.clear();
  ++depth;
  llvm::Error error = run(plan, frames);
  --depth;
  if (error)
    return error;
  RankValues results;
  for (Frame &frame : frames)
    results.push_back(llvm::map_to_vector<1>(plan.live, [&](unsigned number) { return frame[number]; }));
  return results;
}

llvm::Expected<Results> Machine::runBlock(Block &block, ValueRange results, ArrayRef<Tensor> arguments) {
  BlockPlan plan(block, results);
  Frames frames(1, Frame(plan.numValues));
  for (auto [number, value] : llvm::zip_equal(plan.arguments, arguments))
    frames.front()[number] = value;
  if (llvm::Error error = run(plan, frames))
    return error;
  return llvm::map_to_vector<1>(plan.live, [&](unsigned number) { return frames.front()[number]; });
}

const BlockPlan &Machine::planOf(Block &block, ValueRange live) {
  auto found = plans.find(&block);
  if (found == plans.end())
    found = plans.try_emplace(&block, block, live).first;
  return found->second;
}

llvm::Error Machine::run(const BlockPlan &plan, Frames &frames) {
  for (const Step &step : plan.steps) {
    uint64_t oracleCalls = domain.oracleCalls();
    if (llvm::Error error = execute(step, frames))
      return error;
    if (observer)
      report(step, frames, domain.oracleCalls() - oracleCalls);
    for (Frame &frame : frames)
      for (unsigned number : step.dying)
        frame[number] = Tensor();
  }
  return llvm::Error::success();
}

static Results operandsOf(const BlockPlan::Step &step, const BlockPlan::Frame &frame) {
  return llvm::map_to_vector<1>(step.operands, [&](unsigned number) { return frame[number]; });
}

static void setResults(const BlockPlan::Step &step, BlockPlan::Frame &frame, Results values) {
  for (auto [number, value] : llvm::zip(step.results, values))
    frame[number] = std::move(value);
}

void Machine::report(const Step &step, const Frames &frames, uint64_t oracleCalls) {
  observer({step.op, nesting, oracleCalls, static_cast<int64_t>(frames.size()),
            [&](int64_t rank, unsigned number) -> const Tensor & { return frames[rank][step.operands[number]]; },
            [&](int64_t rank, unsigned number) -> const Tensor & { return frames[rank][step.results[number]]; }});
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

/// Ranks whose operands are the same memory need an op only once: what is replicated stays shared. So it is in exact
/// domains, which are there to compare programs; in others every rank does its own work, which is counted.
void Machine::findEquals(const Step &step, const Frames &frames) {
  constexpr size_t most = 8;
  SmallVector<size_t, most> known;
  first.resize(frames.size());
  for (size_t rank = 0; rank < frames.size(); ++rank) {
    auto isSame = [&](size_t other) {
      return llvm::all_of(step.operands, [&](unsigned number) {
        return frames[rank][number].sharesWith(frames[other][number]) &&
               frames[rank][number].getShape() == frames[other][number].getShape();
      });
    };
    auto found = domain.isExact() ? llvm::find_if(known, isSame) : known.end();
    first[rank] = found == known.end() ? rank : *found;
    if (found == known.end() && domain.isExact() && known.size() < most)
      known.push_back(rank);
  }
}

llvm::Error Machine::execute(const Step &step, Frames &frames) {
  using Kind = BlockPlan::Kind;
  switch (step.kind) {
  case Kind::Elementwise: {
    findEquals(step, frames);
    SmallVector<Tensor, 3> operands;
    for (auto [rank, frame] : llvm::enumerate(frames)) {
      if (first[rank] != rank) {
        frame[step.results.front()] = frames[first[rank]][step.results.front()];
        continue;
      }
      operands.clear();
      for (unsigned number : step.operands)
        operands.push_back(frame[number]);
      frame[step.results.front()] = evaluate(domain, *step.elementwise, operands);
    }
    return llvm::Error::success();
  }
  case Kind::Primitive:
    return executePrimitive(step, frames);
  case Kind::Composite:
    return executeComposite(step, frames);
  case Kind::Call:
    return executeCall(step, frames);
  case Kind::Collective:
    return executeCollective(step, frames);
  case Kind::Identity:
    for (Frame &frame : frames)
      setResults(step, frame, operandsOf(step, frame));
    return llvm::Error::success();
  case Kind::AxisIndex:
    executeAxisIndex(step, frames);
    return llvm::Error::success();
  case Kind::Unknown:
    break;
  }
  return at(step.op, makeError("the interpreter does not know this op"));
}

llvm::Error Machine::executePrimitive(const Step &step, Frames &frames) {
  findEquals(step, frames);
  for (auto [rank, frame] : llvm::enumerate(frames)) {
    if (!step.constant.empty()) {
      setResults(step, frame, step.constant);
      continue;
    }
    if (first[rank] != rank) {
      for (unsigned number : step.results)
        frame[number] = frames[first[rank]][number];
      continue;
    }
    llvm::Expected<Results> results = evaluatePrimitive(domain, step.op, operandsOf(step, frame));
    if (!results)
      return at(step.op, results.takeError());
    if (step.operands.empty())
      step.constant = *results;
    setResults(step, frame, std::move(*results));
  }
  return llvm::Error::success();
}

llvm::Error Machine::executeCollective(const Step &step, Frames &frames) {
  auto op = cast<dist::CollectiveOpInterface>(step.op);
  int64_t ranks = frames.size();
  if (!mesh || ranks != mesh.ranks())
    return at(op, makeError("is a collective in a module that is not marked dist.materialized, or has no dist.mesh"));
  Collective collective = collectiveOf(op);
  ArrayRef<dist::AxisRefAttr> axes = op.getAxes().getAxes();
  for (int64_t first = 0; first < ranks; ++first) {
    if (dist::placeOf(first, axes, mesh) != 0)
      continue;
    SmallVector<int64_t> group = dist::groupOf(first, axes, mesh);
    std::vector<Results> given;
    for (int64_t rank : group)
      given.push_back(operandsOf(step, frames[rank]));
    llvm::Expected<std::vector<Results>> taken = perform(domain, collective, given);
    if (!taken)
      return at(op, taken.takeError());
    for (auto [rank, values] : llvm::zip(group, *taken))
      setResults(step, frames[rank], std::move(values));
    log.add(op,
            {"", op->getName().stripDialect().str(), dist::toString(axes), op.getCause().value_or("").str(),
             messageBytes(op->getOperandTypes(), op->getResultTypes())},
            first);
  }
  return llvm::Error::success();
}

llvm::Error Machine::executeComposite(const Step &step, Frames &frames) {
  if (!step.body) {
    llvm::Expected<const BlockPlan *> body = decompositions.get(cast<hf::CompositeOpInterface>(step.op));
    if (!body)
      return at(step.op, body.takeError());
    step.body = *body;
  }
  const BlockPlan &body = *step.body;
  findEquals(step, frames);
  Frames inner;
  SmallVector<size_t> innerOf(frames.size());
  for (auto [rank, outer] : llvm::enumerate(frames)) {
    innerOf[rank] = first[rank] == rank ? inner.size() : innerOf[first[rank]];
    if (first[rank] != rank)
      continue;
    Frame &frame = inner.emplace_back(body.numValues);
    for (auto [from, to] : llvm::zip(step.operands, body.arguments))
      frame[to] = outer[from];
  }
  ++nesting;
  llvm::Error error = run(body, inner);
  --nesting;
  if (error)
    return at(step.op, std::move(error));
  for (auto [outer, number] : llvm::zip(frames, innerOf))
    for (auto [from, to] : llvm::zip(body.live, step.results))
      outer[to] = inner[number][from];
  return llvm::Error::success();
}

llvm::Error Machine::executeCall(const Step &step, Frames &frames) {
  auto op = cast<func::CallOp>(step.op);
  auto callee = symbols.lookup<func::FuncOp>(op.getCallee());
  if (!callee)
    return at(op, makeError("there is no function @" + op.getCallee()));
  RankValues operands;
  for (Frame &frame : frames)
    operands.push_back(operandsOf(step, frame));
  llvm::Expected<RankValues> results = call(callee, std::move(operands));
  if (!results)
    return results.takeError();
  for (auto [frame, values] : llvm::zip(frames, *results))
    setResults(step, frame, std::move(values));
  return llvm::Error::success();
}

/// Each rank's place along the axes.
void Machine::executeAxisIndex(const Step &step, Frames &frames) {
  ArrayRef<dist::AxisRefAttr> axes = cast<dist::AxisIndexOp>(step.op).getAxes().getAxes();
  for (auto [rank, frame] : llvm::enumerate(frames)) {
    Tensor place(Element::I32, {});
    place.mutableWords()[0] = mesh ? static_cast<Word>(dist::placeOf(rank, axes, mesh)) : 0;
    frame[step.results.front()] = place;
  }
}
