//===- hfc-axes-test.cpp - the algebra of axes, against what it means on every rank
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A list of axes means a function from ranks to places. Every operation is checked by that function, over meshes with
// axes of several prime factors and all lists of up to three of their sub-axes.
//
//===----------------------------------------------------------------------===//

#include "dialects/dist/Sharding.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/raw_ostream.h"

#include <map>
#include <set>

using namespace hfc;
using namespace hfc::dist;

namespace {

int failures = 0;

void expect(bool condition, StringRef what, ArrayRef<AxisRefAttr> axes, MeshAttr mesh) {
  if (condition || ++failures > 20)
    return;
  llvm::outs() << "FAILED: " << what << ": {" << toString(axes) << "} of " << mesh << "\n";
}

std::vector<int64_t> places(ArrayRef<AxisRefAttr> axes, MeshAttr mesh) {
  std::vector<int64_t> all;
  for (int64_t rank = 0; rank < mesh.ranks(); ++rank)
    all.push_back(placeOf(rank, axes, mesh));
  return all;
}

/// Whether two functions of the ranks are independent: all pairs of values occur, equally often.
bool independent(ArrayRef<int64_t> a, ArrayRef<int64_t> b, int64_t sizeA, int64_t sizeB) {
  std::map<std::pair<int64_t, int64_t>, int64_t> count;
  for (auto [x, y] : llvm::zip(a, b))
    ++count[{x, y}];
  return static_cast<int64_t>(count.size()) == sizeA * sizeB &&
         llvm::all_of(count, [&](const auto &entry) { return entry.second == count.begin()->second; });
}

/// Every axis whole, and every proper sub-axis.
SmallVector<AxisRefAttr> allAxes(MeshAttr mesh) {
  SmallVector<AxisRefAttr> all;
  for (auto [name, size] : llvm::zip(mesh.getNames(), mesh.getSizes())) {
    all.push_back(AxisRefAttr::get(mesh.getContext(), name, 0, 0));
    for (int64_t pre = 1; pre < size; ++pre)
      for (int64_t part = 2; pre * part <= size; ++part)
        if (size % (pre * part) == 0)
          all.push_back(AxisRefAttr::get(mesh.getContext(), name, pre, part));
  }
  return all;
}

/// All lists of up to three axes no two of which overlap.
std::vector<Axes> allLists(MeshAttr mesh) {
  SmallVector<AxisRefAttr> axes = allAxes(mesh);
  std::vector<Axes> lists{{}};
  for (size_t begin = 0, length = 0; length < 3; ++length) {
    size_t end = lists.size();
    for (size_t i = begin; i < end; ++i)
      for (AxisRefAttr axis : axes)
        if (!overlap(axis, lists[i], mesh)) {
          lists.push_back(lists[i]);
          lists.back().push_back(axis);
        }
    begin = end;
  }
  return lists;
}

void testOne(const Axes &axes, MeshAttr mesh) {
  int64_t size = sizeOf(axes, mesh);
  std::vector<int64_t> where = places(axes, mesh);
  expect(std::set<int64_t>(where.begin(), where.end()).size() == static_cast<size_t>(size),
         "as many places as sizeOf says", axes, mesh);
  Axes short_ = canonical(axes, mesh);
  expect(places(short_, mesh) == where, "the canonical list has the same places", axes, mesh);
  expect(canonical(short_, mesh) == short_, "the canonical list is canonical", axes, mesh);

  for (int64_t rank = 0; rank < mesh.ranks(); ++rank) {
    SmallVector<int64_t> group = groupOf(rank, axes, mesh);
    expect(llvm::is_contained(group, rank), "a rank is in its group", axes, mesh);
    for (auto [place, member] : llvm::enumerate(group)) {
      expect(member >= 0 && member < mesh.ranks() && placeOf(member, axes, mesh) == static_cast<int64_t>(place),
             "a group stands in the order of its places", axes, mesh);
      expect(groupOf(member, axes, mesh) == group, "a group is the same for its members", axes, mesh);
    }
  }

  for (int64_t major = 1; major <= size; ++major) {
    auto parts = splitMajor(axes, major, mesh);
    if (!parts)
      continue;
    std::vector<int64_t> first = places(parts->first, mesh), second = places(parts->second, mesh);
    bool right = sizeOf(parts->first, mesh) == major;
    for (size_t rank = 0; rank < where.size(); ++rank)
      right &= where[rank] == first[rank] * (size / major) + second[rank];
    expect(right, "a place is its major and its minor part", axes, mesh);
  }
  expect(splitMajor(axes, 1, mesh) && splitMajor(axes, size, mesh), "nothing and everything can be split off", axes,
         mesh);
}

void testPair(const Axes &a, const Axes &b, MeshAttr mesh) {
  std::vector<int64_t> x = places(a, mesh), y = places(b, mesh);
  int64_t sizeA = sizeOf(a, mesh), sizeB = sizeOf(b, mesh);
  if (!overlap(a, b, mesh))
    expect(independent(x, y, sizeA, sizeB), "axes that do not overlap are independent", a, mesh);
  Axes left = without(a, b, mesh);
  expect(!overlap(left, b, mesh), "what is left does not overlap what was removed", a, mesh);
  expect(without(left, b, mesh) == left, "removing twice is removing once", a, mesh);
  if (!overlap(a, b, mesh))
    expect(left == canonical(a, mesh), "nothing is removed by what does not overlap", a, mesh);
  // What is left is part of what was there: the one place says the other.
  std::map<int64_t, int64_t> known;
  std::vector<int64_t> z = places(left, mesh);
  for (size_t rank = 0; rank < x.size(); ++rank)
    expect(known.emplace(x[rank], z[rank]).first->second == z[rank], "what is left is a part", a, mesh);
}

/// Nested sub-axes: the whole without a part, and the part, make the whole.
void testNested(MeshAttr mesh) {
  for (AxisRefAttr part : allAxes(mesh)) {
    Axes whole{AxisRefAttr::get(mesh.getContext(), part.getName(), 0, 0)};
    Axes rest = without(whole, part, mesh);
    expect(sizeOf(rest, mesh) * sizeOf(part, mesh) == sizeOf(whole, mesh), "a part and the rest make the whole", part,
           mesh);
    Axes both = rest;
    both.push_back(part);
    expect(without(whole, both, mesh).empty(), "nothing is left without part and rest", part, mesh);
  }
}

void testMesh(MeshAttr mesh) {
  std::vector<Axes> lists = allLists(mesh);
  for (const Axes &axes : lists)
    testOne(axes, mesh);
  for (const Axes &a : lists)
    for (const Axes &b : lists)
      if (a.size() + b.size() <= 3)
        testPair(a, b, mesh);
  testNested(mesh);
}

} // namespace

int main() {
  DialectRegistry registry;
  registry.insert<DistDialect>();
  MLIRContext context(registry);
  context.loadAllAvailableDialects();
  StringAttr dp = StringAttr::get(&context, "dp"), tp = StringAttr::get(&context, "tp");
  using Sizes = SmallVector<int64_t>;
  for (const Sizes &sizes : {Sizes{1, 1}, Sizes{2, 4}, Sizes{1, 12}, Sizes{3, 2}, Sizes{4, 8}})
    testMesh(MeshAttr::get(&context, ArrayRef<StringAttr>({dp, tp}), ArrayRef<int64_t>(sizes)));
  if (!failures)
    llvm::outs() << "axes are what they mean\n";
  return failures != 0;
}
