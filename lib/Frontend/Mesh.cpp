//===- Mesh.cpp - the ranks that a program is for
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mesh.h"

#include "dialects/dist/Dist.h"

#include "llvm/ADT/StringExtras.h"

using namespace hfc;
using namespace hfc::frontend;

/// Lower-case letters, then digits and underscores too: what options, files and IR can all spell.
static bool isAxisName(StringRef name) {
  auto isLower = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && isLower(name.front()) &&
         llvm::all_of(name, [&](char c) { return isLower(c) || llvm::isDigit(c) || c == '_'; });
}

void hfc::frontend::checkMesh(ArrayRef<MeshAxis> axes, Problems &problems) {
  llvm::StringSet<> names;
  int64_t ranks = 1;
  for (const MeshAxis &axis : axes) {
    if (!isAxisName(axis.name))
      problems.add("mesh: " + inQuotes(axis.name) +
                   " is no name of an axis: lower-case letters, digits and underscores, a letter first");
    if (!names.insert(axis.name).second)
      problems.add("mesh: the axis " + inQuotes(axis.name) + " is named twice");
    if (axis.size < 1 || axis.size > Limits::ranks / ranks)
      return problems.add("mesh: an axis has at least one rank, and all ranks are at most " + Twine(Limits::ranks));
    ranks *= axis.size;
  }
}

Attribute hfc::frontend::meshAttribute(MLIRContext *context, ArrayRef<MeshAxis> axes) {
  if (llvm::all_of(axes, [](const MeshAxis &axis) { return axis.size == 1; }))
    return {};
  SmallVector<StringAttr> names;
  SmallVector<int64_t> sizes;
  for (const MeshAxis &axis : axes) {
    names.push_back(StringAttr::get(context, axis.name));
    sizes.push_back(axis.size);
  }
  return dist::MeshAttr::get(context, names, sizes);
}
