//===- Describe.cpp - what a box says
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Describe.h"

#include "dialects/hf/Hf.h"
#include "hfc/Ledger/Print.h"

using namespace hfc;
using namespace hfc::picture;
using namespace hfc::dist;

/// Characters, not bytes: continuation bytes of UTF-8 begin with 10.
static size_t lengthOf(StringRef text) {
  return llvm::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

size_t picture::lengthOf(const Text &text) {
  size_t length = 0;
  for (const Span &span : text)
    length += ::lengthOf(StringRef(span.text));
  return length;
}

int64_t picture::bytesOf(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor ? tensor.getNumElements() * llvm::divideCeil(tensor.getElementTypeBitWidth(), 8) : 0;
}

int64_t picture::bytesOfCollective(Operation *op) {
  int64_t operands = 0, results = 0;
  for (Type type : op->getOperandTypes())
    operands += bytesOf(type);
  for (Type type : op->getResultTypes())
    results += bytesOf(type);
  return std::max(operands, results);
}

std::string picture::formatBytes(int64_t bytes) {
  std::string text = ledger::formatBytes(bytes);
  if (size_t zeros = text.find(".00 "); zeros != std::string::npos)
    text.erase(zeros, 3);
  return text;
}

Describer::Describer(ModuleOp module) : mesh(meshOf(module)), isLocal(isMaterialized(module)) {}

unsigned picture::numberOf(MeshAttr mesh, size_t index) {
  auto isData = [](StringAttr name) { return name == "dp"; };
  if (isData(mesh.getNames()[index]))
    return 0;
  return 1 + llvm::count_if(mesh.getNames().take_front(index), [&](StringAttr name) { return !isData(name); });
}

SmallVector<unsigned, 2> Describer::numbersOf(ArrayRef<AxisRefAttr> axes) const {
  SmallVector<unsigned, 2> numbers;
  for (AxisRefAttr axis : axes)
    for (auto [index, name] : llvm::enumerate(mesh.getNames()))
      if (name == axis.getName() && dist::sizeOf(axis, mesh) > 1 && !llvm::is_contained(numbers, numberOf(mesh, index)))
        numbers.push_back(numberOf(mesh, index));
  return numbers;
}

Text Describer::shapeOf(Value value) const {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type)
    return {};
  ShardingAttr sharding = getSharding(value);
  Text text;
  for (auto [dim, size] : llvm::enumerate(type.getShape())) {
    if (dim > 0)
      text.push_back({"×", Span::Style::Muted, {}});
    text.push_back({std::to_string(size), Span::Style::Plain, {}});
    if (sharding)
      text.back().axes = numbersOf(sharding.axesOf(dim));
  }
  return text;
}

/// "q_proj" of "model.layers.0.self_attn.q_proj.weight".
static StringRef moduleOf(StringRef parameter) { return parameter.rsplit('.').first.rsplit('.').second; }

static std::string nameOf(const Node &node) {
  StringRef mnemonic = node.op->getName().stripDialect();
  if (auto activation = dyn_cast<hf::ActivationOp>(node.op))
    return stringifyActivation(activation.getKind()).str();
  for (BlockArgument parameter : node.parameters)
    if (StringRef name = moduleOf(parameterName(parameter)); !name.empty())
      return name.str();
  return mnemonic.str();
}

Description Describer::describe(const Node &node) const {
  Description description;
  description.shape = shapeOf(node.value);
  if (!node.op) {
    description.title.push_back({node.label, Span::Style::Muted, {}});
    return description;
  }
  if (node.kind == Node::Kind::Collective) {
    describeCollective(node, description);
    return description;
  }
  std::string name = nameOf(node);
  description.title.push_back({name, Span::Style::Bold, {}});
  describeWeight(node, description);
  StringRef mnemonic = node.op->getName().stripDialect();
  // A box with a weight says what kind of product it is below.
  if (!description.piece && !isa<hf::ActivationOp>(node.op) && name != mnemonic)
    description.title.push_back({"  " + mnemonic.str(), Span::Style::Muted, {}});
  describePartial(node, description);
  return description;
}

void Describer::describeCollective(const Node &node, Description &description) const {
  auto collective = cast<CollectiveOpInterface>(node.op);
  std::string name = node.op->getName().stripDialect().str();
  ArrayRef<AxisRefAttr> axes = collective.getAxes().getAxes();
  SmallVector<unsigned, 2> numbers = numbersOf(axes);
  description.axis = numbers.empty() ? 0 : numbers.back();
  description.title.push_back({name + " over " + dist::toString(axes) + " · " + formatBytes(bytesOfCollective(node.op)),
                               Span::Style::Bold,
                               {}});
  // On the axis' colour nothing has a colour of its own.
  Text from = shapeOf(node.op->getOperand(0));
  from.push_back({" → ", Span::Style::Plain, {}});
  from.append(description.shape.begin(), description.shape.end());
  for (Span &span : from)
    span = {span.text, Span::Style::Plain, {}};
  description.shape = from;
  description.shapeSize = noteSize;
}

/// How the op is parallel if its weight is cut: whether its result is cut with it, or becomes a sum of parts.
static StringRef kindOf(Operation *op, unsigned operand, const ShardingAttr &sharding) {
  FailureOr<Rule> rule = getRule(op);
  if (failed(rule) || rule->operands.size() <= operand || rule->results.empty())
    return "";
  bool cutsResult = false, isReduced = false;
  for (auto [dim, factors] : llvm::enumerate(rule->operands[operand]))
    if (dim < sharding.getDims().size() && !sharding.axesOf(dim).empty())
      for (unsigned factor : factors)
        (rule->isReducedIn(factor, 0) ? isReduced : cutsResult) = true;
  if (cutsResult && isReduced)
    return "cut both ways";
  return isReduced ? "row-parallel" : cutsResult ? "column-parallel" : "";
}

void Describer::describeWeight(const Node &node, Description &description) const {
  for (OpOperand &operand : node.op->getOpOperands()) {
    auto argument = dyn_cast<BlockArgument>(operand.get());
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    if (!argument || parameterName(argument).empty() || !type || type.getRank() != 2)
      continue;
    description.weight.push_back({"W ", Span::Style::Muted, {}});
    Text shape = shapeOf(argument);
    description.weight.append(shape.begin(), shape.end());
    // Of a linear layer, rows of the tensor are columns of the matrix that the activations are multiplied with.
    ShardingAttr sharding = shardingOr(argument);
    Piece &piece = description.piece.emplace();
    piece.across = dist::sizeOf(sharding.axesOf(0), mesh);
    piece.down = dist::sizeOf(sharding.axesOf(1), mesh);
    ArrayRef<int64_t> whole = sharding.getGlobal().empty() ? type.getShape() : sharding.getGlobal();
    piece.aspect = static_cast<double>(whole[0]) / static_cast<double>(std::max<int64_t>(whole[1], 1));
    piece.isLocal = isLocal;
    SmallVector<AxisRefAttr> axes(sharding.axesOf(0));
    axes.append(sharding.axesOf(1).begin(), sharding.axesOf(1).end());
    SmallVector<unsigned, 2> numbers = numbersOf(axes);
    if (numbers.empty())
      return;
    piece.axis = numbers.back();
    if (!isLocal)
      return;
    description.axis = piece.axis;
    if (StringRef kind = kindOf(node.op, operand.getOperandNumber(), sharding); !kind.empty())
      description.note.push_back({kind.str(), Span::Style::Plain, {*piece.axis}});
    return;
  }
}

void Describer::describePartial(const Node &node, Description &description) const {
  ShardingAttr sharding = getSharding(node.value);
  if (!isLocal || !sharding || !sharding.isPartial())
    return;
  ArrayRef<AxisRefAttr> axes = sharding.getPartial().getAxes();
  std::string separator = description.note.empty() ? "" : ", ";
  description.note.push_back(
      {separator + "partial " + stringifyReductionKind(sharding.getKind()).str() + " over " + dist::toString(axes),
       Span::Style::Plain, numbersOf(axes)});
}
