//===- PrintSVG.cpp - a layout as an SVG
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PrintSVG.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace hfc;
using namespace hfc::picture;

namespace {
/// An axis' colours: of text, of boxes that it cuts; on dark paper; of collectives, under white text.
struct AxisColors {
  StringLiteral text, tint, darkText, darkTint, solid;
};
constexpr AxisColors palette[] = {
    {"#1d5fd0", "#e3edfd", "#8ab4ff", "#1a2a47", "#2f6fdd"}, {"#c2410c", "#fdebe0", "#ffab70", "#43260f", "#d9550f"},
    {"#2b7a33", "#e4f4e5", "#7fd88a", "#16351b", "#2f8a3a"}, {"#7a3ad1", "#f0e7fc", "#c8a6ff", "#2f1f4d", "#8348d6"},
    {"#0b7285", "#def3f6", "#6fd6e6", "#0f3239", "#0f8196"}, {"#b4246b", "#fce6f0", "#ff9ccb", "#441a2f", "#c5307a"}};

constexpr StringLiteral style =
    R"(text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace;fill:#1f2328}
.sans{font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,'DejaVu Sans',sans-serif}
.b{font-weight:700}.m{fill:#656d76}.paper{fill:#ffffff;stroke:#d0d7de}.column{fill:#f6f8fa}
.box{fill:#ffffff;stroke:#afb8c1}.port{fill:none;stroke:#afb8c1;stroke-dasharray:3 3}
.line{fill:none;stroke:#8c959f;stroke-width:1.4}.head{fill:#8c959f}.weight{fill:#d8dee4;stroke:#8c959f}.none{fill:none;stroke:#8c959f}.w{fill:#ffffff}
)";
constexpr StringLiteral darkStyle =
    R"(text{fill:#e6edf3}.m{fill:#9198a1}.paper{fill:#0d1117;stroke:#30363d}.column{fill:#151b23}
.box{fill:#1c232c;stroke:#4b535d}.port{stroke:#4b535d}.line{stroke:#7d8590}.head{fill:#7d8590}.weight{fill:#3d444d;stroke:#7d8590}.none{stroke:#7d8590}.w{fill:#ffffff}
)";

class Printer {
public:
  Printer(const Layout &layout, const Captions &captions, llvm::raw_ostream &os)
      : layout(layout), captions(captions), os(os) {}

  void run() {
    double height = layout.height + legendHeight;
    os << llvm::formatv("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:F0}\" height=\"{1:F0}\" "
                        "viewBox=\"0 0 {0:F0} {1:F0}\" role=\"img\" xml:space=\"preserve\">\n<title>",
                        layout.width, height);
    escaped(captions.summary);
    os << "</title>\n";
    printStyle();
    printRect({0.5, 0.5, layout.width - 1, height - 1}, "paper", 8);
    printColumn(layout.global, captions.globalTitle, captions.globalSubtitle);
    printColumn(layout.local, captions.localTitle, captions.localSubtitle);
    printLegend(layout.height + 34);
    os << "</svg>\n";
  }

private:
  static constexpr double legendHeight = 78;

  static unsigned colorOf(unsigned axis) { return axis % std::size(palette); }

  void escaped(StringRef text) { llvm::printHTMLEscaped(text, os); }

  void printStyle() {
    os << "<style>\n" << style;
    for (auto [number, colors] : llvm::enumerate(palette))
      os << llvm::formatv(".t{0}{{fill:{1}} .c{0}{{fill:{2};stroke:{1}} .p{0}{{fill:{1};stroke:{1}} .s{0}{{fill:{3}} "
                          ".u{0}{{text-decoration:underline;text-decoration-color:{1}}\n",
                          number, colors.text, colors.tint, colors.solid);
    os << "@media (prefers-color-scheme: dark){\n" << darkStyle;
    for (auto [number, colors] : llvm::enumerate(palette))
      os << llvm::formatv(".t{0}{{fill:{1}} .c{0}{{fill:{2};stroke:{1}} .p{0}{{fill:{1};stroke:{1}} .s{0}{{fill:{3}} "
                          ".u{0}{{text-decoration-color:{1}}\n",
                          number, colors.darkText, colors.darkTint, colors.solid);
    os << "}\n</style>\n<marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" "
          "markerHeight=\"7\" orient=\"auto\" markerUnits=\"userSpaceOnUse\"><path class=\"head\" d=\"M0 0.5L8 4L0 "
          "7.5z\"/></marker>\n";
  }

  void printRect(const Box &box, StringRef classes, double radius) {
    os << llvm::formatv("<rect class=\"{0}\" x=\"{1:F1}\" y=\"{2:F1}\" width=\"{3:F1}\" height=\"{4:F1}\" "
                        "rx=\"{5:F0}\"/>\n",
                        classes, box.x, box.y, box.width, box.height, radius);
  }

  /// `anchor` is "start" or "end".
  void printText(const Text &text, Point at, double size, StringRef anchor, StringRef classes = "") {
    os << llvm::formatv("<text x=\"{0:F1}\" y=\"{1:F1}\" font-size=\"{2}\"", at.x, at.y, size);
    if (anchor != "start")
      os << " text-anchor=\"" << anchor << '"';
    if (!classes.empty())
      os << " class=\"" << classes << '"';
    os << '>';
    for (const Span &span : text)
      printSpan(span, classes.contains('w'));
    os << "</text>\n";
  }

  void printSpan(const Span &span, bool isPlain) {
    std::string classes = span.style == Span::Style::Bold ? "b" : span.style == Span::Style::Muted ? "m" : "";
    if (!span.axes.empty()) {
      classes += (classes.empty() ? "b t" : " b t") + std::to_string(colorOf(span.axes[0]));
      if (span.axes.size() > 1)
        classes += " u" + std::to_string(colorOf(span.axes[1]));
    }
    if (isPlain)
      classes = span.style == Span::Style::Bold ? "b w" : "w";
    if (classes.empty()) {
      escaped(span.text);
      return;
    }
    os << "<tspan class=\"" << classes << "\">";
    escaped(span.text);
    os << "</tspan>";
  }

  void printColumn(const Column &column, StringRef title, StringRef subtitle) {
    double lanes = column.x - column.left;
    Box back{column.left - 4, headerHeight - 16, column.width + lanes + 12, layout.height - headerHeight + 32};
    printText({{title.str(), Span::Style::Bold, {}}}, {back.x + 2, 34}, 18, "start", "sans");
    printText({{subtitle.str(), Span::Style::Muted, {}}}, {back.x + 2, 54}, 12, "start", "sans");
    printRect(back, "column", 8);
    for (const Line &line : column.lines)
      printLine(line);
    for (auto [node, box, description] : llvm::zip(column.graph.nodes, column.boxes, column.descriptions))
      printBox(node, box, description);
  }

  void printLine(const Line &line) {
    os << "<path class=\"line\" marker-end=\"url(#head)\" d=\"";
    for (auto [number, point] : llvm::enumerate(line))
      os << (number == 0 ? 'M' : 'L') << llvm::formatv("{0:F1} {1:F1}", point.x, point.y);
    os << "\"/>\n";
  }

  void printBox(const Node &node, const Box &box, const Description &description) {
    static constexpr StringLiteral kinds[] = {"input", "op", "collective", "output"};
    os << "<g class=\"node " << kinds[static_cast<unsigned>(node.kind)] << "\">\n";
    bool isCollective = node.kind == Node::Kind::Collective, isPort = !node.op;
    std::string shape = isPort ? "port" : "box";
    if (description.axis)
      shape += (isCollective ? " s" : " c") + std::to_string(colorOf(*description.axis));
    printRect(box, shape, isPort || isCollective ? std::min(box.height / 2, 14.0) : 5);
    printTexts(box, description, isCollective);
    os << "</g>\n";
  }

  void printTexts(const Box &box, const Description &description, bool isCollective) {
    StringRef classes = isCollective ? "w" : "";
    double left = box.x + padding, right = box.right() - padding;
    if (description.piece) {
      double y = box.isStacked ? box.y + 6 : box.center().y - pieceSize / 2;
      double x = box.isStacked ? box.right() - padding - pieceSize : left;
      printPiece(*description.piece, {x, y});
      left += box.isStacked ? 0 : pieceSize + padding;
    }
    const Text *lines[][2] = {{&description.title, box.isStacked ? nullptr : &description.shape},
                              {&description.weight, box.isStacked ? nullptr : &description.note},
                              {box.isStacked ? &description.shape : nullptr, nullptr},
                              {box.isStacked ? &description.note : nullptr, nullptr}};
    auto hasText = [](const Text *text) { return text && !text->empty(); };
    unsigned count = llvm::count_if(lines, [&](auto &line) { return hasText(line[0]) || hasText(line[1]); });
    double y = box.center().y - count * lineHeight / 2 + 11;
    for (auto [number, line] : llvm::enumerate(lines)) {
      if (!hasText(line[0]) && !hasText(line[1]))
        continue;
      if (hasText(line[0]))
        printText(*line[0], {left, y}, number == 0 ? titleSize : number == 3 ? noteSize : textSize, "start", classes);
      if (hasText(line[1]))
        printText(*line[1], {right, y}, number == 0 ? description.shapeSize : noteSize, "end", classes);
      y += lineHeight;
    }
  }

  /// A weight as a rectangle of its proportions, with its cuts, and what one rank has of it.
  void printPiece(const Piece &piece, Point at) {
    double aspect = std::clamp(piece.aspect, 0.5, 2.0);
    double width = std::min(1.0, aspect) * pieceSize, height = std::min(1.0, 1 / aspect) * pieceSize;
    double x = at.x + (pieceSize - width) / 2, y = at.y + (pieceSize - height) / 2;
    printRect({x, y, width, height}, piece.isLocal && piece.axis ? "none" : "weight", 0);
    if (!piece.axis)
      return;
    unsigned color = colorOf(*piece.axis);
    // More cuts than can be told apart are drawn as a few.
    int64_t across = std::min<int64_t>(piece.across, 12), down = std::min<int64_t>(piece.down, 12);
    if (piece.isLocal)
      printRect({x, y, width / across, height / down}, "p" + std::to_string(color), 0);
    os << "<path class=\"none\" stroke-width=\"0.6\" d=\"";
    for (int64_t cut = 1; cut < across; ++cut)
      os << llvm::formatv("M{0:F1} {1:F1}v{2:F1}", x + width * cut / across, y, height);
    for (int64_t cut = 1; cut < down; ++cut)
      os << llvm::formatv("M{0:F1} {1:F1}h{2:F1}", x, y + height * cut / down, width);
    os << "\"/>\n";
  }

  void printLegend(double y) {
    double x = margin - 2;
    auto say = [&](StringRef text, StringRef classes) {
      printText({{text.str(), Span::Style::Plain, {}}}, {x, y}, noteSize, "start", classes);
      x += text.size() * noteSize * 0.55 + 16;
    };
    for (const auto &[axis, text] : captions.axes) {
      printRect({x, y - 9, 10, 10}, "s" + std::to_string(colorOf(axis)), 2);
      x += 15;
      say(text, "sans");
    }
    say("A coloured size is cut over that axis. A collective stands with the bytes of its larger side.", "sans m");
    x = margin - 2;
    y += 24;
    Piece example{4, 1, 1.0, captions.axes.empty() ? 0 : captions.axes.back().first, true};
    printPiece(example, {x, y - 17});
    x += pieceSize + 8;
    say("What one rank holds of a weight, drawn as inputs × outputs: some of its columns, or some of its rows.",
        "sans m");
  }

  const Layout &layout;
  const Captions &captions;
  llvm::raw_ostream &os;
};
} // namespace

void picture::printSVG(const Layout &layout, const Captions &captions, llvm::raw_ostream &os) {
  Printer(layout, captions, os).run();
}
