//===- View.h - memory read as one sequence of bytes
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_HOST_COMM_VIEW_H
#define HFC_LIB_RUNTIME_HOST_COMM_VIEW_H

#include <algorithm>
#include <cstdint>
#include <vector>

namespace hfc::host {

/// Runs of equal length at equal distances.
struct Segment {
  char *data = nullptr;
  int64_t runs = 0, runBytes = 0, stride = 0;
};

/// What a rank sends or receives, wherever it lies: segments, one after the other.
class View {
public:
  View() = default;
  View(void *data, int64_t bytes) { add({static_cast<char *>(data), 1, bytes, bytes}); }
  explicit View(Segment segment) { add(segment); }

  /// Empty segments are dropped, and runs that touch become one.
  void add(Segment segment);

  int64_t bytes() const { return total; }
  const std::vector<Segment> &segments() const { return list; }

private:
  std::vector<Segment> list;
  int64_t total = 0;
};

/// Reads or writes a view from its beginning to its end.
class Cursor {
public:
  Cursor() = default;
  /// The view must outlive the cursor.
  explicit Cursor(const View &view) : view(&view), left(view.bytes()) {}

  int64_t bytesLeft() const { return left; }
  /// What lies together from here on.
  char *data() const { return segment().data + run * segment().stride + offset; }
  int64_t contiguous() const { return left ? segment().runBytes - offset : 0; }
  /// At most `contiguous()`.
  void advance(int64_t bytes);

private:
  const Segment &segment() const { return view->segments()[index]; }

  const View *view = nullptr;
  size_t index = 0;
  int64_t run = 0, offset = 0, left = 0;
};

/// Copies as many bytes as `target` takes; `source` has as many. A view onto itself is left alone.
void copyView(const View &target, const View &source);
void zeroView(const View &target);

} // namespace hfc::host

#endif // HFC_LIB_RUNTIME_HOST_COMM_VIEW_H
