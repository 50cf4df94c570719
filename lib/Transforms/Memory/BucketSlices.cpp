//===- BucketSlices.cpp - where parameters and states lie in buckets
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BucketSlices.h"

#include "dialects/dist/BucketLayout.h"
#include "dialects/hf/Hf.h"
#include "hfc/Support/LLVM.h"

#include "llvm/ADT/MapVector.h"

using namespace hfc;

namespace {
/// What lies in a bucket, and from which of its elements on.
struct Slice {
  Operation *owner;
  int64_t offset, elements;
};
} // namespace

static Type typeOf(Operation *owner) {
  if (auto parameter = dyn_cast<hf::ParameterOp>(owner))
    return parameter.getType();
  return cast<hf::StateOp>(owner).getType();
}

static std::string nameOf(Operation *owner) { return "@" + SymbolTable::getSymbolName(owner).str(); }

/// A state that is all of a bucket, as one tensor.
static LogicalResult verifyWhole(Operation *state, int64_t offset, int64_t elements, int64_t size) {
  if (offset == 0 && elements == size)
    return success();
  return state->emitOpError("has hf.of_bucket, so it is all of its bucket, but it has the ")
         << elements << " elements from " << offset << " on of " << size;
}

static LogicalResult verifyBucket(StringRef name, int64_t elements, SmallVectorImpl<Slice> &slices) {
  llvm::sort(slices, [](const Slice &a, const Slice &b) {
    return a.offset == b.offset ? a.owner->isBeforeInBlock(b.owner) : a.offset < b.offset;
  });
  dist::BucketLayout layout;
  Operation *before = nullptr;
  for (const Slice &slice : slices) {
    int64_t end = layout.size(), place = layout.place(slice.elements);
    if (slice.offset != place) {
      InFlightDiagnostic error = slice.owner->emitOpError(slice.offset < end ? "overlaps " : "does not follow on ")
                                 << (before ? nameOf(before) : "the beginning") << " in bucket @" << name
                                 << ": it begins at element " << slice.offset << ", not " << place
                                 << "; what lies in a bucket is densely packed, at multiples of "
                                 << dist::bucketAlignment;
      if (before)
        error.attachNote(before->getLoc()) << nameOf(before) << " lies before it, and ends at element " << end;
      return error;
    }
    before = slice.owner;
  }
  if (layout.size() <= elements)
    return success();
  return before->emitOpError("ends at element ")
         << layout.size() << " of bucket @" << name << ", which has " << elements;
}

LogicalResult memory::verifyBucketSlices(ModuleOp module) {
  llvm::MapVector<StringAttr, SmallVector<Slice>> slices, wholes;
  llvm::DenseMap<StringAttr, int64_t> sizes;
  for (Operation &op : module.getOps()) {
    if (auto bucket = dyn_cast<hf::BucketOp>(op))
      if (auto type = dyn_cast<RankedTensorType>(bucket.getType()))
        sizes[bucket.getSymNameAttr()] = type.getNumElements();
    auto place = isa<hf::ParameterOp, hf::StateOp>(op) ? op.getAttrOfType<hf::PlaceAttr>("hf.bucket") : hf::PlaceAttr();
    auto type = place ? dyn_cast<RankedTensorType>(typeOf(&op)) : RankedTensorType();
    if (!type)
      continue;
    Slice slice{&op, place.getOffset(), type.getNumElements()};
    (op.hasAttr("hf.of_bucket") ? wholes : slices)[place.getBucket().getAttr()].push_back(slice);
  }
  for (auto &[bucket, states] : wholes)
    for (const Slice &state : states)
      if (auto found = sizes.find(bucket); found != sizes.end())
        if (failed(verifyWhole(state.owner, state.offset, state.elements, found->second)))
          return failure();
  for (auto &[bucket, members] : slices)
    if (auto found = sizes.find(bucket); found != sizes.end())
      if (failed(verifyBucket(bucket.getValue(), found->second, members)))
        return failure();
  return success();
}
