//===- FlatBucket.cpp - parameters as ranks divide them with ZeRO
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Interpreter/FlatBucket.h"

#include "Collectives.h"
#include "hfc/Interpreter/Placement.h"

#include "dialects/dist/Sharding.h"
#include "dialects/hf/Hf.h"

using namespace hfc;
using namespace hfc::interpreter;

static FlatBucket::Member memberOf(hf::ParameterOp op, int64_t offset) {
  auto type = cast<RankedTensorType>(op.getType());
  FlatBucket::Member member;
  member.offset = offset;
  member.port.name = op.getSymName().str();
  member.port.element = *elementOf(type.getElementType());
  member.port.sharding = op->getAttrOfType<dist::ShardingAttr>(dist::shardingName);
  ArrayRef<int64_t> shape = type.getShape();
  if (member.port.sharding && !member.port.sharding.getGlobal().empty())
    shape = member.port.sharding.getGlobal();
  member.port.shape.assign(shape.begin(), shape.end());
  return member;
}

llvm::Expected<FlatBucket> FlatBucket::of(ModuleOp module, StringRef name) {
  FlatBucket flat;
  flat.mesh = dist::meshOf(module);
  auto state = module.lookupSymbol<hf::StateOp>(name);
  auto symbol = state ? state->getAttrOfType<FlatSymbolRefAttr>("hf.of_bucket") : FlatSymbolRefAttr();
  auto bucket = symbol ? module.lookupSymbol<hf::BucketOp>(symbol.getValue()) : hf::BucketOp();
  auto sharding = state ? state->getAttrOfType<dist::ShardingAttr>(dist::shardingName) : dist::ShardingAttr();
  if (!bucket || (sharding && sharding.getGlobal().size() != 1))
    return makeError("state '" + name + "' is no piece of a bucket");
  flat.group = bucket->getAttrOfType<dist::AxisListAttr>("hf.group");
  if (!flat.group)
    flat.group = dist::AxisListAttr::get(module.getContext(), {});
  dist::Axes cut;
  if (sharding)
    cut = dist::without(sharding.axesOf(0), flat.group.getAxes(), flat.mesh);
  flat.cut = dist::AxisListAttr::get(module.getContext(), cut);
  flat.size = cast<RankedTensorType>(bucket.getType()).getNumElements();
  flat.total = sharding ? sharding.getGlobal().front() : flat.size;
  for (auto parameter : module.getOps<hf::ParameterOp>())
    if (auto place = parameter->getAttrOfType<hf::PlaceAttr>("hf.bucket"); place && place.getBucket() == symbol)
      flat.parameters.push_back(memberOf(parameter, place.getOffset()));
  return flat;
}

bool FlatBucket::hasLayoutOf(const FlatBucket &other) const {
  auto isSame = [](const Member &a, const Member &b) {
    return a.port.name == b.port.name && a.offset == b.offset && a.port.shape == b.port.shape;
  };
  return size == other.size && total == other.total && parameters.size() == other.parameters.size() &&
         std::equal(parameters.begin(), parameters.end(), other.parameters.begin(), isSame);
}

int64_t FlatBucket::baseOf(int64_t rank) const { return dist::placeOf(rank, cut.getAxes(), mesh) * size; }

llvm::Expected<Tensor> FlatBucket::pack(Element element, const TensorMap &values) const {
  Tensor flat(element, {total});
  for (int64_t rank = 0; rank < mesh.ranks(); ++rank) {
    if (dist::placeOf(rank, group.getAxes(), mesh) != 0)
      continue;
    for (const Member &member : parameters) {
      auto value = values.find(member.port.name);
      if (value == values.end())
        return makeError("parameter '" + member.port.name + "' of a bucket has no value");
      Tensor piece = Placement(mesh, member.port.sharding, member.port.shape).localize(value->second, rank, 0);
      int64_t first = baseOf(rank) + member.offset;
      if (first + piece.size() > total)
        return makeError("parameter '" + member.port.name + "' does not lie in its bucket");
      llvm::copy(piece.words(), flat.mutableWords().begin() + first);
    }
  }
  return flat;
}

llvm::Expected<Tensor> FlatBucket::unpack(const Domain &domain, const Member &member, const Tensor &flat) const {
  Placement placement(mesh, member.port.sharding, member.port.shape);
  SmallVector<int64_t> local = placement.localShape();
  SmallVector<Tensor> pieces;
  for (int64_t rank = 0; rank < mesh.ranks(); ++rank) {
    int64_t first = baseOf(rank) + member.offset;
    if (first + countOf(local) > flat.size())
      return makeError("parameter '" + member.port.name + "' does not lie in its bucket");
    pieces.push_back(interpreter::cut(flat, 0, first, countOf(local)).withShape(local));
  }
  return placement.assemble(domain, pieces, /*isPaddedWithZeros=*/true);
}
