//===- BodyTable.cpp - shared kernel bodies
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Outline.h"
#include "PrepareEntry.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringExtras.h"

using namespace hfc;
using namespace hfc::fusion;

BodyTable::BodyTable(ModuleOp module) : module(module), symbols(module), builder(module.getContext()) {
  // Bodies stand before the first entry.
  for (auto func : module.getOps<func::FuncOp>()) {
    builder.setInsertionPoint(func);
    return;
  }
  builder.setInsertionPointToEnd(module.getBody());
}

BodyTable::Key BodyTable::keyOf(const BodyPlan &plan) {
  Key key;
  DenseMap<Value, uintptr_t> numbers;
  auto address = [&](const void *object) { key.push_back(reinterpret_cast<uintptr_t>(object)); };
  key.push_back(plan.arguments.size());
  for (Value argument : plan.arguments) {
    address(argument.getType().getAsOpaquePointer());
    numbers.try_emplace(argument, numbers.size());
  }
  for (Operation *op : plan.ops) {
    address(op->getName().getAsOpaquePointer());
    address(op->getPropertiesAsAttribute().getAsOpaquePointer());
    key.push_back(op->getNumOperands());
    for (Value operand : op->getOperands())
      key.push_back(numbers.at(operand));
    for (Value result : op->getResults()) {
      address(result.getType().getAsOpaquePointer());
      numbers.try_emplace(result, numbers.size());
    }
  }
  for (Value result : plan.results)
    key.push_back(numbers.at(result));
  return key;
}

func::FuncOp BodyTable::getOrCreate(const BodyPlan &plan) {
  func::FuncOp &body = bodies[keyOf(plan)];
  if (!body)
    body = create(plan);
  return body;
}

/// The composites, or where there are none the primitives, that a body computes: `add_rms_norm_3`.
std::string BodyTable::nameOf(const BodyPlan &plan) {
  constexpr size_t maxParts = 4;
  SmallVector<StringRef> parts;
  for (Operation *op : plan.ops) {
    auto origin = op->getName().stripDialect() == plan.kind ? StringAttr() : op->getAttrOfType<StringAttr>(originName);
    StringRef part = origin ? origin.getValue() : op->getName().stripDialect();
    bool shapes = isa<hf::ConstantOp, hf::ReshapeOp, hf::BroadcastOp, hf::ConvertOp>(op);
    if (!llvm::is_contained(parts, part) && (origin || !shapes || plan.ops.size() == 1) && parts.size() < maxParts)
      parts.push_back(part);
  }
  if (parts.empty())
    parts.push_back(plan.kind);
  std::string base = llvm::join(parts, "_");
  for (size_t number = bodies.size() - 1;; ++number)
    if (std::string name = base + "_" + std::to_string(number); !symbols.lookup(name))
      return name;
}

func::FuncOp BodyTable::create(const BodyPlan &plan) {
  SmallVector<Type> inputs, outputs;
  for (Value argument : plan.arguments)
    inputs.push_back(argument.getType());
  for (Value result : plan.results)
    outputs.push_back(result.getType());
  Location loc = plan.ops.back()->getLoc();
  auto body = func::FuncOp::create(builder, loc, nameOf(plan), builder.getFunctionType(inputs, outputs));
  body.setPrivate();
  body->setAttr("kernel.kind", builder.getStringAttr(plan.kind));
  symbols.insert(body, builder.getInsertionPoint());

  Block *block = body.addEntryBlock();
  OpBuilder inner = OpBuilder::atBlockEnd(block);
  IRMapping mapping;
  mapping.map(ValueRange(plan.arguments), block->getArguments());
  bool special = plan.arguments.size() != mapping.getValueMap().size();
  for (Operation *op : plan.ops) {
    Operation *copy = inner.clone(*op, mapping);
    if (special) // One op, one operand for each argument, even where the values are the same.
      copy->setOperands(block->getArguments());
    copy->setDiscardableAttrs(DictionaryAttr::get(op->getContext()));
  }
  SmallVector<Value> results;
  for (Value result : plan.results)
    results.push_back(mapping.lookup(result));
  func::ReturnOp::create(inner, loc, results);
  return body;
}
