//===- WorkTable.cpp - what a program's metadata says of its work
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WorkTable.h"

#include "hfc/Support/DescribePlace.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

#include <map>
#include <tuple>

using namespace hfc;
namespace json = llvm::json;

/// The module paths that an op serves. What works on a whole bucket serves hundreds.
static std::string pathOf(Location location) {
  constexpr size_t shown = 3;
  llvm::SetVector<StringRef> paths = collectModulePaths(location);
  std::string text = llvm::join(paths.getArrayRef().take_front(shown), ", ");
  return paths.size() <= shown ? text : text + " and " + std::to_string(paths.size() - shown) + " more";
}

namespace {
/// What works of different layers have in common.
struct WorkKind {
  /// Who does it: "kernel", "library", "copy" or "collective".
  StringRef by;
  StringRef name, phase;
  int64_t stream = 0;
  DictionaryAttr cost;

  auto key() const { return std::tuple(by, name, phase, stream, cost.getAsOpaquePointer()); }
  bool operator<(const WorkKind &other) const { return key() < other.key(); }
};

/// Values by the order in which they come.
template <typename Value>
class Table {
public:
  size_t numberOf(const Value &value) {
    auto [found, isNew] = numbers.try_emplace(value, values.size());
    if (isNew)
      values.push_back(value);
    return found->second;
  }
  ArrayRef<Value> list() const { return values; }

private:
  std::map<Value, size_t> numbers;
  std::vector<Value> values;
};

class WorkTableWriter {
public:
  WorkTableWriter(ModuleOp module, json::OStream &stream) : module(module), stream(stream) {}

  void write() {
    std::vector<std::vector<size_t>> entries;
    for (auto entry : module.getOps<rt::EntryOp>())
      entries.push_back(worksOf(entry));
    if (auto machine = module->getAttrOfType<StringAttr>("rt.machine"))
      stream.attribute("machine", json::fixUTF8(machine.getValue()));
    stream.attributeArray("kinds", [&] {
      for (const WorkKind &kind : kinds.list())
        stream.object([&] { writeKind(kind); });
    });
    stream.attributeArray("places", [&] {
      for (const auto &[path, block] : places.list())
        stream.array([&, &path = path, block = block] {
          stream.value(json::fixUTF8(path));
          stream.value(block);
        });
    });
    stream.attributeArray("entries", [&] {
      for (const std::vector<size_t> &numbers : entries)
        stream.array([&] {
          for (size_t number : numbers)
            stream.value(static_cast<int64_t>(number));
        });
    });
  }

private:
  /// Of each work its kind and its place, one behind the other.
  std::vector<size_t> worksOf(rt::EntryOp entry) {
    std::vector<size_t> numbers;
    for (Operation &op : entry.getBody().front())
      if (isa<rt::LaunchOp, rt::GemmOp, rt::CopyOp, rt::CollectiveOp>(op)) {
        numbers.push_back(kinds.numberOf(kindOf(op)));
        auto block = op.getAttrOfType<IntegerAttr>("hf.block");
        numbers.push_back(places.numberOf({pathOf(op.getLoc()), block ? block.getInt() : -1}));
      }
    return numbers;
  }

  WorkKind kindOf(Operation &op) {
    WorkKind kind;
    kind.by = isa<rt::CollectiveOp>(op) ? "collective" : isa<rt::CopyOp>(op) ? "copy" : "library";
    if (auto launch = dyn_cast<rt::LaunchOp>(op)) {
      kind.name = launch.getCallee();
      kind.by = launch.getLibrary() ? "library" : "kernel";
    }
    auto phase = op.getAttrOfType<StringAttr>("hf.phase");
    kind.phase = phase ? phase.getValue() : "forward";
    if (auto number = op.getAttrOfType<IntegerAttr>("stream"))
      kind.stream = number.getInt();
    kind.cost = op.getAttrOfType<DictionaryAttr>("rt.cost");
    if (!kind.cost)
      kind.cost = unknownCost(op);
    return kind;
  }

  /// Of schedules that have come here without hfc-note-costs.
  DictionaryAttr unknownCost(Operation &op) {
    Builder builder(module.getContext());
    StringRef kind = "kernel";
    if (auto collective = dyn_cast<rt::CollectiveOp>(op))
      kind = rt::stringifyCollectiveKind(collective.getKind());
    else if (!isa<rt::LaunchOp>(op))
      kind = isa<rt::GemmOp>(op) ? "gemm" : "copy";
    return builder.getDictionaryAttr(builder.getNamedAttr("kind", builder.getStringAttr(kind)));
  }

  void writeKind(const WorkKind &kind) {
    stream.attribute("by", kind.by);
    if (auto text = kind.cost.getAs<StringAttr>("kind"))
      stream.attribute("kind", text.getValue());
    if (!kind.name.empty())
      stream.attribute("name", json::fixUTF8(kind.name));
    stream.attribute("phase", json::fixUTF8(kind.phase));
    stream.attribute("stream", kind.stream);
    for (StringRef key : {"flops", "read", "written"})
      if (auto number = kind.cost.getAs<IntegerAttr>(key))
        stream.attribute(key, number.getInt());
    if (auto time = kind.cost.getAs<FloatAttr>("microseconds"))
      stream.attribute("microseconds", time.getValueAsDouble());
  }

  ModuleOp module;
  json::OStream &stream;
  Table<WorkKind> kinds;
  Table<std::pair<std::string, int64_t>> places;
};
} // namespace

void hfc::writeWorkTable(ModuleOp module, json::OStream &stream) {
  stream.attributeObject("work", [&] { WorkTableWriter(module, stream).write(); });
}
