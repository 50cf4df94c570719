//===- Describe.h - what a box says
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_PICTURE_DESCRIBE_H
#define HFC_LIB_PICTURE_DESCRIBE_H

#include "Graph.h"

#include "dialects/dist/Sharding.h"

namespace hfc::picture {

/// Sizes of fonts.
inline constexpr double titleSize = 12, textSize = 11, noteSize = 10.5;

/// A piece of text in one style.
struct Span {
  enum class Style { Plain, Bold, Muted };
  std::string text;
  Style style = Style::Plain;
  /// Numbers of the axes whose colours it has; the first is the text's, all of them underline it if there are
  /// several.
  SmallVector<unsigned, 2> axes;
};
using Text = SmallVector<Span>;

/// How many characters a text has on the page.
size_t lengthOf(const Text &text);

/// The piece of a weight that a rank has: into how many it is cut along both dimensions, and by which axis.
struct Piece {
  int64_t across = 1, down = 1;
  double aspect = 1;
  std::optional<unsigned> axis;
  bool isLocal = false;
};

/// What a box says, by importance.
struct Description {
  Text title;
  /// Of the result.
  Text shape;
  double shapeSize = textSize;
  /// Of the weight.
  Text weight;
  /// How it is parallel, or why it is here.
  Text note;
  std::optional<Piece> piece;
  /// The axis in whose colour the box is, if it has one.
  std::optional<unsigned> axis;
};

/// The number of the mesh's axis at `index`, by which it has its colour: "dp" is 0 on every mesh, and others follow.
unsigned numberOf(dist::MeshAttr mesh, size_t index);

class Describer {
public:
  explicit Describer(ModuleOp module);
  Description describe(const Node &node) const;

  dist::MeshAttr mesh;
  bool isLocal;

private:
  Text shapeOf(Value value) const;
  /// Numbers of axes on the mesh, without those of one rank.
  SmallVector<unsigned, 2> numbersOf(ArrayRef<dist::AxisRefAttr> axes) const;
  void describeCollective(const Node &node, Description &description) const;
  void describeWeight(const Node &node, Description &description) const;
  void describePartial(const Node &node, Description &description) const;
};

/// Bytes of a tensor's elements.
int64_t bytesOf(Type type);
/// Of the larger side of a collective, as the ledger counts it.
int64_t bytesOfCollective(Operation *op);
/// "64 MiB", "1.50 GiB".
std::string formatBytes(int64_t bytes);

} // namespace hfc::picture

#endif // HFC_LIB_PICTURE_DESCRIBE_H
