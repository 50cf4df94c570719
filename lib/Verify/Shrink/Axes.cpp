//===- Axes.cpp - the mesh's axes, and what they shrink to
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Axes.h"

#include "dialects/hf/Hf.h"

using namespace hfc;
using namespace hfc::verify;
using dist::AxisListAttr;
using dist::AxisRefAttr;
using dist::MeshAttr;

Axes::Axes(ModuleOp global, ModuleOp local) : mesh(dist::meshOf(local)) {
  findCuts(global);
  findCuts(local);
  makeParts();
  // A ring has as many steps in the program as it has ranks.
  local.walk([&](dist::SendReceiveOp op) { keep(op.getAxes().getAxes()); });
}

void Axes::findCuts(ModuleOp module) {
  AttrTypeWalker walker;
  walker.addWalk([&](AxisRefAttr axis) {
    if (!axis.isWhole())
      cuts[axis.getName()].append({axis.getPre(), axis.getPre() * axis.getSize()});
  });
  module.walk([&](Operation *op) {
    // No attribute that an hf op is defined with has axes; making one dictionary of each op's takes its time.
    bool isHf = isa_and_nonnull<hf::HfDialect>(op->getDialect());
    walker.walk(isHf ? op->getDiscardableAttrDictionary() : op->getAttrDictionary());
  });
}

void Axes::makeParts() {
  for (auto [name, size] : llvm::zip_equal(mesh.getNames(), mesh.getSizes())) {
    SmallVector<int64_t, 4> &bounds = cuts[name];
    bounds.append({1, size});
    llvm::sort(bounds);
    bounds.erase(llvm::unique(bounds), bounds.end());
    bool isChain = true;
    for (size_t i = 0; i + 1 < bounds.size(); ++i)
      isChain &= bounds[i + 1] % bounds[i] == 0;
    SmallVector<Part, 2> &mine = parts[name];
    if (!isChain) { // 2 of 6 here, 3 of 6 there
      mine.push_back({1, size, size});
      continue;
    }
    for (size_t i = 0; i + 1 < bounds.size(); ++i)
      mine.push_back({bounds[i], bounds[i + 1] / bounds[i], 2});
  }
}

MutableArrayRef<Axes::Part> Axes::partsOf(AxisRefAttr axis) {
  auto found = parts.find(axis.getName());
  if (found == parts.end())
    return {};
  MutableArrayRef<Part> all = found->second;
  if (axis.isWhole())
    return all;
  int64_t end = axis.getPre() * axis.getSize();
  auto first = llvm::find_if(all, [&](const Part &part) { return part.pre >= axis.getPre(); });
  auto last = llvm::find_if(all, [&](const Part &part) { return part.pre >= end; });
  return all.slice(first - all.begin(), last - first);
}

int64_t Axes::shrunkSizeOf(ArrayRef<AxisRefAttr> axes) const {
  int64_t size = 1;
  for (AxisRefAttr axis : axes)
    for (const Part &part : partsOf(axis))
      size *= part.shrunk;
  return size;
}

MeshAttr Axes::shrunkMesh() const {
  SmallVector<int64_t> sizes;
  for (StringAttr name : mesh.getNames())
    sizes.push_back(shrunkSizeOf(AxisRefAttr::get(mesh.getContext(), name, 0, 0)));
  return MeshAttr::get(mesh.getContext(), mesh.getNames(), sizes);
}

AxisRefAttr Axes::shrunk(AxisRefAttr axis) const {
  if (axis.isWhole() || partsOf(axis).empty())
    return axis;
  int64_t pre = 1;
  for (const Part &part : parts.find(axis.getName())->second)
    if (part.pre < axis.getPre())
      pre *= part.shrunk;
  return AxisRefAttr::get(axis.getContext(), axis.getName(), pre, shrunkSizeOf(axis));
}

AxisListAttr Axes::shrunk(AxisListAttr axes) const {
  if (llvm::all_of(axes.getAxes(), [](AxisRefAttr axis) { return axis.isWhole(); }))
    return axes;
  dist::Axes all(llvm::map_range(axes.getAxes(), [&](AxisRefAttr axis) { return shrunk(axis); }));
  return AxisListAttr::get(axes.getContext(), all);
}

bool Axes::grow(ArrayRef<AxisRefAttr> axes) {
  // A third rank first: one that has nothing, or pieces of three kinds.
  for (AxisRefAttr axis : llvm::reverse(axes))
    for (Part &part : partsOf(axis))
      if (part.shrunk == 2 && part.size > 2) {
        part.shrunk = 3;
        return true;
      }
  for (AxisRefAttr axis : llvm::reverse(axes))
    for (Part &part : partsOf(axis))
      if (part.shrunk < part.size) {
        part.shrunk = part.size;
        return true;
      }
  return false;
}

void Axes::keep(ArrayRef<AxisRefAttr> axes) {
  for (AxisRefAttr axis : axes)
    for (Part &part : partsOf(axis))
      part.shrunk = part.size;
}
