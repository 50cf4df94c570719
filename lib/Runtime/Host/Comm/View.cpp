//===- View.cpp - memory read as one sequence of bytes
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "View.h"

#include <cstring>

namespace hfc::host {

void View::add(Segment segment) {
  if (segment.runs <= 0 || segment.runBytes <= 0)
    return;
  if (segment.stride == segment.runBytes) {
    segment.runBytes *= segment.runs;
    segment.stride = segment.runBytes;
    segment.runs = 1;
  }
  total += segment.runs * segment.runBytes;
  list.push_back(segment);
}

void Cursor::advance(int64_t bytes) {
  left -= bytes;
  offset += bytes;
  if (offset < segment().runBytes)
    return;
  offset = 0;
  if (++run < segment().runs)
    return;
  run = 0;
  ++index;
}

void copyView(const View &target, const View &source) {
  Cursor to(target), from(source);
  while (to.bytesLeft() > 0) {
    int64_t bytes = std::min(to.contiguous(), from.contiguous());
    if (to.data() != from.data())
      std::memcpy(to.data(), from.data(), bytes);
    to.advance(bytes);
    from.advance(bytes);
  }
}

void zeroView(const View &target) {
  for (Cursor to(target); to.bytesLeft() > 0;) {
    int64_t bytes = to.contiguous();
    std::memset(to.data(), 0, bytes);
    to.advance(bytes);
  }
}

} // namespace hfc::host
