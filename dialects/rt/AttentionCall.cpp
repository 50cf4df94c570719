//===- AttentionCall.cpp - the sizes of an attention's launch
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/rt/AttentionCall.h"

using namespace hfc;
using namespace hfc::rt;

Value AttentionCall::logSum() const {
  switch (library.getKind()) {
  case AttentionKind::forward:
    return {};
  case AttentionKind::with_statistics:
    return outs()[1];
  case AttentionKind::backward:
    return ins()[5];
  }
  llvm_unreachable("every kind is handled");
}

/// Where batch, head and position stand.
static std::array<unsigned, 3> placesOf(hf::HeadLayout layout) {
  switch (layout) {
  case hf::HeadLayout::bshd:
    return {0, 2, 1};
  case hf::HeadLayout::bhsd:
    return {0, 1, 2};
  case hf::HeadLayout::sbhd:
    return {1, 2, 0};
  }
  llvm_unreachable("every layout is handled");
}

AttentionCall::Sizes AttentionCall::sizesOf(Value tensor) const {
  ArrayRef<int64_t> shape = cast<MemRefType>(tensor.getType()).getShape();
  auto [batch, head, position] = placesOf(library.getLayout());
  return {shape[batch], shape[head], shape[position], shape[3]};
}

std::array<int64_t, 3> AttentionCall::stridesOf(Value tensor) const {
  ArrayRef<int64_t> shape = cast<MemRefType>(tensor.getType()).getShape();
  std::array<int64_t, 3> ofDims{shape[1] * shape[2] * shape[3], shape[2] * shape[3], shape[3]};
  auto [batch, head, position] = placesOf(library.getLayout());
  return {ofDims[batch], ofDims[head], ofDims[position]};
}
