//===- Causes.cpp - why a value has to move, in a few words
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Partition/Causes.h"

#include "dialects/dist/Sharding.h"
#include "dialects/hf/Hf.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace hfc;
using namespace hfc::partition;

/// The op that made `value` partial, behind those that handed it on.
static Operation *sourceOfPartial(Value value) {
  Operation *op = value.getDefiningOp();
  while (op) {
    auto operand = llvm::find_if(op->getOperands(), [](Value operand) {
      dist::ShardingAttr sharding = dist::getSharding(operand);
      // A complete value that was made a sum for another's sake is no source.
      auto made = operand.getDefiningOp<dist::ReshardOp>();
      bool isSource = !made || dist::shardingOr(made.getX()).isPartial();
      return operand.getDefiningOp() && sharding && sharding.isPartial() && isSource;
    });
    if (operand == op->operand_end())
      break;
    op = (*operand).getDefiningOp();
  }
  return op;
}

/// What a reduction belongs to: a cross-entropy's stands behind an exponential, or in front of a logarithm.
static std::string causeOfReduction(hf::ReduceOp op) {
  if (op->hasAttr(crossEntropyName))
    return op.getKind() == hf::Reduction::max     ? "cross-entropy maximum"
           : op.getX().getDefiningOp<hf::ExpOp>() ? "cross-entropy sum"
                                                  : "cross-entropy target";
  return op.getKind() == hf::Reduction::sum ? "sum over a cut dimension" : "extremum over a cut dimension";
}

Cause partition::causeOfPartial(Value value) {
  Operation *op = sourceOfPartial(value);
  if (!op)
    return {"partial argument", nullptr};
  std::string words =
      llvm::TypeSwitch<Operation *, std::string>(op)
          .Case([](hf::LinearOp) { return "row-parallel output"; })
          .Case([](hf::LinearDgradOp) { return "column-parallel input gradient"; })
          .Case<hf::LinearWgradOp, hf::ScatterAddOp>([](Operation *) { return "weight gradient"; })
          .Case<hf::EmbeddingOp, hf::GatherOp>([](Operation *) { return "vocabulary-parallel embedding"; })
          .Case([](hf::ExpertsOp) { return "experts' output"; })
          .Case([](hf::ExpertsBackwardOp) { return "experts' input gradient"; })
          .Case([](hf::AttentionBackwardOp) { return "gradient of shared key and value heads"; })
          .Case([](hf::ReduceOp op) { return causeOfReduction(op); })
          .Default([](Operation *op) { return ("partial " + op->getName().stripDialect()).str(); });
  return {words, op};
}

/// Whether the value is an argument that is a parameter.
static bool isParameter(Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  auto function = argument ? dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp()) : func::FuncOp();
  return function && function.getArgAttr(argument.getArgNumber(), "hf.parameter");
}

Cause partition::causeOfMove(Value value, Operation *user) {
  if (isParameter(value) && !isa<func::ReturnOp>(user))
    return {"parameter in pieces", user};
  std::string words =
      llvm::TypeSwitch<Operation *, std::string>(user)
          .Case([](hf::LinearOp) { return "column-parallel input"; })
          .Case<hf::LinearDgradOp, hf::LinearWgradOp>([&](Operation *op) {
            return op->getOperand(0) == value ? "row-parallel output gradient"
                                              : "column-parallel input, for its weight";
          })
          .Case<hf::AttentionOp, hf::AttentionBackwardOp>([](Operation *) { return "attention operand"; })
          .Case<hf::ExpertsOp, hf::ExpertsBackwardOp>([](Operation *) { return "experts' input"; })
          .Case([](func::ReturnOp) { return "result"; })
          .Default([](Operation *op) { return ("operand of " + op->getName().stripDialect()).str(); });
  return {words, user};
}
