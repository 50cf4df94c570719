//===- Store.cpp - the values that ranks keep from one run to the next
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Store.h"

using namespace hfc;
using namespace hfc::interpreter;

llvm::Error interpreter::checkType(const Twine &what, const Port &port, const Tensor &value) {
  if (value.getShape() == ArrayRef<int64_t>(port.shape) && value.getElement() == port.element)
    return llvm::Error::success();
  return makeError(what + " '" + port.name + "' is " + shapeText(value.getShape()) + " of " +
                   nameOf(value.getElement()) + ", but the entry takes " + shapeText(port.shape) + " of " +
                   nameOf(port.element));
}

void Store::set(StringRef name, Tensor value) {
  ports.erase(name.str());
  whole[name.str()] = std::move(value);
}

void Store::clear() {
  whole.clear();
  ports.clear();
  for (TensorMap &values : pieces)
    values.clear();
}

llvm::Expected<Tensor> Store::get(const Domain &domain, StringRef name) const {
  auto found = ports.find(name.str());
  if (found == ports.end()) {
    auto given = whole.find(name.str());
    if (given == whole.end())
      return makeError(what + " '" + name + "' has no value");
    return given->second;
  }
  const Port &port = found->second;
  SmallVector<Tensor> values;
  for (const TensorMap &rank : pieces)
    values.push_back(rank.at(port.name));
  llvm::Expected<Tensor> value =
      Placement(mesh, port.sharding, port.shape).assemble(domain, values, /*isPaddedWithZeros=*/true);
  if (!value)
    return makeError(what + " '" + name + "': " + llvm::toString(value.takeError()));
  return value;
}

static std::string textOf(dist::ShardingAttr sharding) {
  if (!sharding)
    return "replicated";
  std::string text;
  llvm::raw_string_ostream(text) << sharding;
  return text;
}

static bool sameSharding(dist::ShardingAttr a, dist::ShardingAttr b) {
  bool isWhole[] = {!a || a.isReplicated(), !b || b.isReplicated()};
  return a == b || (isWhole[0] && isWhole[1]);
}

llvm::Error Store::checkTaken(const Port &held, const Port &taken) const {
  if (held.shape != taken.shape || held.element != taken.element)
    return makeError(what + " '" + taken.name + "' is " + shapeText(taken.shape) + " of " + nameOf(taken.element) +
                     " here, but another entry has left it as " + shapeText(held.shape) + " of " +
                     nameOf(held.element));
  if (!taken.isRead || sameSharding(held.sharding, taken.sharding))
    return llvm::Error::success();
  // Zeros are zeros however they are split up; anything else the ranks would count twice, or not at all.
  auto isZero = [&](const TensorMap &values) {
    return llvm::all_of(values.at(taken.name).words(), [](Word word) { return word == 0; });
  };
  if (Placement(mesh, held.sharding, held.shape).localShape() ==
          Placement(mesh, taken.sharding, taken.shape).localShape() &&
      llvm::all_of(pieces, isZero))
    return llvm::Error::success();
  return makeError(what + " '" + taken.name + "' is taken as " + textOf(taken.sharding) +
                   ", but another entry has left it as " + textOf(held.sharding));
}

llvm::Error Store::prepare(ArrayRef<Port> taken, bool zeroIfAbsent) {
  for (const Port &port : taken) {
    if (auto found = ports.find(port.name); found != ports.end()) {
      if (llvm::Error error = checkTaken(found->second, port))
        return error;
      if (port.isRead)
        found->second = port;
      continue;
    }
    auto given = whole.find(port.name);
    if (given == whole.end() && !zeroIfAbsent)
      return makeError(what + " '" + port.name + "' has no value");
    if (given == whole.end())
      given = whole.try_emplace(port.name, port.element, port.shape).first;
    if (llvm::Error error = checkType(what, port, given->second))
      return error;
    std::vector<Tensor> local =
        Placement(mesh, port.sharding, port.shape).localizeAll(given->second, pieces.size(), /*padding=*/0);
    for (auto [values, piece] : llvm::zip_equal(pieces, local))
      values[port.name] = std::move(piece);
    whole.erase(given);
    ports[port.name] = port;
  }
  return llvm::Error::success();
}

void Store::adopt(ArrayRef<Port> given) {
  for (const Port &port : given)
    ports[port.name] = port;
}
