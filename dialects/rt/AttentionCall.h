//===- AttentionCall.h - the sizes of an attention's launch -------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_RT_ATTENTIONCALL_H
#define HFC_DIALECTS_RT_ATTENTIONCALL_H

#include "dialects/rt/Rt.h"

#include <array>

namespace hfc::rt {

/// The buffers of a launch that a library may do, by their parts in the attention. The launch is valid, or its numbers
/// of buffers have been checked.
class AttentionCall {
public:
  explicit AttentionCall(LaunchOp launch) : launch(launch), library(*launch.getLibrary()) {}

  /// How many buffers a launch has in front of its masks, as masks, and behind them.
  static unsigned countOperands(AttentionKind kind) { return kind == AttentionKind::backward ? 6 : 3; }
  static unsigned countMasks(AttentionAttr library) {
    return (library.getKeyMask() ? 1 : 0) + (library.getSegments() ? 2 : 0);
  }
  static unsigned countResults(AttentionKind kind) {
    return kind == AttentionKind::forward ? 1 : kind == AttentionKind::with_statistics ? 2 : 3;
  }

  bool isBackward() const { return library.getKind() == AttentionKind::backward; }
  Value query() const { return ins()[isBackward() ? 1 : 0]; }
  Value key() const { return ins()[isBackward() ? 2 : 1]; }
  Value value() const { return ins()[isBackward() ? 3 : 2]; }
  /// Of a backward pass the operand.
  Value result() const { return isBackward() ? ins()[4] : outs()[0]; }
  /// Null of a forward pass without statistics.
  Value logSum() const;
  OperandRange masks() const { return ins().slice(countOperands(library.getKind()), countMasks(library)); }

  struct Sizes {
    int64_t batch, heads, positions, depth;
  };
  Sizes sizesOf(Value tensor) const;
  /// In elements: of batch, head, position.
  std::array<int64_t, 3> stridesOf(Value tensor) const;

private:
  OperandRange ins() const { return launch.getIns(); }
  OperandRange outs() const { return launch.getOuts(); }

  mutable LaunchOp launch;
  AttentionAttr library;
};

/// Checks that a launch with `library` has the buffers of such an attention.
LogicalResult verifyAttentionCall(LaunchOp launch);

} // namespace hfc::rt

#endif // HFC_DIALECTS_RT_ATTENTIONCALL_H
