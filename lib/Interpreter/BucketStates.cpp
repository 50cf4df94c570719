//===- BucketStates.cpp - states of buckets beside states of parameters
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BucketStates.h"

#include "Primitives.h"

using namespace hfc;
using namespace hfc::interpreter;

/// States by the parameter that they are of and their role.
static std::map<std::pair<StringRef, StringRef>, StringRef> statesByRole(ModuleOp module) {
  std::map<std::pair<StringRef, StringRef>, StringRef> states;
  for (auto state : module.getOps<hf::StateOp>()) {
    auto of = state->getAttrOfType<FlatSymbolRefAttr>("hf.of");
    auto role = state->getAttrOfType<StringAttr>("hf.role");
    if (of && role)
      states[{of.getValue(), role.getValue()}] = state.getSymName();
  }
  return states;
}

static bool isOfBucket(hf::StateOp state) { return state && state->hasAttr("hf.of_bucket"); }

/// Whether the first module has the state too, with the same elements in the same places: then each stands for itself.
static llvm::Expected<bool> isShared(ModuleOp first, StringRef name, const FlatBucket &flat) {
  if (!isOfBucket(first.lookupSymbol<hf::StateOp>(name)))
    return false;
  llvm::Expected<FlatBucket> other = FlatBucket::of(first, name);
  if (!other)
    return other.takeError();
  if (!flat.hasLayoutOf(*other))
    return makeError("state '" + name +
                     "' is a piece of a bucket in both modules, but not of the same parameters at the same places; "
                     "compare modules with the same buckets, or with one that has no pieces of buckets");
  return true;
}

llvm::Expected<BucketStates> BucketStates::create(ModuleOp whole, ModuleOp divided) {
  BucketStates result;
  auto owners = statesByRole(whole);
  for (auto state : divided.getOps<hf::StateOp>()) {
    auto role = state->getAttrOfType<StringAttr>("hf.role");
    if (!isOfBucket(state) || !role)
      continue;
    llvm::Expected<FlatBucket> flat = FlatBucket::of(divided, state.getSymName());
    if (!flat)
      return flat.takeError();
    llvm::Expected<bool> shared = isShared(whole, state.getSymName(), *flat);
    if (!shared)
      return shared.takeError();
    if (*shared)
      continue;
    Bucket bucket{std::move(*flat), {}};
    for (const FlatBucket::Member &member : bucket.flat.members()) {
      auto found = owners.find({member.port.name, role.getValue()});
      // A master of a parameter's own type is the parameter.
      bool isParameter = found == owners.end();
      bucket.owners.push_back({isParameter ? member.port.name : found->second.str(), isParameter});
    }
    result.buckets.emplace(state.getSymName().str(), std::move(bucket));
  }
  return result;
}

llvm::Error BucketStates::divide(ArrayRef<Port> ports, const TensorMap &parameters, TensorMap &states) const {
  for (const Port &port : ports) {
    auto found = buckets.find(port.name);
    if (found == buckets.end())
      continue;
    const Bucket &bucket = found->second;
    TensorMap values;
    for (auto [member, owner] : llvm::zip_equal(bucket.flat.members(), bucket.owners)) {
      const TensorMap &table = owner.second ? parameters : states;
      if (auto value = table.find(owner.first); value != table.end())
        values[member.port.name] = value->second;
    }
    // The whole module does not take it, so nothing that it gives can depend on it.
    if (values.size() != bucket.owners.size())
      continue;
    llvm::Expected<Tensor> flat = bucket.flat.pack(port.element, values);
    if (!flat)
      return flat.takeError();
    states[port.name] = std::move(*flat);
  }
  return llvm::Error::success();
}

bool BucketStates::haveParameter(ArrayRef<Port> states, StringRef parameter) const {
  return llvm::any_of(states, [&](const Port &port) {
    auto bucket = buckets.find(port.name);
    return bucket != buckets.end() && llvm::is_contained(bucket->second.owners, std::pair(parameter.str(), true));
  });
}

llvm::Expected<std::vector<BucketStates::Part>> BucketStates::parts(const Domain &domain, StringRef state,
                                                                    const Tensor &flat) const {
  std::vector<Part> parts;
  const Bucket &bucket = buckets.at(state.str());
  for (auto [member, owner] : llvm::zip_equal(bucket.flat.members(), bucket.owners)) {
    llvm::Expected<Tensor> value = bucket.flat.unpack(domain, member, flat);
    if (!value)
      return makeError("state '" + state + "' of a bucket: parameter '" + member.port.name +
                       "': " + llvm::toString(value.takeError()));
    parts.push_back({owner.first, owner.second, std::move(*value)});
  }
  return parts;
}
