//===- Graph.cpp - a layer's operations and what flows between them
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Graph.h"

#include "dialects/dist/Dist.h"
#include "dialects/hf/Hf.h"

#include <set>

using namespace hfc;
using namespace hfc::picture;

StringRef picture::phaseOf(Operation *op) {
  auto phase = op->getAttrOfType<StringAttr>("hf.phase");
  return phase ? phase.getValue() : "forward";
}

std::optional<int64_t> picture::blockOf(Operation *op) {
  auto block = op->getAttrOfType<IntegerAttr>("hf.block");
  return block ? std::optional<int64_t>(block.getInt()) : std::nullopt;
}

static bool isIn(Operation *op, const LayerChoice &choice) {
  return blockOf(op) == choice.block && phaseOf(op) == choice.phase;
}

SmallVector<func::FuncOp> picture::entriesWith(ModuleOp module, const LayerChoice &choice) {
  SmallVector<func::FuncOp> entries;
  for (auto function : module.getOps<func::FuncOp>())
    if (!function.isExternal() && !function.isPrivate() &&
        llvm::any_of(function.getOps(), [&](Operation &op) { return isIn(&op, choice); }))
      entries.push_back(function);
  return entries;
}

/// What an argument's attribute says that it is: the name of a parameter, a state or an input.
static StringRef nameIn(DictionaryAttr attributes, StringRef key) {
  Attribute attribute = attributes ? attributes.get(key) : Attribute();
  if (auto symbol = dyn_cast_if_present<FlatSymbolRefAttr>(attribute))
    return symbol.getValue();
  auto text = dyn_cast_if_present<StringAttr>(attribute);
  return text ? text.getValue() : "";
}

static DictionaryAttr attributesOf(BlockArgument argument) {
  auto function = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
  return function ? function.getArgAttrDict(argument.getArgNumber()) : nullptr;
}

StringRef picture::parameterName(BlockArgument argument) { return nameIn(attributesOf(argument), "hf.parameter"); }

/// Whether the op only says something else of its operand.
static bool isView(Operation *op) { return isa<hf::ReshapeOp, dist::DoneOp>(op); }

/// Whether the op computes something that is worth a box: not constants, nor scalars such as a rank's place.
static bool isDrawn(Operation *op) {
  if (op->getNumOperands() == 0 || op->getNumResults() == 0)
    return false;
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  return type && type.getRank() > 0;
}

namespace {
class Extraction {
public:
  Extraction(func::FuncOp entry, const LayerChoice &choice) : entry(entry), choice(choice) {}

  Graph run() {
    for (Operation &op : entry.getOps())
      if (isIn(&op, choice) && isDrawn(&op))
        take(&op);
    addOutputs();
    unsigned count = inputs.size();
    Graph graph{entry, std::move(inputs)};
    for (Node &node : operations) {
      llvm::SetVector<unsigned> operands;
      // Inputs stand first, however late they were found.
      for (unsigned operand : node.operands)
        operands.insert(operand < firstOperation ? operand : operand - firstOperation + count);
      node.operands = std::move(operands);
      graph.nodes.push_back(std::move(node));
    }
    return graph;
  }

private:
  /// A value's maker, as a number: of an input, or, from `firstOperation`, of an operation.
  static constexpr unsigned firstOperation = 1u << 30;

  void take(Operation *op) {
    if (isView(op) && makers.count(op->getOperand(0))) {
      for (auto [result, operand] : llvm::zip(op->getResults(), op->getOperands()))
        makers[result] = makers.lookup(operand);
      return;
    }
    Node node;
    node.kind = isa<dist::CollectiveOpInterface>(op) ? Node::Kind::Collective : Node::Kind::Op;
    node.op = op;
    node.value = op->getResult(0);
    for (OpOperand &operand : op->getOpOperands())
      read(operand, node);
    for (Value result : op->getResults())
      makers[result] = firstOperation + operations.size();
    operations.push_back(std::move(node));
  }

  void read(OpOperand &operand, Node &node) {
    Value value = operand.get();
    auto found = makers.find(value);
    if (found != makers.end()) {
      node.operands.insert(found->second);
      return;
    }
    auto argument = dyn_cast<BlockArgument>(value);
    if (argument && !parameterName(argument).empty()) {
      node.parameters.push_back(argument);
      return;
    }
    if (!flows(operand))
      return;
    Node input;
    input.kind = Node::Kind::Input;
    input.value = value;
    input.label = "from " + sourceOf(value);
    node.operands.insert(inputs.size());
    makers[value] = inputs.size();
    inputs.push_back(std::move(input));
  }

  /// Whether a value from outside belongs into the picture: what layers hand each other, and what an op is about.
  /// Masks, positions and tables are left out.
  static bool flows(OpOperand &operand) {
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    if (!type || type.getRank() < 2 || !type.getElementType().isFloat())
      return false;
    Operation *maker = operand.get().getDefiningOp();
    return operand.getOperandNumber() == 0 || (maker && blockOf(maker));
  }

  std::string sourceOf(Value value) const {
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      for (StringRef key : {"hf.state", "hf.input"})
        if (StringRef name = nameIn(attributesOf(argument), key); !name.empty())
          return name.str();
      return "argument " + std::to_string(argument.getArgNumber());
    }
    return placeOf(value.getDefiningOp());
  }

  /// The layer of an op, or the module outside of all layers that it belongs to: "embed_tokens".
  std::string placeOf(Operation *op) const {
    std::optional<int64_t> block = blockOf(op);
    if (auto place = dyn_cast<NameLoc>(op->getLoc()); !block && place)
      return place.getName().getValue().substr(place.getName().getValue().rfind('.') + 1).str();
    if (!block)
      return op->getName().stripDialect().str();
    return block == choice.block ? phaseOf(op).str() : "layer " + std::to_string(*block);
  }

  /// Where a value goes that leaves the layer; empty if that is no part of this picture: the backward pass, looking
  /// back.
  std::string goalOf(OpOperand &use) const {
    Operation *user = use.getOwner();
    if (isIn(user, choice))
      return "";
    if (auto end = dyn_cast<func::ReturnOp>(user)) {
      DictionaryAttr attributes = func::FuncOp(entry).getResultAttrDict(use.getOperandNumber());
      for (StringRef key : {"hf.state", "hf.output"})
        if (StringRef name = nameIn(attributes, key); !name.empty())
          return name.str();
      return "result " + std::to_string(use.getOperandNumber());
    }
    return phaseOf(user) == choice.phase ? placeOf(user) : "";
  }

  void addOutputs() {
    std::set<std::pair<unsigned, std::string>> seen;
    std::vector<Node> outputs;
    for (Operation &op : entry.getOps())
      for (OpOperand &operand : op.getOpOperands()) {
        auto maker = makers.find(operand.get());
        if (maker == makers.end() || maker->second < firstOperation)
          continue;
        std::string goal = goalOf(operand);
        if (goal.empty() || !seen.insert({maker->second, goal}).second)
          continue;
        Node output;
        output.kind = Node::Kind::Output;
        output.value = operand.get();
        output.label = "to " + goal;
        output.operands.insert(maker->second);
        outputs.push_back(std::move(output));
      }
    llvm::move(outputs, std::back_inserter(operations));
  }

  func::FuncOp entry;
  const LayerChoice &choice;
  std::vector<Node> inputs, operations;
  /// Of each value that the layer reads or makes.
  DenseMap<Value, unsigned> makers;
};
} // namespace

Graph picture::extractLayer(func::FuncOp entry, const LayerChoice &choice) { return Extraction(entry, choice).run(); }
