//===- Destinations.cpp - values that are computed where they are to be
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Destinations.h"

#include "dialects/dist/Dist.h"
#include "dialects/hf/OrderedOperand.h"

using namespace hfc;
using namespace hfc::memory;

bool memory::isInPlaceCollective(Operation *op) {
  return isa_and_nonnull<dist::AllReduceOp, dist::AgreeOp, dist::BroadcastOp, dist::SendReceiveOp>(op);
}

bool memory::isPart(Operation *op) {
  auto slice = dyn_cast<hf::SliceOp>(op);
  return slice && isa_and_nonnull<hf::LinearWgradOp, hf::AddOp>(slice.getX().getDefiningOp());
}

bool memory::isView(Operation *op) { return isa<hf::ReshapeOp>(op) || (hf::isMove(op) && !isPart(op)); }

Value memory::rootOf(Value value) {
  while (true) {
    if (Operation *op = value.getDefiningOp(); op && isView(op))
      value = op->getOperand(0);
    else if (auto done = value.getDefiningOp<dist::DoneOp>())
      value = done.getOperand(cast<OpResult>(value).getResultNumber());
    else
      return value;
  }
}

bool memory::isProduct(Operation *op) {
  return isa_and_nonnull<hf::LinearOp, hf::LinearDgradOp, hf::LinearWgradOp, hf::MatmulOp>(op);
}

static bool isComputed(Value root) {
  return isa_and_nonnull<func::CallOp, hf::AddOp, dist::CollectiveOpInterface>(root.getDefiningOp()) ||
         isProduct(root.getDefiningOp());
}

FlatSymbolRefAttr Destinations::stateOf(unsigned result) {
  if (auto state = entry.getResultAttrOfType<FlatSymbolRefAttr>(result, "hf.state"))
    return state;
  return entry.getResultAttrOfType<FlatSymbolRefAttr>(result, "hf.parameter");
}

std::optional<unsigned> Destinations::outputFor(Value value) const {
  auto found = outputs.find(value);
  return found == outputs.end() ? std::nullopt : std::optional<unsigned>(found->second);
}

/// The operand in whose buffer a result is made; null if there is none.
Value Destinations::updatedOperand(OpResult result) {
  Operation *op = result.getOwner();
  if (isInPlaceCollective(op))
    return op->getOperand(result.getResultNumber());
  return bodies.getUpdated(result);
}

LogicalResult Destinations::choose() {
  Operation *terminator = entry.getBody().front().getTerminator();
  for (OpOperand &returned : terminator->getOpOperands()) {
    unsigned number = returned.getOperandNumber();
    FlatSymbolRefAttr state = stateOf(number);
    if (!state && !entry.getResultAttrOfType<StringAttr>(number, "hf.output"))
      return entry.emitOpError("result ") << number << " is marked neither hf.output, nor hf.state, nor hf.parameter";
    if (!state)
      continue;
    if (!updated.insert(state).second)
      return entry.emitOpError("returns the next value of ") << state << " twice";
    // Updates in place may be chained; all of them happen in the state.
    for (Value value = returned.get(); value;) {
      Value root = rootOf(value);
      if (!root.getDefiningOp() || !states.try_emplace(root, state).second)
        break;
      value = updatedOperand(cast<OpResult>(root));
    }
  }
  for (OpOperand &returned : terminator->getOpOperands()) {
    Value root = rootOf(returned.get());
    if (entry.getResultAttr(returned.getOperandNumber(), "hf.output") && isComputed(root) && !states.contains(root))
      outputs.try_emplace(root, returned.getOperandNumber());
  }
  return success();
}
