//===- MovedParts.cpp - parts that one value has in another order
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rotary embeddings join the second half of a value, negated, to its first. Lanes that branch to one or the other wait
// for both, one after the other; so the place is chosen, and the value is read there once.
//
//===----------------------------------------------------------------------===//

#include "ElementEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include <numeric>

using namespace hfc;

namespace {
/// A part that stands from `offset` on in `source`, and what is done to its elements, the last first.
struct MovedPart {
  Value source;
  int64_t offset;
  SmallVector<Operation *, 2> functions;
};
} // namespace

static std::optional<MovedPart> matchMovedPart(Value part, int64_t dim) {
  MovedPart moved;
  for (Operation *op = part.getDefiningOp(); op; op = op->getOperand(0).getDefiningOp()) {
    if (auto slice = dyn_cast<hf::SliceOp>(op)) {
      ArrayRef<int64_t> from = slice.getX().getType().getShape(), to = slice.getType().getShape();
      for (auto [place, sizes] : llvm::enumerate(llvm::zip_equal(from, to)))
        if (static_cast<int64_t>(place) != dim && std::get<0>(sizes) != std::get<1>(sizes))
          return std::nullopt;
      moved.source = slice.getX();
      moved.offset = slice.getOffsets()[dim];
      return moved;
    }
    // Cheap enough to be done to elements of other parts, too.
    if (!isa<hf::NegOp, hf::ConvertOp>(op))
      return std::nullopt;
    moved.functions.push_back(op);
  }
  return std::nullopt;
}

/// The element of `op` that `group`, which begins with the joined dimension, is at. Fails where its parts are not parts
/// of one value.
FailureOr<Value> ElementEmitter::emitMoved(hf::ConcatOp op, const Indices &indices, size_t group) {
  SmallVector<MovedPart> parts;
  for (Value input : op.getInputs()) {
    std::optional<MovedPart> part = matchMovedPart(input, op.getDim());
    if (!part || (!parts.empty() && part->source != parts.front().source))
      return failure();
    parts.push_back(std::move(*part));
  }
  const IndexGroup &whole = indices[group];
  int64_t stride = whole.size() / whole.extents[0], step = whole.lane * index.width;
  SmallVector<Value> inside;
  SmallVector<int64_t> shifts;
  int64_t begin = 0, multiple = whole.multiple;
  for (auto [part, input] : llvm::zip_equal(parts, op.getInputs())) {
    shifts.push_back((part.offset - begin) * stride);
    multiple = std::gcd(multiple, shifts.back());
    begin += cast<RankedTensorType>(input.getType()).getDimSize(op.getDim());
    // All lanes must choose the same.
    if (step && (whole.multiple % step || begin * stride % step))
      return Value();
    inside.push_back(arith::CmpIOp::create(b, arith::CmpIPredicate::ult, whole.base, index.constant(begin * stride)));
  }
  auto choose = [&](function_ref<Value(size_t)> valueOf) {
    Value result = valueOf(parts.size() - 1);
    for (size_t part = parts.size() - 1; part-- > 0;)
      result = arith::SelectOp::create(b, inside[part], valueOf(part), result);
    return result;
  };
  Indices at = indices;
  at[group].base = index.add(whole.base, choose([&](size_t part) { return index.constant(shifts[part]); }));
  at[group].multiple = multiple;
  at[group].extents[0] = cast<RankedTensorType>(parts.front().source.getType()).getDimSize(op.getDim());
  Value read = emit(parts.front().source, at);
  if (!read)
    return Value();
  return choose([&](size_t part) {
    Value result = read;
    for (Operation *function : llvm::reverse(parts[part].functions))
      result = emitScalarOp(b, function, result);
    return result;
  });
}
