//===- AccessLog.cpp - who touched which bytes last
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AccessLog.h"

using namespace hfc;
using namespace hfc::memory;

void AccessLog::splitAt(int64_t position) {
  auto after = segments.upper_bound(position);
  if (after == segments.begin())
    return;
  auto before = std::prev(after);
  if (before->first == position || before->second.end <= position)
    return;
  Segment tail = before->second;
  before->second.end = position;
  segments.emplace(position, std::move(tail));
}

SmallVector<AccessLog::Segment *> AccessLog::cut(int64_t begin, int64_t end) {
  splitAt(begin);
  splitAt(end);
  SmallVector<Segment *> found;
  for (int64_t position = begin; position < end;) {
    auto next = segments.lower_bound(position);
    if (next == segments.end() || next->first > position) {
      int64_t gapEnd = next == segments.end() ? end : std::min(end, next->first);
      next = segments.emplace(position, Segment{gapEnd, std::nullopt, {}}).first;
    }
    found.push_back(&next->second);
    position = next->second.end;
  }
  return found;
}
