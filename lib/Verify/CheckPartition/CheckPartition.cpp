//===- CheckPartition.cpp - whether ranks compute what the global program does
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Verify/CheckPartition.h"

#include "Blame.h"
#include "Words.h"

#include "dialects/dist/Sharding.h"
#include "dialects/hf/Hf.h"
#include "hfc/Interpreter/SameSemantics.h"

#include <chrono>

using namespace hfc;
using namespace hfc::verify;
using interpreter::Comparison;
using interpreter::EntryComparison;
using interpreter::Execution;

static llvm::Error makeError(const Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

static std::string describeMesh(dist::MeshAttr mesh) {
  std::string text;
  for (auto [name, size] : llvm::zip_equal(mesh.getNames(), mesh.getSizes()))
    if (size > 1)
      text += (text.empty() ? "" : " × ") + name.getValue().str() + "=" + std::to_string(size);
  return text.empty() ? "one rank" : text;
}

namespace {

/// How far float64 may be apart where two ways to compute a number are equal: sums in another order, no more.
constexpr double float64Tolerance = 1e-9;

/// Ops by their numbers in a module.
SmallVector<Operation *> numberOps(ModuleOp module) {
  SmallVector<Operation *> ops;
  module.walk<WalkOrder::PreOrder>([&](Operation *op) { ops.push_back(op); });
  return ops;
}

/// Choices between two scalars, such as that of a norm that is clipped or not: whichever is taken hides the other, so
/// both have to be seen.
class Choices {
public:
  void record(const Execution &execution) {
    if (!isa<hf::MinOp, hf::MaxOp>(execution.op))
      return;
    const Tensor &chosen = execution.result(0, 0);
    if (chosen.size() != 1 || !isFloat(chosen.getElement()))
      return;
    unsigned &taken = sides[execution.op];
    for (unsigned side : {0, 1})
      if (execution.operand(0, side).words() == chosen.words())
        taken |= 1u << side;
  }
  bool areOneSided() const {
    return llvm::any_of(sides, [](const auto &choice) { return choice.second != 3; });
  }

private:
  llvm::DenseMap<Operation *, unsigned> sides;
};

/// Checks a pair of modules whose sizes are as they should be.
class Checker {
public:
  Checker(ModuleOp global, ModuleOp local, uint64_t seed) : global(global), local(local), seed(seed) {}

  /// Adds to `verdict` what was found; faults name ops of `local`.
  llvm::Error check(Verdict &verdict);

private:
  interpreter::Options optionsFor(StringRef domain) const {
    interpreter::Options options;
    options.domain = domain.str();
    options.seed = seed;
    options.poisonPadding = true;
    return options;
  }

  llvm::Error checkEntry(Comparison &comparison, StringRef entry, Verdict &verdict);
  llvm::Error checkOnce(Comparison &comparison, StringRef entry, uint64_t values, Choices &choices, Verdict &verdict);
  llvm::Error accuse(Comparison &comparison, StringRef entry, uint64_t values, const EntryComparison &result,
                     Verdict &verdict);
  llvm::Expected<bool> agreesInFloat64(StringRef entry, uint64_t values) const;
  void count(StringRef entry, Counts &counts);

  ModuleOp global, local;
  uint64_t seed;
  /// Ops in which the domain's oracles were asked, and those that only float64 explains.
  llvm::DenseSet<Operation *> oracles, unexplained;
};

} // namespace

//===----------------------------------------------------------------------===//
// One entry
//===----------------------------------------------------------------------===//

/// What is different, in words; empty if nothing is.
static std::string consequenceOf(StringRef entry, const EntryComparison &result, double tolerance) {
  if (!result.failure.empty())
    return "@" + entry.str() + " does not run: " + result.failure;
  for (const interpreter::OutputDifference &row : result.rows)
    if (!(row.error <= tolerance))
      return "'" + row.output + "' " + interpreter::shapeText(row.shape) + " of @" + entry.str() +
             " is not what the global program gives";
  return "";
}

/// A comparison of nothing says nothing.
static llvm::Error checkNumbers(StringRef entry, const EntryComparison &result) {
  for (const interpreter::OutputDifference &row : result.rows)
    if (!row.isNumber)
      return makeError("'" + row.output + "' of @" + entry +
                       " is no number in the global program, so nothing can be compared with it");
  return llvm::Error::success();
}

/// On other values again, where a choice hides something.
llvm::Error Checker::checkEntry(Comparison &comparison, StringRef entry, Verdict &verdict) {
  constexpr uint64_t most = 5;
  Choices choices;
  for (uint64_t run = 0; run < most && verdict.passed(); ++run) {
    if (llvm::Error error = checkOnce(comparison, entry, seed + run, choices, verdict))
      return error;
    if (!choices.areOneSided())
      break;
  }
  if (verdict.passed())
    count(comparison.counterpartOf(entry), verdict.counts);
  return llvm::Error::success();
}

llvm::Error Checker::checkOnce(Comparison &comparison, StringRef entry, uint64_t values, Choices &choices,
                               Verdict &verdict) {
  comparison.second().observe([&](const Execution &execution) {
    choices.record(execution);
    if (execution.nesting == 0 && execution.oracleCalls)
      oracles.insert(execution.op);
  });
  llvm::Expected<EntryComparison> result = comparison.run(entry, values);
  comparison.second().observe({});
  if (!result)
    return result.takeError();
  if (llvm::Error error = checkNumbers(entry, *result))
    return error;
  if (consequenceOf(entry, *result, 0).empty())
    return llvm::Error::success();
  return accuse(comparison, entry, values, *result, verdict);
}

llvm::Expected<bool> Checker::agreesInFloat64(StringRef entry, uint64_t values) const {
  auto comparison = Comparison::create(global, local, optionsFor("float64"));
  if (!comparison)
    return comparison.takeError();
  llvm::Expected<EntryComparison> result = (*comparison)->run(entry, values);
  if (!result)
    return result.takeError();
  return consequenceOf(entry, *result, float64Tolerance).empty();
}

/// The names by which the local program gives what is wrong.
static llvm::StringSet<> wrongSources(const EntryComparison &result) {
  llvm::StringSet<> names;
  for (const interpreter::OutputDifference &row : result.rows)
    if (!(row.error <= 0))
      names.insert(row.source);
  return names;
}

/// Runs the entry again, looking at every value. Where float64 agrees, an identity was used that the field does not
/// have, and ops that nothing else explains count as checked in float64. A collective is no function that has
/// identities.
llvm::Error Checker::accuse(Comparison &comparison, StringRef entry, uint64_t values, const EntryComparison &result,
                            Verdict &verdict) {
  dist::MeshAttr mesh = dist::meshOf(local);
  GlobalValues globalValues;
  LocalValues localValues(comparison.second().domain(), mesh);
  comparison.first().observe([&](const Execution &execution) { globalValues.record(execution); });
  comparison.second().observe([&](const Execution &execution) { localValues.record(execution); });
  llvm::Expected<EntryComparison> again = comparison.run(entry, values);
  comparison.first().observe({});
  comparison.second().observe({});
  if (!again)
    return again.takeError();
  auto function = local.lookupSymbol<func::FuncOp>(result.counterpart);
  Suspect suspect;
  if (function && function.getBody().hasOneBlock() && !localValues.empty()) {
    Blame blame(globalValues, localValues, comparison.second(), mesh);
    suspect = blame.find(function, wrongSources(result));
    unexplained.insert(blame.unexplained().begin(), blame.unexplained().end());
  }
  bool isCertain = suspect.isCertain && isa<dist::CollectiveOpInterface>(suspect.op);
  if (result.failure.empty() && !isCertain) {
    llvm::Expected<bool> agrees = agreesInFloat64(entry, values);
    if (!agrees)
      return agrees.takeError();
    if (*agrees)
      return llvm::Error::success();
  }
  Fault fault;
  fault.entry = result.counterpart;
  fault.op = suspect.op;
  fault.producer = suspect.producer;
  fault.where = suspect.op ? describe(suspect.op) : "@" + result.counterpart;
  fault.rank = suspect.rank;
  fault.what = suspect.op ? suspect.what : "no single operation is wrong given what it reads";
  fault.consequence = consequenceOf(result.counterpart, result, 0);
  verdict.fault = std::move(fault);
  return llvm::Error::success();
}

/// Ops on which something that the entry gives depends, by the arithmetic in which they were checked.
void Checker::count(StringRef entry, Counts &counts) {
  auto function = local.lookupSymbol<func::FuncOp>(entry);
  if (!function || !function.getBody().hasOneBlock())
    return;
  Block &block = function.getBody().front();
  llvm::DenseSet<Operation *> used;
  auto use = [&](Operation &op) {
    for (Value operand : op.getOperands())
      if (Operation *maker = operand.getDefiningOp())
        used.insert(maker);
  };
  use(*block.getTerminator());
  for (Operation &op : llvm::reverse(block.without_terminator())) {
    if (!used.contains(&op)) {
      ++counts.unused;
      continue;
    }
    use(op);
    ++(unexplained.contains(&op) ? counts.float64 : oracles.contains(&op) ? counts.oracles : counts.exact);
  }
}

//===----------------------------------------------------------------------===//
// All entries
//===----------------------------------------------------------------------===//

llvm::Error Checker::check(Verdict &verdict) {
  auto comparison = Comparison::create(global, local, optionsFor("field"));
  if (!comparison)
    return comparison.takeError();
  for (const std::string &entry : (*comparison)->first().entries()) {
    if (llvm::Error error = checkEntry(**comparison, entry, verdict))
      return error;
    if (!verdict.passed())
      break;
  }
  return llvm::Error::success();
}

/// Why a program is more than anybody wants to wait for; empty if it is not.
static std::string tooLarge(ModuleOp local, dist::MeshAttr mesh) {
  constexpr int64_t most = int64_t(1) << 28;
  int64_t elements = 0;
  local.walk([&](Operation *op) {
    for (Type type : op->getResultTypes())
      if (auto tensor = dyn_cast<RankedTensorType>(type); tensor && elements < most)
        elements += std::min(tensor.getNumElements(), most / mesh.ranks()) * mesh.ranks();
  });
  if (elements < most)
    return "";
  return "values of all ranks together have more than " + std::to_string(most) +
         " elements, and sizes could not be made smaller";
}

/// Ops of the small module become those of the module that it was made of, which has the same ones in the same order.
static void translate(Fault &fault, ModuleOp small, ModuleOp given) {
  SmallVector<Operation *> from = numberOps(small), to = numberOps(given);
  for (Operation **op : {&fault.op, &fault.producer}) {
    auto found = llvm::find(from, *op);
    *op = *op && found != from.end() && from.size() == to.size() ? to[found - from.begin()] : nullptr;
  }
}

/// Checks a pair of modules as they are.
static llvm::Expected<Verdict> checkSizes(ModuleOp global, ModuleOp local, uint64_t seed) {
  Verdict verdict;
  verdict.seed = seed;
  dist::MeshAttr mesh = dist::meshOf(local);
  verdict.mesh = verdict.checkedMesh = describeMesh(mesh);
  verdict.unchecked = tooLarge(local, mesh);
  if (!verdict.unchecked.empty())
    return verdict;
  if (llvm::Error error = Checker(global, local, seed).check(verdict))
    return error;
  return verdict;
}

static llvm::Expected<Verdict> checkSmall(ModuleOp global, ModuleOp local, const CheckOptions &options) {
  FailureOr<Shrunk> small = shrink(global, local);
  if (failed(small))
    return makeError("the program cannot be made small");
  llvm::Expected<Verdict> verdict = checkSizes(*small->global, *small->local, options.seed);
  if (!verdict)
    return verdict;
  if (verdict->fault && options.confirm) {
    llvm::Expected<Verdict> given = checkSizes(global, local, options.seed);
    if (!given || given->passed())
      return given;
  }
  if (verdict->fault)
    translate(*verdict->fault, *small->local, local);
  verdict->mesh = describeMesh(dist::meshOf(local));
  verdict->sizes = std::move(small->sizes);
  verdict->axes = std::move(small->axes);
  return verdict;
}

llvm::Expected<Verdict> verify::checkPartition(ModuleOp global, ModuleOp local, const CheckOptions &options) {
  auto start = std::chrono::steady_clock::now();
  if (!dist::findMesh(local) || !dist::isMaterialized(local))
    return makeError("the local program has no dist.mesh, or is not dist.materialized");
  if (dist::isMaterialized(global))
    return makeError("the program to compare with is a local one; a global one is wanted");
  llvm::Expected<Verdict> verdict =
      options.shrink ? checkSmall(global, local, options) : checkSizes(global, local, options.seed);
  if (verdict)
    verdict->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return verdict;
}
