//===- VerifyCollective.cpp - verifiers of collectives and coordinates
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/dist/BucketLayout.h"
#include "dialects/dist/Sharding.h"
#include "dialects/rt/Rt.h"

#include "llvm/Support/MathExtras.h"

using namespace hfc;
using namespace hfc::rt;

/// Checks that the mesh around `op` has the axes.
static LogicalResult verifyAxes(Operation *op, dist::AxisListAttr axes, StringRef constraint) {
  return dist::verifyOnMesh(axes.getAxes(), dist::meshOf(op),
                            [&] { return op->emitOpError("(") << constraint << ") "; });
}

LogicalResult CoordinateOp::verify() {
  auto type = cast<MemRefType>(getBuffer().getType());
  if (type.getRank() != 0 || !type.getElementType().isInteger(32))
    return emitOpError("(C1) the buffer must be memref<i32>, got ") << type;
  return verifyAxes(*this, getAxes(), "C2");
}

bool CollectiveOp::mayBeInPlace() {
  return llvm::is_contained(
      {CollectiveKind::all_reduce, CollectiveKind::agree, CollectiveKind::broadcast, CollectiveKind::send_receive},
      getKind());
}

namespace {
/// What a kind takes besides buffers.
struct Signature {
  bool reduces = false, hasDim = false, hasConcat = false, hasPlace = false;
  bool severalIns = false, severalOuts = false;
};

class CollectiveVerifier {
public:
  explicit CollectiveVerifier(CollectiveOp op) : op(op), kind(op.getKind()), signature(signatureOf(kind)) {}

  LogicalResult verify() {
    if (failed(verifyAxes(op, op.getAxes(), "C4")))
      return failure();
    auto id = static_cast<int64_t>(op.getId());
    if (id < 0 || id > std::numeric_limits<int32_t>::max())
      return op.emitOpError("(C4) has the number ") << id << "; collectives count from 0";
    group = dist::sizeOf(op.getAxes().getAxes(), dist::meshOf(op));
    if (failed(verifyBuffers()) || failed(verifyScratch()) || failed(verifyNumbers()))
      return failure();
    return verifyShapes();
  }

private:
  static Signature signatureOf(CollectiveKind kind) {
    Signature signature;
    switch (kind) {
    case CollectiveKind::all_reduce:
      signature.reduces = signature.severalIns = signature.severalOuts = true;
      break;
    case CollectiveKind::agree:
      signature.severalIns = signature.severalOuts = true;
      break;
    case CollectiveKind::all_gather:
      signature.hasDim = true;
      break;
    case CollectiveKind::reduce_scatter:
      signature.reduces = signature.hasDim = true;
      break;
    case CollectiveKind::all_to_all:
      signature.hasDim = signature.hasConcat = true;
      break;
    case CollectiveKind::broadcast:
    case CollectiveKind::send_receive:
      signature.hasPlace = true;
      break;
    case CollectiveKind::reduce_scatter_bucket:
      signature.reduces = signature.severalIns = true;
      break;
    case CollectiveKind::all_gather_bucket:
      signature.severalOuts = true;
      break;
    }
    return signature;
  }

  static ArrayRef<int64_t> shapeOf(Value buffer) { return cast<MemRefType>(buffer.getType()).getShape(); }

  static int64_t elementsOfBucket(ValueRange buffers) {
    dist::BucketLayout layout;
    for (Value buffer : buffers)
      layout.place(ShapedType::getNumElements(shapeOf(buffer)));
    return layout.size();
  }

  InFlightDiagnostic shapesDiffer(const Twine &wanted) {
    return op.emitOpError("(C3) gives [") << shapeOf(op.getOuts()[0]) << "] of [" << shapeOf(op.getIns()[0])
                                          << "] in groups of " << group << ", but " << wanted;
  }

  LogicalResult verifyBuffers() {
    size_t ins = op.getIns().size(), outs = op.getOuts().size();
    if (ins == 0 || outs == 0 || (ins > 1 && !signature.severalIns) || (outs > 1 && !signature.severalOuts))
      return op.emitOpError("(C1) does not take ") << ins << " ins and " << outs << " outs";
    Type element = cast<MemRefType>(op.getIns()[0].getType()).getElementType();
    for (Value buffer : op.getOperands())
      if (Type other = cast<MemRefType>(buffer.getType()).getElementType(); other != element)
        return op.emitOpError("(C1) has buffers of ") << element << " and of " << other;
    return success();
  }

  LogicalResult verifyScratch() {
    Value scratch = op.getScratch();
    if (!scratch)
      return success();
    if (!scratch.getDefiningOp<ArenaOp>() || shapeOf(scratch).size() != 1)
      return op.emitOpError("(C5) the scratch memory must be an rt.arena of rank 1, got ") << scratch.getType();
    if (llvm::is_contained(op.getIns(), scratch) || llvm::is_contained(op.getOuts(), scratch))
      return op.emitOpError("(C5) the scratch memory must be no other operand");
    return success();
  }

  LogicalResult verifyNumber(std::optional<uint64_t> value, bool wanted, StringRef name, int64_t least, int64_t end) {
    if (value.has_value() != wanted)
      return op.emitOpError("(C2) ") << (wanted ? "needs the attribute " : "does not take the attribute ") << name;
    int64_t number = value.value_or(least);
    if (wanted && (number < least || number >= end))
      return op.emitOpError("(C2) ") << name << " is " << number << ", not from " << least << " to " << end - 1;
    return success();
  }

  LogicalResult verifyNumbers() {
    if (op.getReduction().has_value() != signature.reduces)
      return op.emitOpError("(C2) ") << (signature.reduces ? "needs" : "does not take") << " a reduction";
    int64_t rank = shapeOf(op.getIns()[0]).size();
    if (failed(verifyNumber(op.getDim(), signature.hasDim, "dim", 0, rank)) ||
        failed(verifyNumber(op.getConcat(), signature.hasConcat, "concat", 0, rank)))
      return failure();
    int64_t least = kind == CollectiveKind::send_receive ? 1 - group : 0;
    return verifyNumber(op.getPlace(), signature.hasPlace, "place", least, group);
  }

  LogicalResult verifyShapes() {
    switch (kind) {
    case CollectiveKind::all_reduce:
    case CollectiveKind::agree:
    case CollectiveKind::broadcast:
    case CollectiveKind::send_receive:
      return sameTypes();
    case CollectiveKind::all_gather:
      return scattered(op.getOuts()[0], op.getIns()[0]);
    case CollectiveKind::reduce_scatter:
      return scattered(op.getIns()[0], op.getOuts()[0]);
    case CollectiveKind::all_to_all:
      return exchanged();
    case CollectiveKind::reduce_scatter_bucket:
      return inBucket(op.getIns(), op.getOuts()[0]);
    case CollectiveKind::all_gather_bucket:
      return inBucket(op.getOuts(), op.getIns()[0]);
    }
    return success();
  }

  LogicalResult sameTypes() {
    if (op.getIns().getTypes() != op.getOuts().getTypes())
      return op.emitOpError("(C3) ins and outs must have the same types");
    return success();
  }

  /// Whether `piece` is one of the group's pieces of `whole` along `dim`.
  LogicalResult scattered(Value whole, Value piece) {
    SmallVector<int64_t> expected(shapeOf(whole));
    int64_t dim = *op.getDim();
    if (dim < static_cast<int64_t>(expected.size()))
      expected[dim] = llvm::divideCeil(expected[dim], group);
    if (shapeOf(piece) != ArrayRef(expected))
      return shapesDiffer("a rank's piece of the larger along dimension " + Twine(dim) + " is another");
    return success();
  }

  LogicalResult exchanged() {
    int64_t split = *op.getDim(), concat = *op.getConcat();
    SmallVector<int64_t> expected(shapeOf(op.getIns()[0]));
    if (split == concat || expected[split] % group)
      return op.emitOpError("(C2) cannot cut dimension ")
             << split << " of [" << expected << "] in " << group << " and join along dimension " << concat;
    expected[split] /= group;
    expected[concat] *= group;
    if (shapeOf(op.getOuts()[0]) != ArrayRef(expected))
      return shapesDiffer("an exchange of dimension " + Twine(split) + " for " + Twine(concat) + " gives another");
    return success();
  }

  LogicalResult inBucket(ValueRange tensors, Value piece) {
    if (shapeOf(piece).size() != 1 || shapeOf(piece)[0] * group < elementsOfBucket(tensors))
      return op.emitOpError("(C3) the piece has shape [")
             << shapeOf(piece) << "]; " << group << " pieces of rank 1 must hold " << elementsOfBucket(tensors)
             << " elements";
    return success();
  }

  CollectiveOp op;
  CollectiveKind kind;
  Signature signature;
  int64_t group = 1;
};
} // namespace

LogicalResult CollectiveOp::verify() { return CollectiveVerifier(*this).verify(); }
