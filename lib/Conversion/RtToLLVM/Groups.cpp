//===- Groups.cpp - the groups of ranks that a program names
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Groups.h"

#include "dialects/hf/Hf.h"

using namespace hfc;

GroupTable::GroupTable(ModuleOp module) : theMesh(dist::meshOf(module)) {
  for (auto bucket : module.getOps<hf::BucketOp>())
    if (auto axes = bucket->getAttrOfType<dist::AxisListAttr>("hf.group"))
      add(axes);
  for (auto entry : module.getOps<rt::EntryOp>())
    for (Operation &op : entry.getBody().front()) {
      if (auto collective = dyn_cast<rt::CollectiveOp>(op))
        add(collective.getAxes());
      else if (auto coordinate = dyn_cast<rt::CoordinateOp>(op))
        add(coordinate.getAxes());
    }
}

dist::AxisListAttr GroupTable::canonical(dist::AxisListAttr axes) const {
  return dist::AxisListAttr::get(axes.getContext(), dist::canonical(axes.getAxes(), theMesh));
}

void GroupTable::add(dist::AxisListAttr axes) {
  dist::AxisListAttr key = canonical(axes);
  if (numbers.try_emplace(key, order.size()).second)
    order.push_back(key);
}
