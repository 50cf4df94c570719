//===- Values.cpp - what both programs computed on the way
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Values.h"

#include "Words.h"

#include "dialects/dist/Sharding.h"
#include "hfc/Interpreter/Placement.h"

#include "llvm/Support/xxhash.h"

using namespace hfc;
using namespace hfc::verify;

std::string verify::placeKey(Operation *op, ArrayRef<int64_t> shape) {
  return describe(op) + interpreter::shapeText(shape);
}

uint64_t GlobalValues::hashOf(const Tensor &tensor) {
  ArrayRef<interpreter::Word> words = tensor.words();
  uint64_t hash = llvm::xxh3_64bits(
      ArrayRef(reinterpret_cast<const uint8_t *>(words.data()), words.size() * sizeof(interpreter::Word)));
  constexpr uint64_t most = ~uint64_t(2); // The set keeps what is above for itself.
  return std::min(hash, most);
}

void GlobalValues::record(const interpreter::Execution &execution) {
  for (unsigned number = 0; number < execution.op->getNumOperands(); ++number)
    if (isa<BlockArgument>(execution.op->getOperand(number)))
      hashes.insert(hashOf(execution.operand(0, number)));
  for (unsigned number = 0; number < execution.op->getNumResults(); ++number)
    hashes.insert(hashOf(execution.result(0, number)));
  if (execution.op->getNumResults())
    ++places[placeKey(execution.op, execution.result(0, 0).getShape())];
}

void LocalValues::record(const interpreter::Execution &execution) {
  if (execution.nesting)
    return;
  auto add = [&](Value value, auto read) {
    Tensors &tensors = values[value];
    if (!tensors.empty())
      return;
    for (int64_t rank = 0; rank < execution.ranks; ++rank)
      tensors.push_back(read(rank));
  };
  for (auto [number, operand] : llvm::enumerate(execution.op->getOperands()))
    add(operand, [&, number = number](int64_t rank) { return execution.operand(rank, number); });
  for (auto [number, result] : llvm::enumerate(execution.op->getResults()))
    add(result, [&, number = number](int64_t rank) { return execution.result(rank, number); });
}

ArrayRef<Tensor> LocalValues::ranks(Value value) const {
  auto found = values.find(value);
  return found == values.end() ? ArrayRef<Tensor>() : ArrayRef<Tensor>(found->second);
}

const Claim &LocalValues::claim(Value value) {
  auto [found, isNew] = claims.try_emplace(value.getAsOpaquePointer());
  if (isNew)
    found->second = assemble(value);
  return found->second;
}

Claim LocalValues::assemble(Value value) const {
  dist::ShardingAttr sharding = dist::getSharding(value);
  ArrayRef<Tensor> pieces = ranks(value);
  if (!sharding || pieces.empty())
    return {};
  ArrayRef<int64_t> shape = sharding.getGlobal().empty() ? pieces.front().getShape() : sharding.getGlobal();
  interpreter::Placement placement(mesh, sharding, shape);
  if (placement.localShape() != SmallVector<int64_t>(pieces.front().getShape()))
    return {std::nullopt, "ranks' pieces do not have the size that its sharding says"};
  llvm::Expected<Tensor> whole = placement.assemble(domain, pieces, /*isPaddedWithZeros=*/false);
  if (!whole)
    return {std::nullopt, llvm::toString(whole.takeError())};
  return {std::move(*whole), ""};
}
