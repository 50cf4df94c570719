//===- Axes.cpp - axes and sub-axes, computed with
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A sub-axis ("tp":(P)S) stands for the digits from P to P * S of a place along the axis, in a mixed radix: two of one
// axis are independent exactly if these intervals do not meet (and the one's end divides the other's beginning).
//
//===----------------------------------------------------------------------===//

#include "dialects/dist/Sharding.h"

#include "llvm/ADT/StringExtras.h"

using namespace hfc;
using namespace hfc::dist;

namespace {
/// The digits `[begin, end)` of an axis; the axis itself is `[1, N)`.
struct Interval {
  Interval(AxisRefAttr axis, MeshAttr mesh)
      : name(axis.getName()), begin(axis.isWhole() ? 1 : axis.getPre()),
        end(axis.isWhole() ? mesh.sizeOf(axis.getName()) : axis.getPre() * axis.getSize()) {}
  Interval(StringAttr name, int64_t begin, int64_t end) : name(name), begin(begin), end(end) {}

  int64_t size() const { return end / begin; }
  bool meets(const Interval &other) const {
    if (name != other.name || size() == 1 || other.size() == 1)
      return false;
    const Interval &first = begin <= other.begin ? *this : other, &second = begin <= other.begin ? other : *this;
    return second.begin % first.end != 0;
  }
  AxisRefAttr toAxis(MeshAttr mesh) const {
    bool isWhole = begin == 1 && end == mesh.sizeOf(name);
    return AxisRefAttr::get(name.getContext(), name, isWhole ? 0 : begin, isWhole ? 0 : size());
  }

  StringAttr name;
  int64_t begin, end;
};
} // namespace

int64_t dist::sizeOf(AxisRefAttr axis, MeshAttr mesh) { return Interval(axis, mesh).size(); }

int64_t dist::sizeOf(ArrayRef<AxisRefAttr> axes, MeshAttr mesh) {
  int64_t product = 1;
  for (AxisRefAttr axis : axes)
    product *= sizeOf(axis, mesh);
  return product;
}

bool dist::overlap(AxisRefAttr a, AxisRefAttr b, MeshAttr mesh) { return Interval(a, mesh).meets(Interval(b, mesh)); }

bool dist::overlap(ArrayRef<AxisRefAttr> a, ArrayRef<AxisRefAttr> b, MeshAttr mesh) {
  return llvm::any_of(
      a, [&](AxisRefAttr x) { return llvm::any_of(b, [&](AxisRefAttr y) { return overlap(x, y, mesh); }); });
}

static Axes toAxes(ArrayRef<Interval> intervals, MeshAttr mesh) {
  return Axes(llvm::map_range(intervals, [&](const Interval &interval) { return interval.toAxis(mesh); }));
}

Axes dist::canonical(ArrayRef<AxisRefAttr> axes, MeshAttr mesh) {
  SmallVector<Interval, 2> joined;
  for (AxisRefAttr axis : axes) {
    Interval interval(axis, mesh);
    if (interval.size() == 1)
      continue;
    if (!joined.empty() && joined.back().name == interval.name && joined.back().end == interval.begin)
      joined.back().end = interval.end;
    else
      joined.push_back(interval);
  }
  return toAxes(joined, mesh);
}

/// What is left of `from` without `remove`: the digits in front, then those behind. Nothing where the two interlock so
/// that no digits of their own are left.
static SmallVector<Interval, 2> subtract(const Interval &from, const Interval &remove) {
  if (!from.meets(remove))
    return {from};
  SmallVector<Interval, 2> left;
  if (from.begin < remove.begin && remove.begin % from.begin == 0 && from.end % remove.begin == 0)
    left.emplace_back(from.name, from.begin, remove.begin);
  if (remove.end < from.end && from.end % remove.end == 0 && remove.end % from.begin == 0)
    left.emplace_back(from.name, remove.end, from.end);
  return left;
}

Axes dist::without(ArrayRef<AxisRefAttr> axes, ArrayRef<AxisRefAttr> remove, MeshAttr mesh) {
  SmallVector<Interval, 2> left;
  for (AxisRefAttr axis : axes)
    if (Interval interval(axis, mesh); interval.size() > 1)
      left.push_back(interval);
  for (AxisRefAttr axis : remove) {
    SmallVector<Interval, 2> next;
    for (const Interval &interval : left)
      llvm::append_range(next, subtract(interval, Interval(axis, mesh)));
    left = std::move(next);
  }
  return canonical(toAxes(left, mesh), mesh);
}

std::optional<std::pair<Axes, Axes>> dist::splitMajor(ArrayRef<AxisRefAttr> axes, int64_t size, MeshAttr mesh) {
  SmallVector<Interval, 2> major, minor;
  for (AxisRefAttr axis : axes) {
    Interval interval(axis, mesh);
    if (size == 1) {
      minor.push_back(interval);
    } else if (size % interval.size() == 0) {
      major.push_back(interval);
      size /= interval.size();
    } else if (interval.size() % size == 0) {
      int64_t middle = interval.begin * size;
      major.emplace_back(interval.name, interval.begin, middle);
      minor.emplace_back(interval.name, middle, interval.end);
      size = 1;
    } else {
      return std::nullopt;
    }
  }
  if (size != 1)
    return std::nullopt;
  return std::make_pair(canonical(toAxes(major, mesh), mesh), canonical(toAxes(minor, mesh), mesh));
}

namespace {
/// How a rank's number and its place along one (sub-)axis depend on each other.
struct Digit {
  Digit(AxisRefAttr axis, MeshAttr mesh) {
    Interval interval(axis, mesh);
    size = interval.size();
    unit = std::max<int64_t>(1, mesh.sizeOf(interval.name) / interval.end);
    for (auto [name, ranks] : llvm::reverse(llvm::zip_equal(mesh.getNames(), mesh.getSizes()))) {
      if (name == interval.name)
        break;
      unit *= ranks;
    }
  }
  int64_t of(int64_t rank) const { return rank / unit % size; }

  int64_t unit; ///< by how much the rank's number grows from one place to the next
  int64_t size;
};
} // namespace

int64_t dist::placeOf(int64_t rank, ArrayRef<AxisRefAttr> axes, MeshAttr mesh) {
  int64_t place = 0;
  for (AxisRefAttr axis : axes) {
    Digit digit(axis, mesh);
    place = place * digit.size + digit.of(rank);
  }
  return place;
}

SmallVector<int64_t> dist::groupOf(int64_t rank, ArrayRef<AxisRefAttr> axes, MeshAttr mesh) {
  SmallVector<int64_t> group{rank};
  for (AxisRefAttr axis : axes) {
    Digit digit(axis, mesh);
    SmallVector<int64_t> next;
    for (int64_t member : group)
      for (int64_t place = 0; place < digit.size; ++place)
        next.push_back(member + (place - digit.of(member)) * digit.unit);
    group = std::move(next);
  }
  return group;
}

std::string dist::toString(ArrayRef<AxisRefAttr> axes) {
  auto spell = [](AxisRefAttr axis) {
    std::string name = axis.getName().str();
    return axis.isWhole() ? name : name + ":(" + std::to_string(axis.getPre()) + ")" + std::to_string(axis.getSize());
  };
  return llvm::join(llvm::map_range(axes, spell), ", ");
}

LogicalResult dist::verifyOnMesh(ArrayRef<AxisRefAttr> axes, MeshAttr mesh,
                                 function_ref<InFlightDiagnostic()> emitError) {
  for (AxisRefAttr axis : axes) {
    if (!llvm::is_contained(mesh.getNames(), axis.getName()))
      return emitError() << "names axis '" << toString(axis) << "', which the mesh " << mesh << " does not have";
    if (!axis.isWhole() && mesh.sizeOf(axis.getName()) % (axis.getPre() * axis.getSize()) != 0)
      return emitError() << "names sub-axis '" << toString(axis) << "', but the " << mesh.sizeOf(axis.getName())
                         << " ranks of the axis do not divide that way";
  }
  return success();
}
