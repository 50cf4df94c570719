//===- Verify.cpp - verifiers of dist ops
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What depends on the sizes of axes is checked where the module has a mesh.
//
//===----------------------------------------------------------------------===//

#include "dialects/dist/BucketLayout.h"
#include "dialects/dist/Sharding.h"

#include "llvm/Support/MathExtras.h"

using namespace hfc;
using namespace hfc::dist;

static ShapedType shaped(Value value) { return cast<ShapedType>(value.getType()); }

LogicalResult ReshardOp::verify() {
  int64_t rank = shaped(getX()).getRank(), dims = getTo().getDims().size();
  if (rank != dims)
    return emitOpError("(C1) gives ") << dims << " dimensions to a tensor of " << rank;
  if (isMaterialized(*this))
    return emitOpError("(C2) is left in a module whose types are local; materializing turns it into collectives");
  return success();
}

//===----------------------------------------------------------------------===//
// What collectives share
//===----------------------------------------------------------------------===//

/// The ranks of a group, if the module says how many there are.
static std::optional<int64_t> groupSize(CollectiveOpInterface op) {
  MeshAttr mesh = findMesh(op);
  return mesh ? std::optional(sizeOf(op.getAxes().getAxes(), mesh)) : std::nullopt;
}

/// Axes are the mesh's, one element type, results of a `start` are read by `dist.done`.
static LogicalResult verifyCollective(CollectiveOpInterface op) {
  if (MeshAttr mesh = findMesh(op))
    if (failed(verifyOnMesh(op.getAxes().getAxes(), mesh, [&] { return op->emitOpError(); })))
      return failure();
  if (op->getNumOperands() == 0 || op->getNumResults() == 0)
    return op->emitOpError("(C1) must have at least one input and one result");
  Type element = shaped(op->getOperand(0)).getElementType();
  for (Type type :
       llvm::concat<Type>(SmallVector<Type>(op->getOperandTypes()), SmallVector<Type>(op->getResultTypes())))
    if (cast<ShapedType>(type).getElementType() != element)
      return op->emitOpError("(C1) is one transfer, of one element type, but has ")
             << element << " and " << cast<ShapedType>(type).getElementType();
  if (!op.getStart())
    return success();
  for (OpResult result : op->getResults())
    for (Operation *user : result.getUsers())
      if (!isa<DoneOp>(user))
        return op->emitOpError("(C2) is only begun, but its result is read by '")
               << user->getName() << "' before a dist.done waits for it";
  return success();
}

static LogicalResult verifyDim(Operation *op, StringRef name, int64_t dim) {
  int64_t rank = shaped(op->getOperand(0)).getRank();
  if (dim >= 0 && dim < rank)
    return success();
  return op->emitOpError("(C1) ") << name << ' ' << dim << " is no dimension of " << op->getOperand(0).getType();
}

/// Checks that the first operand and result agree in all dimensions but those.
static LogicalResult verifyOtherDims(Operation *op, ArrayRef<int64_t> dims) {
  ArrayRef<int64_t> in = shaped(op->getOperand(0)).getShape(), out = shaped(op->getResult(0)).getShape();
  bool agree = in.size() == out.size();
  for (size_t dim = 0; agree && dim < in.size(); ++dim)
    agree = in[dim] == out[dim] || llvm::is_contained(dims, static_cast<int64_t>(dim));
  if (agree)
    return success();
  return op->emitOpError("(C1) changes ") << op->getOperand(0).getType() << " to " << op->getResult(0).getType()
                                          << "; only the dimensions along which it works may differ";
}

/// Checks that `group` pieces of `piece` make `whole`, the last ones perhaps padded.
static LogicalResult verifyPieces(Operation *op, int64_t dim, int64_t whole, int64_t piece,
                                  std::optional<int64_t> group) {
  bool fits = group ? static_cast<int64_t>(llvm::divideCeil(whole, *group)) == piece : piece <= whole;
  if (fits)
    return success();
  InFlightDiagnostic error = op->emitOpError("(C1) dimension ");
  error << dim << " of " << whole << " elements has no pieces of " << piece;
  if (group)
    error << " over " << *group << " ranks; they would be of " << static_cast<int64_t>(llvm::divideCeil(whole, *group));
  return error;
}

/// Checks that one flat piece from each rank holds all the tensors.
static LogicalResult verifyBucket(Operation *op, Value piece, ValueRange tensors, std::optional<int64_t> group) {
  if (shaped(piece).getRank() != 1)
    return op->emitOpError("(C1) a piece of a bucket has rank 1, got ") << piece.getType();
  BucketLayout layout;
  for (Value tensor : tensors)
    layout.place(shaped(tensor).getNumElements());
  int64_t capacity = 0;
  if (!group || llvm::MulOverflow(*group, shaped(piece).getNumElements(), capacity) || capacity >= layout.size())
    return success();
  return op->emitOpError("(C1) ") << *group << " pieces of " << shaped(piece).getNumElements()
                                  << " elements do not hold the " << layout.size()
                                  << " of the bucket, whose tensors begin at multiples of " << bucketAlignment;
}

//===----------------------------------------------------------------------===//
// Each collective
//===----------------------------------------------------------------------===//

LogicalResult AllReduceOp::verify() { return verifyCollective(*this); }

LogicalResult AgreeOp::verify() { return verifyCollective(*this); }

LogicalResult AllGatherOp::verify() {
  int64_t dim = getDim();
  if (failed(verifyCollective(*this)) || failed(verifyDim(*this, "dim", dim)) || failed(verifyOtherDims(*this, dim)))
    return failure();
  return verifyPieces(*this, dim, shaped(getResult()).getDimSize(dim), shaped(getInput()).getDimSize(dim),
                      groupSize(*this));
}

LogicalResult ReduceScatterOp::verify() {
  int64_t dim = getDim();
  if (failed(verifyCollective(*this)) || failed(verifyDim(*this, "dim", dim)) || failed(verifyOtherDims(*this, dim)))
    return failure();
  return verifyPieces(*this, dim, shaped(getInput()).getDimSize(dim), shaped(getResult()).getDimSize(dim),
                      groupSize(*this));
}

LogicalResult AllToAllOp::verify() {
  int64_t split = getSplit(), concat = getConcat();
  if (failed(verifyCollective(*this)) || failed(verifyDim(*this, "split", split)) ||
      failed(verifyDim(*this, "concat", concat)))
    return failure();
  if (split == concat)
    return emitOpError("(C1) splits and joins along the same dimension, ") << split;
  if (failed(verifyOtherDims(*this, {split, concat})))
    return failure();
  std::optional<int64_t> group = groupSize(*this);
  ShapedType in = shaped(getInput()), out = shaped(getResult());
  if (group && in.getDimSize(split) % *group != 0)
    return emitOpError("(C1) dimension ")
           << split << " of " << in.getDimSize(split) << " elements does not divide among " << *group << " ranks";
  return failure(failed(verifyPieces(*this, split, in.getDimSize(split), out.getDimSize(split), group)) ||
                 failed(verifyPieces(*this, concat, out.getDimSize(concat), in.getDimSize(concat), group)));
}

LogicalResult BroadcastOp::verify() {
  if (failed(verifyCollective(*this)))
    return failure();
  std::optional<int64_t> group = groupSize(*this);
  int64_t root = getRoot();
  if (root < 0 || (group && root >= *group))
    return emitOpError("(C1) place ") << root << " is not in the group" << (group ? " of " + Twine(*group) : Twine(""));
  return success();
}

LogicalResult SendReceiveOp::verify() { return verifyCollective(*this); }

LogicalResult ReduceScatterBucketOp::verify() {
  return failure(failed(verifyCollective(*this)) ||
                 failed(verifyBucket(*this, getResult(), getInputs(), groupSize(*this))));
}

LogicalResult AllGatherBucketOp::verify() {
  return failure(failed(verifyCollective(*this)) ||
                 failed(verifyBucket(*this, getInput(), getResults(), groupSize(*this))));
}

LogicalResult DoneOp::verify() {
  Operation *begun = getInputs().empty() ? nullptr : getInputs().front().getDefiningOp();
  auto collective = dyn_cast_or_null<CollectiveOpInterface>(begun);
  if (!collective || !collective.getStart())
    return emitOpError("(C1) must wait for the results of a collective with 'start'");
  if (!llvm::equal(getInputs(), begun->getResults()))
    return emitOpError("(C1) must take all ")
           << begun->getNumResults() << " results of one collective, in order; it takes " << getInputs().size();
  return success();
}
