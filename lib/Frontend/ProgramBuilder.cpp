//===- ProgramBuilder.cpp - writes the functions and tables of an hf program
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProgramBuilder.h"

using namespace hfc;
using namespace hfc::frontend;

ProgramBuilder::ProgramBuilder(MLIRContext *context, FloatType dtype, StringRef name,
                               ArrayRef<CheckpointName> checkpointNames)
    : module(ModuleOp::create(NameLoc::get(StringAttr::get(context, name)))), dtype(dtype),
      checkpointNames(checkpointNames), tables(context) {}

void ProgramBuilder::addFunction(func::FuncOp function) {
  module->push_back(function);
  if (!tables.getInsertionBlock())
    tables.setInsertionPoint(function);
}

hf::PieceAttr ProgramBuilder::inCheckpoint(hf::PieceAttr piece) {
  for (const CheckpointName &name : checkpointNames)
    if (StringRef rest = piece.getTensor(); rest.consume_front(name.stateDict))
      return hf::PieceAttr::get(getContext(), (name.checkpoint + rest).str(), piece.getOffsets(), piece.getSizes(),
                                piece.getPermutation());
  return piece;
}

static DictionaryAttr initializerAttribute(Builder &builder, const Initializer &initializer) {
  static constexpr StringLiteral names[] = {"zeros", "ones", "normal", "uniform"};
  NamedAttrList fields;
  fields.set("kind", builder.getStringAttr(names[initializer.kind]));
  if (initializer.kind > Initializer::ones)
    fields.set("std", builder.getF64FloatAttr(initializer.deviation));
  if (initializer.zeroRow)
    fields.set("zero_row", builder.getI64IntegerAttr(*initializer.zeroRow));
  return fields.getDictionary(builder.getContext());
}

RankedTensorType ProgramBuilder::declareParameter(const Parameter &parameter) {
  auto [entry, isNew] = declared.try_emplace(parameter.symbol, RankedTensorType::get(parameter.shape, dtype));
  if (!isNew)
    return entry->second;
  SmallVector<Attribute> pieces = parameter.pieces;
  if (pieces.empty())
    pieces.push_back(hf::PieceAttr::get(getContext(), parameter.symbol, {}, {}, {}));
  SmallVector<Attribute> named;
  for (Attribute piece : pieces)
    named.push_back(inCheckpoint(cast<hf::PieceAttr>(piece)));
  StringAttr symbol = tables.getStringAttr(parameter.symbol);
  auto op = hf::ParameterOp::create(tables, NameLoc::get(symbol), symbol, TypeAttr::get(entry->second),
                                    tables.getArrayAttr(named));
  op->setDiscardableAttr("hf.initializer", initializerAttribute(tables, parameter.initializer));
  if (!parameter.stateDict.empty())
    op->setDiscardableAttr("hf.state_dict", tables.getArrayAttr(parameter.stateDict));
  else if (named != pieces)
    op->setDiscardableAttr("hf.state_dict", tables.getArrayAttr(pieces));
  return entry->second;
}

void ProgramBuilder::declareState(StringRef name, RankedTensorType type) {
  if (!declared.try_emplace(name, type).second)
    return;
  StringAttr symbol = tables.getStringAttr(name);
  hf::StateOp::create(tables, NameLoc::get(symbol), symbol, TypeAttr::get(type));
}

EntryBuilder::EntryBuilder(ProgramBuilder &program, StringRef name)
    : program(program), opBuilder(program.getContext(), this),
      function(
          func::FuncOp::create(NameLoc::get(opBuilder.getStringAttr(name)), name, opBuilder.getFunctionType({}, {}))),
      tensors(opBuilder, function.getLoc()) {
  program.addFunction(function);
  opBuilder.setInsertionPointToStart(function.addEntryBlock());
}

Value EntryBuilder::argument(RankedTensorType type, StringRef key, Attribute value) {
  argumentAttributes.push_back(opBuilder.getDictionaryAttr(opBuilder.getNamedAttr(key, value)));
  return function.front().addArgument(type, getLoc());
}

Value EntryBuilder::parameter(const Parameter &parameter) {
  Value &value = parameters[parameter.symbol];
  if (!value)
    value = argument(program.declareParameter(parameter), "hf.parameter",
                     FlatSymbolRefAttr::get(program.getContext(), parameter.symbol));
  return value;
}

Value EntryBuilder::input(StringRef name, RankedTensorType type, const InputRules &rules) {
  NamedAttrList attributes;
  attributes.append("hf.input", opBuilder.getStringAttr(name));
  if (!rules.byDefault.empty())
    attributes.append("hf.default", opBuilder.getStringAttr(rules.byDefault));
  if (rules.min)
    attributes.append("hf.min", opBuilder.getI64IntegerAttr(*rules.min));
  if (rules.max)
    attributes.append("hf.max", opBuilder.getI64IntegerAttr(*rules.max));
  if (rules.occurrences) {
    NamedAttrList rule;
    rule.set("value", opBuilder.getI64IntegerAttr(rules.occurrences->first));
    rule.set("count", opBuilder.getI64IntegerAttr(rules.occurrences->second));
    attributes.append("hf.occurrences", rule.getDictionary(program.getContext()));
  }
  if (rules.differentiate)
    attributes.append("hf.differentiate", opBuilder.getUnitAttr());
  argumentAttributes.push_back(attributes.getDictionary(program.getContext()));
  return function.front().addArgument(type, getLoc());
}

RankedTensorType EntryBuilder::declareState(StringRef symbol, RankedTensorType type) {
  program.declareState(symbol, type);
  return type;
}

Value EntryBuilder::state(StringRef symbol, RankedTensorType type) {
  program.declareState(symbol, type);
  return argument(type, "hf.state", FlatSymbolRefAttr::get(program.getContext(), symbol));
}

void EntryBuilder::result(StringRef key, Attribute name, Value value) {
  results.push_back(value);
  resultAttributes.push_back(opBuilder.getDictionaryAttr(opBuilder.getNamedAttr(key, name)));
}

void EntryBuilder::output(StringRef name, Value value) { result("hf.output", opBuilder.getStringAttr(name), value); }

void EntryBuilder::nextState(StringRef symbol, Value value) {
  result("hf.state", FlatSymbolRefAttr::get(program.getContext(), symbol), value);
}

void EntryBuilder::finish() {
  func::ReturnOp::create(opBuilder, function.getLoc(), results);
  function.setFunctionType(
      opBuilder.getFunctionType(function.front().getArgumentTypes(), TypeRange(ValueRange(results))));
  function.setArgAttrsAttr(opBuilder.getArrayAttr(argumentAttributes));
  function.setResAttrsAttr(opBuilder.getArrayAttr(resultAttributes));
}

void EntryBuilder::notifyOperationInserted(Operation *op, OpBuilder::InsertPoint) {
  if (block)
    op->setDiscardableAttr("hf.block", opBuilder.getI64IntegerAttr(*block));
}

EntryBuilder::Scope::Scope(EntryBuilder &entry, const Twine &path, std::optional<int64_t> block)
    : entry(entry), outerLoc(entry.getLoc()), outerBlock(entry.block) {
  entry.tensors.setLoc(NameLoc::get(entry.opBuilder.getStringAttr(path)));
  if (block)
    entry.block = block;
}

EntryBuilder::Scope::~Scope() {
  entry.tensors.setLoc(outerLoc);
  entry.block = outerBlock;
}
