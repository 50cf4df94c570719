//===- Plot.cpp - rows as a picture
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A heat map, models by meshes: a cell's colour is the step's time relative to the baseline's, its bar says whether the
// program is verified, its lines give time, bytes sent, and memory.
//
//===----------------------------------------------------------------------===//

#include "hfc/Workbench/Row.h"

#include "hfc/Ledger/Print.h"
#include "lib/Ledger/Format.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace hfc;
using namespace hfc::workbench;

static constexpr int cellWidth = 112, cellHeight = 46, leftWidth = 150, topHeight = 104;

static constexpr StringLiteral style = "text{font:11px system-ui,sans-serif;fill:#1f2937}.b{font-weight:600}"
                                       ".s{font-size:10px;fill:#4b5563}.t{font-size:15px;font-weight:600}";

namespace {

class Picture {
public:
  Picture(ArrayRef<Row> rows, const ledger::Machine &machine, llvm::raw_ostream &os);
  void draw();

private:
  void text(int x, int y, StringRef kind, const std::string &what);
  void rectangle(int x, int y, int width, int height, StringRef fill);
  void drawLegend();
  void drawCell(int x, int y, const Row &row);
  bool hasBaseline() const {
    return !llvm::all_of(rows, [](const Row &row) { return row.isBaseline; });
  }

  ArrayRef<Row> rows;
  const ledger::Machine &machine;
  llvm::raw_ostream &os;
  /// Their numbers, in the order in which they come.
  llvm::MapVector<StringRef, int> models, meshes;
  int64_t ranks = 1;
};

} // namespace

Picture::Picture(ArrayRef<Row> rows, const ledger::Machine &machine, llvm::raw_ostream &os)
    : rows(rows), machine(machine), os(os) {
  for (const Row &row : rows) {
    models.try_emplace(row.model, models.size());
    meshes.try_emplace(row.mesh, meshes.size());
    ranks = std::max(ranks, row.own.ranks);
  }
}

void Picture::text(int x, int y, StringRef kind, const std::string &what) {
  os << llvm::formatv("<text x='{0}' y='{1}'{2}>", x, y, kind.empty() ? "" : " class='" + kind.str() + "'");
  llvm::printHTMLEscaped(what, os);
  os << "</text>";
}

void Picture::rectangle(int x, int y, int width, int height, StringRef fill) {
  os << llvm::formatv("<rect x='{0}' y='{1}' width='{2}' height='{3}' fill='{4}'/>", x, y, width, height, fill);
}

static StringRef colorFor(const Outcome &outcome) {
  if (!outcome.refusal.empty())
    return "#9ca3af";
  switch (outcome.verification) {
  case Verification::Passed:
    return "#15803d";
  case Verification::Failed:
    return "#b91c1c";
  default:
    return "#d97706";
  }
}

/// From blue, half the time, over white to orange, twice the time.
static std::string colorFor(std::optional<double> ratio) {
  if (!ratio || !(*ratio > 0))
    return "#f3f4f6";
  double place = std::clamp(std::log2(*ratio), -1.0, 1.0), strength = std::abs(place);
  auto mix = [&](int full) { return static_cast<int>(255 + (full - 255) * strength); };
  return place < 0 ? llvm::formatv("rgb({0},{1},{2})", mix(96), mix(165), mix(250)).str()
                   : llvm::formatv("rgb({0},{1},{2})", mix(251), mix(146), mix(60)).str();
}

static std::string times(std::optional<double> ratio) {
  return ratio ? llvm::formatv(" ×{0:F2}", *ratio).str() : std::string();
}

void Picture::drawCell(int x, int y, const Row &row) {
  os << "<g><title>";
  llvm::printHTMLEscaped(summaryOf(row), os);
  os << "</title>";
  const Outcome &own = row.own;
  rectangle(x, y, cellWidth - 2, cellHeight - 2, row.isBaseline ? "#f3f4f6" : colorFor(row.timeRatio()));
  rectangle(x, y, 4, cellHeight - 2, colorFor(own));
  auto ratio = [&](std::optional<double> value) { return row.isBaseline ? "" : times(value); };
  if (!own.refusal.empty())
    text(x + 9, y + 15, "s", "refused");
  else if (!own.hasCosts())
    text(x + 9, y + 15, "b", "wrong");
  if (own.hasCosts()) {
    text(x + 9, y + 14, "b", ledger::formatTime(own.stepMicroseconds) + ratio(row.timeRatio()));
    text(x + 9, y + 27, "s", "⇄ " + ledger::formatBytes(own.trafficTotal().sent) + ratio(row.sentRatio()));
    text(x + 9, y + 39, "s", "▤ " + ledger::formatBytes(own.memory.peak()) + ratio(row.memoryRatio()));
  }
  os << "</g>\n";
}

void Picture::drawLegend() {
  StringRef partitioner = rows.empty() ? StringRef("") : StringRef(rows.front().own.partitioner);
  text(8, 22, "t",
       partitioner.split('{').first.str() +
           (hasBaseline() ? " beside " + rows.front().baseline.partitioner : std::string()) + ": " +
           std::to_string(models.size()) + " models on " + std::to_string(meshes.size()) + " meshes");
  text(8, 40, "s",
       "A step of one rank: roofline time, ⇄ bytes that it sends, ▤ memory that it needs" +
           std::string(hasBaseline() ? "; × the baseline's." : ".") + " " + describe(machine, ranks) + ".");
  int x = 8;
  auto entry = [&](const std::string &color, int width, const std::string &what) {
    rectangle(x, 52, width, 12, color);
    text(x + width + 5, 62, "s", what);
    x += width + 20 + 6 * static_cast<int>(what.size());
  };
  entry("#15803d", 4, "verified");
  entry("#b91c1c", 4, "wrong");
  entry("#d97706", 4, "not checked");
  entry("#9ca3af", 4, "refused");
  if (!hasBaseline())
    return;
  for (auto [ratio, what] : {std::pair(0.5, "half the time"), {1.0, "the same"}, {2.0, "twice the time"}})
    entry(colorFor(ratio), 24, what);
}

void Picture::draw() {
  int width = leftWidth + cellWidth * static_cast<int>(meshes.size()) + 8;
  int height = topHeight + cellHeight * static_cast<int>(models.size()) + 8;
  width = std::max(width, 900);
  os << llvm::formatv("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {0} {1}' width='{0}' height='{1}'>"
                      "<style>{2}</style>\n",
                      width, height, style);
  rectangle(0, 0, width, height, "#ffffff");
  drawLegend();
  os << '\n';
  for (const auto &[mesh, number] : meshes) { // Megatron's options stand in a line of their own.
    auto [axes, options] = mesh.split(' ');
    text(leftWidth + cellWidth * number, topHeight - (options.empty() ? 8 : 20), "b", axes.str());
    if (!options.empty())
      text(leftWidth + cellWidth * number, topHeight - 8, "s", options.str());
  }
  for (const auto &[model, number] : models)
    text(8, topHeight + cellHeight * number + 26, "b", model.str());
  os << '\n';
  for (const Row &row : rows)
    drawCell(leftWidth + cellWidth * meshes.lookup(row.mesh), topHeight + cellHeight * models.lookup(row.model), row);
  os << "</svg>\n";
}

void workbench::plot(ArrayRef<Row> rows, const ledger::Machine &machine, llvm::raw_ostream &os) {
  Picture(rows, machine, os).draw();
}
