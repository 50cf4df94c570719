//===- Buckets.cpp - gradients that are reduced together
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Buckets.h"

#include "dialects/dist/BucketLayout.h"

#include "llvm/ADT/MapVector.h"

#include <algorithm>

using namespace hfc;
using namespace hfc::collective;

int64_t Bucket::elements() const {
  dist::BucketLayout layout;
  for (const Reduction &member : members)
    layout.place(member.type().getNumElements());
  return layout.size();
}

/// A collective of one tensor that only reduces or agrees, used once.
static bool isLink(Operation *op) {
  return isa_and_nonnull<dist::AllReduceOp, dist::AgreeOp>(op) && op->getNumOperands() == 1 && op->hasOneUse() &&
         !cast<dist::CollectiveOpInterface>(op).getStart();
}

SmallVector<Reduction> collective::findReductions(func::FuncOp entry, const TrainingProgram &program) {
  Block &block = entry.getBody().front();
  llvm::DenseMap<Operation *, unsigned> numbers;
  for (Operation &op : block)
    numbers[&op] = numbers.size() + 1;
  SmallVector<Reduction> found;
  for (OpOperand &returned : block.getTerminator()->getOpOperands()) {
    auto state = entry.getResultAttrOfType<FlatSymbolRefAttr>(returned.getOperandNumber(), "hf.state");
    Gradient gradient = program.gradientOf(state);
    if (!gradient || gradient.state->hasAttr("hf.bucket"))
      continue;
    Reduction reduction{gradient, returned.getOwner(), returned.getOperandNumber(), {}, 0};
    Operation *source = returned.get().getDefiningOp();
    for (; isLink(source); source = source->getOperand(0).getDefiningOp())
      reduction.links.insert(reduction.links.begin(), source);
    if (reduction.links.empty())
      continue;
    reduction.ready = source ? numbers.lookup(source) : 0;
    found.push_back(std::move(reduction));
  }
  llvm::sort(found, [](const Reduction &a, const Reduction &b) {
    return std::pair(a.ready, a.result) < std::pair(b.ready, b.result);
  });
  return found;
}

/// What reductions must have in common to run as one.
static Attribute reductionKeyOf(const Reduction &reduction) {
  MLIRContext *context = reduction.links.front()->getContext();
  SmallVector<Attribute> parts{TypeAttr::get(reduction.type().getElementType())};
  for (Operation *link : reduction.links) {
    parts.push_back(link->getName().getIdentifier());
    parts.push_back(cast<dist::CollectiveOpInterface>(link).getAxes());
    if (auto reduce = dyn_cast<dist::AllReduceOp>(link))
      parts.push_back(reduce.getKindAttr());
  }
  return ArrayAttr::get(context, parts);
}

static int64_t bytesOf(RankedTensorType type) {
  return type.getNumElements() * static_cast<int64_t>(llvm::divideCeil(type.getElementTypeBitWidth(), 8));
}

SmallVector<Bucket> collective::fillBuckets(ArrayRef<Reduction> reductions, int64_t bytes,
                                            Attribute (*keyOf)(const Reduction &)) {
  struct Filling {
    unsigned bucket;
    int64_t bytes;
  };
  SmallVector<Bucket> buckets;
  llvm::DenseMap<Attribute, Filling> open;
  for (const Reduction &reduction : reductions) {
    int64_t size = bytesOf(reduction.type());
    Attribute key = reductionKeyOf(reduction);
    if (keyOf)
      key = ArrayAttr::get(key.getContext(), {key, keyOf(reduction)});
    auto [filling, isNew] = open.try_emplace(key, Filling{0, 0});
    if (isNew || filling->second.bytes + size > bytes) {
      filling->second = {static_cast<unsigned>(buckets.size()), 0};
      buckets.emplace_back();
    }
    buckets[filling->second.bucket].members.push_back(reduction);
    filling->second.bytes += size;
  }
  llvm::DenseMap<Operation *, unsigned> order;
  if (!reductions.empty())
    for (auto [number, op] : llvm::enumerate(*reductions.front().gradient.parameter->getBlock()))
      order[&op] = number;
  for (Bucket &bucket : buckets)
    llvm::sort(bucket.members, [&](const Reduction &a, const Reduction &b) {
      return order.lookup(a.gradient.parameter) < order.lookup(b.gradient.parameter);
    });
  return buckets;
}

hf::BucketOp BucketNames::declare(StringRef prefix, const Bucket &bucket, std::optional<int64_t> elements) {
  const Reduction &first = bucket.members.front();
  return declare(prefix, first.gradient.state, elements.value_or(bucket.elements()), first.type().getElementType());
}

hf::BucketOp BucketNames::declare(StringRef prefix, hf::StateOp state, int64_t elements, Type element) {
  std::string name;
  unsigned &next = counts[prefix];
  do
    name = (prefix + "." + Twine(next++)).str();
  while (symbols.lookup(name));
  OpBuilder builder(state);
  auto declared = hf::BucketOp::create(builder, state.getLoc(), name, RankedTensorType::get({elements}, element));
  symbols.insert(declared);
  return declared;
}

void collective::placeInBucket(const Bucket &bucket, hf::BucketOp declared) {
  auto symbol = FlatSymbolRefAttr::get(declared.getSymNameAttr());
  dist::BucketLayout layout;
  for (const Reduction &member : bucket.members) {
    hf::StateOp state = member.gradient.state;
    int64_t offset = layout.place(member.type().getNumElements());
    state->setAttr("hf.bucket", hf::PlaceAttr::get(declared.getContext(), symbol, offset));
  }
}
