//===- EntryPlan.cpp - the work of an entry, and its buffers
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EntryPlan.h"

using namespace hfc;
using namespace hfc::memory;

void View::takeColumns(int64_t first, int64_t columns) {
  int64_t rows = type.getDimSize(0);
  sizes = {rows, columns};
  strides = {type.getDimSize(1), 1};
  offset = first;
  type = type.clone({rows, columns});
}

unsigned EntryPlan::addBuffer(Buffer::Kind kind, RankedTensorType type, Attribute what, Location loc,
                              DictionaryAttr attributes) {
  buffers.push_back({kind, type, what, attributes, loc});
  return buffers.size() - 1;
}

unsigned EntryPlan::addVersion(unsigned buffer, unsigned writer) {
  versions.push_back({buffer, writer, none, none, {}});
  return versions.size() - 1;
}

unsigned EntryPlan::addWork(Work::Kind kind, Operation *op, Location loc) {
  works.push_back({kind, op, loc, {}, {}, none});
  return works.size() - 1;
}

void EntryPlan::read(unsigned work, unsigned version, RankedTensorType type) {
  works[work].ins.push_back({version, type, {}, {}, 0, {}});
  versions[version].readers.push_back(work);
}

unsigned EntryPlan::write(unsigned work, unsigned buffer, RankedTensorType type) {
  unsigned version = addVersion(buffer, work);
  works[work].outs.push_back({version, type, {}, {}, 0, {}});
  return version;
}

unsigned EntryPlan::overwrite(unsigned work, unsigned version, RankedTensorType type) {
  unsigned next = write(work, versions[version].buffer, type);
  versions[version].overwriter = work;
  versions[version].next = next;
  return next;
}

unsigned EntryPlan::copy(unsigned source, unsigned buffer, RankedTensorType type, Location loc) {
  unsigned work = addWork(Work::Kind::copy, nullptr, loc);
  read(work, source, type);
  return write(work, buffer, type);
}
