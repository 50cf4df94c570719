//===- Account.cpp - the ledger of a schedule
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Ledger/Ledger.h"

#include "Lifetimes.h"
#include "dialects/dist/Sharding.h"
#include "dialects/hf/Hf.h"
#include "dialects/rt/Rt.h"
#include "hfc/Support/DescribePlace.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace hfc;
using namespace hfc::ledger;

//===----------------------------------------------------------------------===//
// Bytes
//===----------------------------------------------------------------------===//

/// What of an argument a body reads: of a table the rows that are looked up, of what is updated in place what changes, of
/// what is cut its parts.
static int64_t bytesRead(BlockArgument argument) {
  int64_t whole = bytesOf(argument.getType()), part = 0;
  for (Operation *user : argument.getUsers()) {
    if (auto gather = dyn_cast<hf::GatherOp>(user); gather && gather.getTable() == argument)
      part += bytesOf(gather.getType());
    else if (auto scatter = dyn_cast<hf::ScatterAddOp>(user); scatter && scatter.getBase() == argument)
      part += bytesOf(scatter.getUpdates().getType());
    else if (auto slice = dyn_cast<hf::SliceOp>(user))
      part += bytesOf(slice.getType());
    else if (auto update = dyn_cast<hf::CacheUpdateOp>(user); !update || update.getCache() != argument)
      return whole;
  }
  return std::min(part, whole);
}

static int64_t bytesWritten(Value result) {
  if (auto scatter = result.getDefiningOp<hf::ScatterAddOp>())
    return std::min(bytesOf(result.getType()), bytesOf(scatter.getUpdates().getType()));
  if (auto update = result.getDefiningOp<hf::CacheUpdateOp>())
    return std::min(bytesOf(result.getType()), bytesOf(update.getRows().getType()));
  return bytesOf(result.getType());
}

static int64_t bytesOf(TypeRange types) {
  int64_t bytes = 0;
  for (Type type : types)
    bytes += ledger::bytesOf(type);
  return bytes;
}

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

static std::string pathOf(Operation *op) {
  llvm::SetVector<StringRef> paths = collectModulePaths(op->getLoc());
  return llvm::join(paths, ", ");
}

//===----------------------------------------------------------------------===//
// Lines
//===----------------------------------------------------------------------===//

namespace {
/// What a body computes and moves; bodies are shared by many launches.
struct BodyCost {
  StringRef kind = "kernel";
  int64_t flops = 0, read = 0, written = 0;
};

class Accountant {
public:
  explicit Accountant(ModuleOp module) : module(module), symbols(module), mesh(dist::findMesh(module)) {}

  Ledger run();

private:
  void describeProgram();
  void addParameters();
  void addStates();
  void addEntry(rt::EntryOp entry);
  std::optional<Line> lineOf(Operation &op);
  void addLaunch(rt::LaunchOp op, Line &line);
  void addGemm(rt::GemmOp op, Line &line);
  void addCollective(rt::CollectiveOp op, Line &line);
  const BodyCost *costOf(StringRef callee);

  ModuleOp module;
  SymbolTable symbols;
  dist::MeshAttr mesh;
  llvm::StringMap<BodyCost> bodies;
  Ledger ledger;
};
} // namespace

const BodyCost *Accountant::costOf(StringRef callee) {
  auto [found, isNew] = bodies.try_emplace(callee);
  BodyCost &cost = found->second;
  auto body = symbols.lookup<func::FuncOp>(callee);
  if (!body || body.isExternal())
    return nullptr;
  if (!isNew)
    return &cost;
  if (auto kind = body->getAttrOfType<StringAttr>("kernel.kind"))
    cost.kind = kind.getValue();
  Block &block = body.getBody().front();
  cost.flops = countFlops(block, module);
  for (BlockArgument argument : block.getArguments())
    cost.read += bytesRead(argument);
  for (Value result : block.getTerminator()->getOperands())
    cost.written += bytesWritten(result);
  return &cost;
}

void Accountant::addLaunch(rt::LaunchOp op, Line &line) {
  line.name = op.getCallee().str();
  if (const BodyCost *cost = costOf(op.getCallee())) {
    line.kind = cost->kind.str();
    line.flops = cost->flops;
    line.read = cost->read;
    line.written = cost->written;
    return;
  }
  line.kind = "kernel";
  line.read = bytesOf(op.getIns().getTypes());
  line.written = bytesOf(op.getOuts().getTypes());
}

void Accountant::addGemm(rt::GemmOp op, Line &line) {
  auto a = cast<MemRefType>(op.getA().getType()), c = cast<MemRefType>(op.getC().getType());
  int64_t inner = a.getShape()[a.getRank() - (op.getTransposeA() ? 2 : 1)];
  line.kind = "gemm";
  line.flops = c.getNumElements() * (2 * inner + (op.getBias() ? 1 : 0) + (op.getAccumulate() ? 1 : 0));
  line.written = ledger::bytesOf(c);
  line.read = bytesOf(op->getOperandTypes()) - (op.getAccumulate() ? 0 : line.written);
}

/// Of `bytes` that a group has in common, what each sends to the next around a ring.
static int64_t ringBytes(rt::CollectiveKind kind, int64_t bytes, int64_t ranks) {
  int64_t all = bytes - bytes / ranks;
  switch (kind) {
  case rt::CollectiveKind::all_reduce:
  case rt::CollectiveKind::agree:
    return 2 * all;
  case rt::CollectiveKind::broadcast:
  case rt::CollectiveKind::send_receive:
    return bytes;
  default:
    return all;
  }
}

void Accountant::addCollective(rt::CollectiveOp op, Line &line) {
  Exchange exchange;
  exchange.axes = dist::toString(op.getAxes().getAxes());
  exchange.ranks = mesh ? dist::sizeOf(op.getAxes().getAxes(), mesh) : 1;
  exchange.id = op.getId();
  exchange.cause = op.getCause().value_or("").str();
  line.read = bytesOf(op.getIns().getTypes());
  line.written = bytesOf(op.getOuts().getTypes());
  exchange.bytes = std::max(line.read, line.written);
  exchange.sent = ringBytes(op.getKind(), exchange.bytes, exchange.ranks);
  line.kind = rt::stringifyCollectiveKind(op.getKind()).str();
  line.exchange = std::move(exchange);
}

std::optional<Line> Accountant::lineOf(Operation &op) {
  Line line;
  bool isWork = llvm::TypeSwitch<Operation *, bool>(&op)
                    .Case([&](rt::LaunchOp launch) { return addLaunch(launch, line), true; })
                    .Case([&](rt::GemmOp gemm) { return addGemm(gemm, line), true; })
                    .Case([&](rt::CollectiveOp collective) { return addCollective(collective, line), true; })
                    .Case([&](rt::CopyOp copy) {
                      line.kind = "copy";
                      line.read = line.written = ledger::bytesOf(copy.getSource().getType());
                      return true;
                    })
                    .Default([](Operation *) { return false; });
  if (!isWork)
    return std::nullopt;
  line.path = pathOf(&op);
  if (auto block = op.getAttrOfType<IntegerAttr>("hf.block"))
    line.block = block.getInt();
  auto phase = op.getAttrOfType<StringAttr>("hf.phase");
  line.phase = phase ? phase.str() : "forward";
  line.stream = op.getAttrOfType<IntegerAttr>("stream").getInt();
  return line;
}

/// Lines of an entry in the program's order, with what each waits for.
void Accountant::addEntry(rt::EntryOp op) {
  Entry entry{op.getSymName().str(), static_cast<int64_t>(op.getArena()), {}};
  Lifetimes lifetimes(op);
  std::map<int64_t, size_t> lastLine;                  // of each stream
  std::map<int64_t, std::optional<size_t>> recorded;   // by event
  std::map<int64_t, SmallVector<size_t, 2>> waitedFor; // by stream, for its next line
  for (Operation &work : op.getBody().front()) {
    if (auto record = dyn_cast<rt::RecordOp>(work)) {
      auto last = lastLine.find(record.getStream());
      recorded[record.getEvent()] = last == lastLine.end() ? std::nullopt : std::optional<size_t>(last->second);
    } else if (auto wait = dyn_cast<rt::WaitOp>(work)) {
      if (std::optional<size_t> line = recorded[wait.getEvent()])
        waitedFor[wait.getStream()].push_back(*line);
    } else if (auto constant = dyn_cast<rt::ConstantOp>(work)) {
      ledger.constants += ledger::bytesOf(constant.getBuffer().getType());
    } else if (std::optional<Line> line = lineOf(work)) {
      line->alive = lifetimes.aliveAt(&work);
      line->after = std::exchange(waitedFor[line->stream], {});
      lastLine[line->stream] = entry.lines.size();
      entry.lines.push_back(std::move(*line));
    }
  }
  ledger.arena = std::max(ledger.arena, entry.arena);
  ledger.entries.push_back(std::move(entry));
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

/// "[tp, -]".
static std::string describeCut(dist::ShardingAttr sharding, size_t rank) {
  if (!sharding)
    return "replicated";
  SmallVector<std::string> dims;
  bool isCut = false;
  for (size_t dim = 0; dim < rank; ++dim) {
    ArrayRef<dist::AxisRefAttr> axes = sharding.axesOf(dim);
    isCut |= !axes.empty();
    dims.push_back(axes.empty() ? "-" : dist::toString(axes));
  }
  return isCut ? "[" + llvm::join(dims, "; ") + "]" : "replicated";
}

static std::string nameOf(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

void Accountant::addParameters() {
  llvm::SetVector<Operation *> buckets;
  for (auto parameter : module.getOps<hf::ParameterOp>()) {
    auto type = cast<RankedTensorType>(parameter.getType());
    auto sharding = parameter->getAttrOfType<dist::ShardingAttr>("dist.sharding");
    Shard shard{parameter.getSymName().str(),          nameOf(type.getElementType()),
                describeCut(sharding, type.getRank()), SmallVector<int64_t>(type.getShape()),
                SmallVector<int64_t>(type.getShape()), ledger::bytesOf(type),
                parameter->hasAttr("hf.frozen")};
    if (sharding && !sharding.getGlobal().empty())
      shard.whole.assign(sharding.getGlobal().begin(), sharding.getGlobal().end());
    if (auto place = parameter->getAttrOfType<hf::PlaceAttr>("hf.bucket"))
      buckets.insert(symbols.lookup(place.getBucket().getValue()));
    else
      ledger.parameters += shard.bytes;
    ledger.shards.push_back(std::move(shard));
  }
  for (Operation *bucket : buckets)
    if (auto op = dyn_cast_if_present<hf::BucketOp>(bucket))
      ledger.parameters += ledger::bytesOf(op.getType());
}

void Accountant::addStates() {
  llvm::MapVector<StringRef, int64_t> bytes;
  llvm::SetVector<Operation *> seen;
  for (auto state : module.getOps<hf::StateOp>()) {
    auto role = state->getAttrOfType<StringAttr>("hf.role");
    StringRef name = role ? role.getValue() : state.getSymName().starts_with("cache.") ? "cache" : "other";
    auto place = state->getAttrOfType<hf::PlaceAttr>("hf.bucket");
    // All of a bucket, as one tensor, takes no memory of its own.
    if (place && state->hasAttr("hf.of_bucket"))
      continue;
    auto bucket = place ? symbols.lookup<hf::BucketOp>(place.getBucket().getValue()) : hf::BucketOp();
    if (!bucket)
      bytes[name] += ledger::bytesOf(state.getType());
    else if (seen.insert(bucket))
      bytes[name] += ledger::bytesOf(bucket.getType());
  }
  for (auto [role, size] : bytes)
    ledger.states.push_back({role.str(), size});
}

void Accountant::describeProgram() {
  auto program = module->getAttrOfType<DictionaryAttr>("hf.program");
  auto text = [&](StringRef key) {
    auto value = program ? program.getAs<StringAttr>(key) : StringAttr();
    return value ? value.str() : "";
  };
  ledger.family = text("family");
  ledger.task = text("task");
  ledger.partitioner = text("partitioner");
  if (auto count = program ? program.getAs<IntegerAttr>("micro_batches") : IntegerAttr())
    ledger.microBatches = count.getInt();
  if (!mesh)
    return;
  ledger.ranks = mesh.ranks();
  for (auto [name, size] : llvm::zip(mesh.getNames(), mesh.getSizes()))
    ledger.mesh += (ledger.mesh.empty() ? "" : ",") + name.str() + "=" + std::to_string(size);
}

Ledger Accountant::run() {
  describeProgram();
  addParameters();
  addStates();
  for (auto entry : module.getOps<rt::EntryOp>())
    addEntry(entry);
  return std::move(ledger);
}

Ledger ledger::account(ModuleOp module, const Overhead &overhead) {
  Ledger ledger = Accountant(module).run();
  ledger.runtime = countRuntimeMemory(module, overhead);
  return ledger;
}
