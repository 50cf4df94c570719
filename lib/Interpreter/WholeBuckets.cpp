//===- WholeBuckets.cpp - buckets as one tensor, and what lies in them
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WholeBuckets.h"

#include "dialects/dist/Sharding.h"
#include "dialects/hf/Hf.h"

using namespace hfc;
using namespace hfc::interpreter;

static RankedTensorType typeOf(Operation *op) {
  auto type = op->getAttrOfType<TypeAttr>("type");
  return type ? dyn_cast<RankedTensorType>(type.getValue()) : RankedTensorType();
}

static Port portOf(Operation *op, RankedTensorType type) {
  Port port;
  port.name = SymbolTable::getSymbolName(op).str();
  port.element = *elementOf(type.getElementType());
  port.sharding = op->getAttrOfType<dist::ShardingAttr>(dist::shardingName);
  ArrayRef<int64_t> shape = type.getShape();
  if (port.sharding && !port.sharding.getGlobal().empty())
    shape = port.sharding.getGlobal();
  port.shape.assign(shape.begin(), shape.end());
  return port;
}

WholeBuckets::WholeBuckets(ModuleOp module) {
  std::map<StringRef, StringRef> names;
  for (auto state : module.getOps<hf::StateOp>())
    if (auto place = state->getAttrOfType<hf::PlaceAttr>("hf.bucket"); place && state->hasAttr("hf.of_bucket"))
      if (RankedTensorType type = typeOf(state)) {
        names[place.getBucket().getValue()] = state.getSymName();
        buckets[state.getSymName().str()].elements = type.getNumElements();
      }
  if (buckets.empty())
    return;
  for (Operation &op : module.getOps()) {
    auto place = op.getAttrOfType<hf::PlaceAttr>("hf.bucket");
    if (!place || op.hasAttr("hf.of_bucket") || !isa<hf::ParameterOp, hf::StateOp>(op))
      continue;
    auto found = names.find(place.getBucket().getValue());
    RankedTensorType type = typeOf(&op);
    if (found == names.end() || !type || !elementOf(type.getElementType()))
      continue;
    Member member{portOf(&op, type), isa<hf::ParameterOp>(op), place.getOffset(), {}};
    member.localShape.assign(type.getShape().begin(), type.getShape().end());
    owners[member.port.name] = found->second.str();
    buckets[found->second.str()].members.push_back(std::move(member));
  }
}

llvm::Error WholeBuckets::join(ArrayRef<Port> taken, Store &parameters, Store &states, int64_t ranks) const {
  for (const Port &port : taken) {
    auto bucket = buckets.find(port.name);
    if (bucket == buckets.end() || !port.isRead || states.has(port.name))
      continue;
    for (const Member &member : bucket->second.members)
      if (llvm::Error error =
              (member.isParameter ? parameters : states).prepare(member.port, /*zeroIfAbsent=*/!member.isParameter))
        return error;
    for (int64_t rank = 0; rank < ranks; ++rank) {
      Tensor flat(port.element, {bucket->second.elements});
      for (const Member &member : bucket->second.members) {
        const Tensor &part = (member.isParameter ? parameters : states).rank(rank).at(member.port.name);
        if (member.offset + part.size() > flat.size())
          return makeError("'" + member.port.name + "' does not lie in its bucket");
        llvm::copy(part.words(), flat.mutableWords().begin() + member.offset);
      }
      states.rank(rank)[port.name] = std::move(flat);
    }
    states.adopt(port);
  }
  return llvm::Error::success();
}

void WholeBuckets::split(ArrayRef<Port> given, Store &parameters, Store &states, int64_t ranks) const {
  for (const Port &port : given) {
    auto bucket = buckets.find(port.name);
    if (bucket == buckets.end())
      continue;
    for (const Member &member : bucket->second.members) {
      Store &store = member.isParameter ? parameters : states;
      for (int64_t rank = 0; rank < ranks; ++rank) {
        Tensor part(member.port.element, member.localShape);
        const Tensor &flat = states.rank(rank).at(port.name);
        llvm::copy(flat.words().slice(member.offset, part.size()), part.mutableWords().begin());
        store.rank(rank)[member.port.name] = std::move(part);
      }
      store.adopt(member.port);
    }
  }
}

void WholeBuckets::forget(StringRef part, Store &states) const {
  if (auto owner = owners.find(part.str()); owner != owners.end())
    states.drop(owner->second);
}

void WholeBuckets::forget(ArrayRef<Port> parts, Store &states) const {
  for (const Port &port : parts)
    if (auto owner = owners.find(port.name); owner != owners.end())
      states.dropAll(owner->second);
}
