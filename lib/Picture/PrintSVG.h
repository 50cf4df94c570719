//===- PrintSVG.h - a layout as an SVG
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_PICTURE_PRINTSVG_H
#define HFC_LIB_PICTURE_PRINTSVG_H

#include "Layout.h"

namespace hfc::picture {

/// What stands around the columns.
struct Captions {
  /// For readers that see no picture.
  std::string summary;
  std::string globalTitle, globalSubtitle, localTitle, localSubtitle;
  /// "tp, 8 ranks": the axes that the legend explains, with their numbers.
  std::vector<std::pair<unsigned, std::string>> axes;
};

/// The room for titles, from the top edge to the boxes, and around everything.
inline constexpr double headerHeight = 84, margin = 24;

void printSVG(const Layout &layout, const Captions &captions, llvm::raw_ostream &os);

} // namespace hfc::picture

#endif // HFC_LIB_PICTURE_PRINTSVG_H
