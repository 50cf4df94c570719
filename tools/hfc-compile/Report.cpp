//===- Report.cpp - the ledger of a program
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Report.h"

#include "dialects/dist/Sharding.h"
#include "dialects/hf/Hf.h"
#include "dialects/rt/Rt.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

using namespace hfc;

namespace {
/// Ops of one kind in one entry.
struct Work {
  int64_t count = 0, bytes = 0, flops = 0;
};

/// Collectives of one kind over the same axes, for the same reason.
struct Traffic {
  StringRef kind;
  std::string axes;
  StringRef cause;
  int64_t count = 0, bytes = 0;
};

struct EntryLedger {
  StringRef name;
  int64_t arena = 0;
  llvm::MapVector<StringRef, Work> work;
  SmallVector<Traffic> traffic;
};

struct Ledger {
  int64_t parameters = 0, states = 0, constants = 0, arena = 0;
  SmallVector<EntryLedger> entries;
};
} // namespace

static int64_t bytesOf(Type type) {
  auto shaped = cast<ShapedType>(type);
  if (!shaped.getElementType().isIntOrFloat())
    return 0;
  return shaped.getNumElements() * llvm::divideCeil(shaped.getElementTypeBitWidth(), 8);
}

/// Two for each multiplication and addition.
static int64_t flopsOf(rt::GemmOp op) {
  auto a = cast<MemRefType>(op.getA().getType());
  int64_t inner = a.getShape()[a.getRank() - (op.getTransposeA() ? 2 : 1)];
  return 2 * inner * cast<MemRefType>(op.getC().getType()).getNumElements();
}

/// The kind under which a launch is counted: its body's, or "kernel" where kernels are emitted already.
static StringRef kindOf(rt::LaunchOp op, const SymbolTable &symbols) {
  Operation *callee = symbols.lookup(op.getCallee());
  auto kind = callee ? callee->getAttrOfType<StringAttr>("kernel.kind") : StringAttr();
  return kind ? kind.getValue() : "kernel";
}

/// The bytes of what a rank puts in or gets out, whichever is more.
static int64_t messageOf(rt::CollectiveOp op) {
  int64_t in = 0, out = 0;
  for (Type type : op.getIns().getTypes())
    in += bytesOf(type);
  for (Type type : op.getOuts().getTypes())
    out += bytesOf(type);
  return std::max(in, out);
}

static void count(SmallVector<Traffic> &traffic, rt::CollectiveOp op) {
  StringRef kind = rt::stringifyCollectiveKind(op.getKind()), cause = op.getCause().value_or("");
  std::string axes = dist::toString(op.getAxes().getAxes());
  auto *row = llvm::find_if(
      traffic, [&](const Traffic &row) { return row.kind == kind && row.axes == axes && row.cause == cause; });
  if (row == traffic.end())
    row = &traffic.emplace_back(Traffic{kind, axes, cause});
  ++row->count;
  row->bytes += messageOf(op);
}

static EntryLedger account(rt::EntryOp entry, const SymbolTable &symbols, int64_t &constants) {
  EntryLedger ledger{entry.getSymName(), static_cast<int64_t>(entry.getArena()), {}, {}};
  for (Operation &op : entry.getBody().front()) {
    StringRef kind = llvm::TypeSwitch<Operation *, StringRef>(&op)
                         .Case([](rt::GemmOp) { return "gemm"; })
                         .Case([](rt::CopyOp) { return "copy"; })
                         .Case([&](rt::LaunchOp launch) { return kindOf(launch, symbols); })
                         .Default(StringRef());
    if (auto constant = dyn_cast<rt::ConstantOp>(op))
      constants += bytesOf(constant.getBuffer().getType());
    if (auto collective = dyn_cast<rt::CollectiveOp>(op))
      count(ledger.traffic, collective);
    if (kind.empty())
      continue;
    Work &work = ledger.work[kind];
    ++work.count;
    for (Type type : op.getOperandTypes())
      work.bytes += bytesOf(type);
    if (auto gemm = dyn_cast<rt::GemmOp>(op))
      work.flops += flopsOf(gemm);
  }
  return ledger;
}

static Ledger account(ModuleOp module) {
  Ledger ledger;
  SymbolTable symbols(module);
  for (auto parameter : module.getOps<hf::ParameterOp>())
    ledger.parameters += bytesOf(parameter.getType());
  for (auto state : module.getOps<hf::StateOp>())
    ledger.states += bytesOf(state.getType());
  for (auto entry : module.getOps<rt::EntryOp>()) {
    ledger.entries.push_back(account(entry, symbols, ledger.constants));
    ledger.arena = std::max(ledger.arena, ledger.entries.back().arena);
  }
  return ledger;
}

static void printJSON(const Ledger &ledger, llvm::raw_ostream &os) {
  llvm::json::OStream stream(os, /*IndentSize=*/1);
  auto printWork = [&](const Work &work) {
    stream.attribute("count", work.count);
    stream.attribute("bytes", work.bytes);
    stream.attribute("flops", work.flops);
  };
  stream.object([&] {
    stream.attributeObject("memory", [&] {
      stream.attribute("parameters", ledger.parameters);
      stream.attribute("states", ledger.states);
      stream.attribute("arena", ledger.arena);
      stream.attribute("constants", ledger.constants);
    });
    stream.attributeArray("entries", [&] {
      for (const EntryLedger &entry : ledger.entries)
        stream.object([&] {
          stream.attribute("name", entry.name);
          stream.attribute("arena", entry.arena);
          stream.attributeObject("work", [&] {
            for (auto &[kind, work] : entry.work)
              stream.attributeObject(kind, [&, &work = work] { printWork(work); });
          });
          stream.attributeArray("collectives", [&] {
            for (const Traffic &row : entry.traffic)
              stream.object([&] {
                stream.attribute("kind", row.kind);
                stream.attribute("axes", row.axes);
                stream.attribute("cause", row.cause);
                stream.attribute("count", row.count);
                stream.attribute("bytes", row.bytes);
              });
          });
        });
    });
  });
  os << '\n';
}

static void printText(const Ledger &ledger, llvm::raw_ostream &os) {
  os << llvm::formatv("{0,-14}{1,16}\n", "memory", "bytes");
  for (auto [name, bytes] : {std::pair<StringRef, int64_t>{"parameters", ledger.parameters},
                             {"states", ledger.states},
                             {"arena", ledger.arena},
                             {"constants", ledger.constants}})
    os << llvm::formatv("  {0,-12}{1,16}\n", name, bytes);
  for (const EntryLedger &entry : ledger.entries) {
    os << llvm::formatv("{0,-14}{1,8}{2,16}{3,20}\n", entry.name, "ops", "bytes", "FLOPs");
    for (auto &[kind, work] : entry.work)
      os << llvm::formatv("  {0,-12}{1,8}{2,16}{3,20}\n", kind, work.count, work.bytes, work.flops);
    for (const Traffic &row : entry.traffic)
      os << llvm::formatv("  {0,-12}{1,8}{2,16}  over {3}: {4}\n", row.kind, row.count, row.bytes, row.axes, row.cause);
  }
}

void hfc::printReport(ModuleOp module, ReportFormat format, llvm::raw_ostream &os) {
  Ledger ledger = account(module);
  if (format == ReportFormat::JSON)
    printJSON(ledger, os);
  else
    printText(ledger, os);
}
