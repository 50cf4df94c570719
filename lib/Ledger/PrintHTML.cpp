//===- PrintHTML.cpp - the ledger as one page
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Ledger/Print.h"

#include "Format.h"
#include "Groups.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace hfc;
using namespace hfc::ledger;

static constexpr StringLiteral style = R"(
:root{color-scheme:light dark;--line:#8885;--bar:#3b82f6;--area:#3b82f633;--limit:#dc2626}
body{font:14px/1.45 system-ui,sans-serif;max-width:1200px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.15rem;margin-top:2rem}h3{font-size:1rem;margin:1.2rem 0 .4rem}
table{border-collapse:collapse;width:100%}th,td{padding:.2rem .5rem;border-bottom:1px solid var(--line);text-align:left}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.bar{height:.6rem;background:var(--bar);min-width:1px}.scroll{max-height:32rem;overflow:auto}
svg{width:100%;height:180px;background:var(--line);background:transparent;border:1px solid var(--line)}
.note{opacity:.75})";

namespace {
/// A table, column by column; numbers stand on the right.
class Table {
public:
  Table(llvm::raw_ostream &os, std::initializer_list<StringRef> head) : os(os) {
    os << "<div class=scroll><table><tr>";
    for (StringRef name : head)
      os << (name.starts_with("#") ? "<th class=n>" : "<th>") << name.ltrim('#');
    os << "</tr>\n";
  }
  ~Table() { os << "</table></div>\n"; }

  Table &row() {
    os << "<tr>";
    return *this;
  }
  Table &text(StringRef value) {
    os << "<td>";
    llvm::printHTMLEscaped(value, os);
    return *this;
  }
  Table &number(StringRef value) {
    os << "<td class=n>" << value;
    return *this;
  }
  Table &bar(double part) {
    os << llvm::formatv("<td style='width:20%'><div class=bar style='width:{0:F1}%'></div>", part * 100);
    return *this;
  }

private:
  llvm::raw_ostream &os;
};

class Page {
public:
  Page(const Ledger &ledger, const Machine *machine, const verify::Verdict *verdict, llvm::raw_ostream &os)
      : ledger(ledger), machine(machine), verdict(verdict), os(os) {}

  void print() {
    os << "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'><title>";
    llvm::printHTMLEscaped(title(), os);
    os << "</title><style>" << style << "</style>\n<h1>";
    llvm::printHTMLEscaped(title(), os);
    os << "</h1>\n<p>" << ledger.ranks << (ledger.ranks == 1 ? " rank" : " ranks");
    if (!ledger.mesh.empty())
      os << ", " << ledger.mesh << ", " << ledger.partitioner;
    os << ". All figures are one rank's.</p>\n";
    if (machine) {
      os << "<p class=note>Times: roofline of ";
      llvm::printHTMLEscaped(machine->name, os);
      os << (machine->calibrated ? "" : ", uncalibrated: from data sheets, not measured") << ".</p>\n";
    }
    if (verdict)
      printVerdict();
    printMemory();
    for (const Entry &entry : ledger.entries)
      printEntry(entry);
    printShards();
    os << "</html>\n";
  }

private:
  std::string title() const { return ledger.family + ", " + ledger.task; }

  void printVerdict() {
    os << "<h2>Verification</h2>\n<p>";
    llvm::printHTMLEscaped(verdict->summary(), os);
    os << "</p>\n";
    if (!verdict->unchecked.empty())
      return;
    os << "<p class=note>Seed " << verdict->seed << ". With small sizes, everything else being the same:</p>\n";
    Table table(os, {"what", "name", "#given", "#checked"});
    auto rows = [&](StringRef what, ArrayRef<verify::SizeChange> changes) {
      for (const verify::SizeChange &change : changes)
        table.row().text(what).text(change.name).number(std::to_string(change.from)).number(std::to_string(change.to));
    };
    rows("ranks along", verdict->axes);
    rows("size", verdict->sizes);
  }

  void printMemory() {
    os << "<h2>Memory</h2>\n";
    Table table(os, {"what", "#bytes", "#", ""});
    auto row = [&](StringRef name, int64_t bytes) {
      table.row().text(name).number(std::to_string(bytes)).number(formatBytes(bytes));
      table.bar(static_cast<double>(bytes) / static_cast<double>(std::max<int64_t>(ledger.memory(), 1)));
    };
    row("parameters", ledger.parameters);
    for (const auto &[role, bytes] : ledger.states)
      row("states: " + role, bytes);
    row("arena: activations", ledger.arena);
    row("constants", ledger.constants);
    for (const auto &[what, bytes] : ledger.runtime)
      row(what, bytes);
    row("total", ledger.memory());
  }

  void printEntry(const Entry &entry) {
    os << "<h2>" << entry.name << "</h2>\n<p>" << entry.lines.size() << " ops, " << formatFlops(entry.total().flops);
    if (machine)
      os << ", at least " << formatTime(estimatedTime(entry));
    os << "</p>\n";
    if (entry.lines.empty())
      return;
    printTimeline(entry);
    printLayers(entry);
    printGroups(entry);
    printCollectives(entry);
  }

  /// Bytes in use over the ops of the entry, and the arena that holds them.
  void printTimeline(const Entry &entry) {
    os << "<h3>Memory over time</h3><p class=note>Activations in use at each op: at most "
       << formatBytes(entry.peakAlive()) << "; the arena (red) has " << formatBytes(entry.arena) << ".</p>\n";
    constexpr double width = 1000, height = 180;
    double top = static_cast<double>(std::max<int64_t>({entry.arena, entry.peakAlive(), 1})) * 1.05;
    auto y = [&](int64_t bytes) { return height - height * static_cast<double>(bytes) / top; };
    double step = width / static_cast<double>(entry.lines.size());
    os << "<svg viewBox='0 0 1000 180' preserveAspectRatio=none><path fill=var(--area) stroke=var(--bar) "
          "vector-effect=non-scaling-stroke d='M0 180";
    for (size_t i = 0; i < entry.lines.size(); ++i)
      os << llvm::formatv("L{0:F1} {1:F1}H{2:F1}", step * i, y(entry.lines[i].alive), step * (i + 1));
    os << llvm::formatv(
        "V180Z'/><path stroke=var(--limit) vector-effect=non-scaling-stroke d='M0 {0:F1}H1000'/></svg>\n",
        y(entry.arena));
  }

  void printLayers(const Entry &entry) {
    std::vector<Layer> layers = groupLayers(entry);
    os << "<h3>Layers</h3>\n";
    Table table(os, {"layer", "phase", "#ops", "#FLOPs", "#bytes", "#collectives", "#in use", machine ? "#time" : "#"});
    for (const Layer &layer : layers)
      table.row()
          .text(layer.block ? std::to_string(*layer.block) : "outside")
          .text(layer.phase)
          .number(std::to_string(layer.ops))
          .number(formatFlops(layer.flops))
          .number(formatBytes(layer.bytes))
          .number(formatBytes(layer.exchanged))
          .number(formatBytes(layer.alive))
          .number(machine ? formatTime(layer.time) : "");
  }

  /// What decides the order, and the bars: time if there is a machine, else bytes.
  double weightOf(const Line &line) const {
    return machine ? line.time : static_cast<double>(line.read + line.written);
  }

  void printGroups(const Entry &entry) {
    std::vector<Group> groups = groupLines(entry);
    std::vector<const Group *> order(llvm::make_pointer_range(groups).begin(), llvm::make_pointer_range(groups).end());
    llvm::sort(order, [&](const Group *a, const Group *b) {
      return std::pair(weightOf(b->line), a) < std::pair(weightOf(a->line), b);
    });
    double most = order.empty() ? 1 : std::max(weightOf(order.front()->line), 1e-9);
    os << "<h3>Ops</h3><p class=note>Ops of different layers are one row.</p>\n";
    Table table(os, {"op", "where", "phase", "#count", "#FLOPs", "#read", "#written", machine ? "#time" : "#", ""});
    for (const Group *group : order)
      table.row()
          .text(group->line.name.empty() ? group->line.kind : group->line.kind + ": " + group->line.name)
          .text(group->line.path)
          .text(group->line.phase)
          .number(std::to_string(group->count))
          .number(formatFlops(group->line.flops))
          .number(formatBytes(group->line.read))
          .number(formatBytes(group->line.written))
          .number(machine ? formatTime(group->line.time) : "")
          .bar(weightOf(group->line) / most);
  }

  void printCollectives(const Entry &entry) {
    if (llvm::none_of(entry.lines, [](const Line &line) { return line.exchange.has_value(); }))
      return;
    os << "<h3>Collectives</h3>\n";
    Table table(os,
                {"kind", "axes", "cause", "where", "phase", "#count", "#bytes", "#sent", machine ? "#exposed" : "#"});
    for (const Group &group : groupLines(entry))
      if (const auto &exchange = group.line.exchange)
        table.row()
            .text(group.line.kind)
            .text(exchange->axes)
            .text(exchange->cause)
            .text(group.line.path)
            .text(group.line.phase)
            .number(std::to_string(group.count))
            .number(formatBytes(exchange->bytes))
            .number(formatBytes(exchange->sent))
            .number(machine ? formatTime(group.line.exposed) : "");
  }

  void printShards() {
    os << "<h2>Parameters</h2>\n";
    Table table(os, {"parameter", "#count", "type", "whole", "of a rank", "cut over", "#bytes"});
    for (const ShardGroup &group : groupShards(ledger))
      table.row()
          .text(group.shard.name + (group.shard.frozen ? " (frozen)" : ""))
          .number(std::to_string(group.count))
          .text(group.shard.dtype)
          .text(formatShape(group.shard.whole))
          .text(formatShape(group.shard.local))
          .text(group.shard.cut)
          .number(formatBytes(group.shard.bytes));
  }

  const Ledger &ledger;
  const Machine *machine;
  const verify::Verdict *verdict;
  llvm::raw_ostream &os;
};
} // namespace

void ledger::printHTML(const Ledger &ledger, const Machine *machine, const verify::Verdict *verdict,
                       llvm::raw_ostream &os) {
  Page(ledger, machine, verdict, os).print();
}
