//===- Picture.cpp - one layer before and after partitioning, drawn
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Picture/Picture.h"

#include "PrintSVG.h"

#include <set>

using namespace hfc;
using namespace hfc::picture;

/// "0 to 79", "forward, backward": the blocks and phases that a module has.
static std::string choicesIn(ModuleOp module) {
  std::set<int64_t> blocks;
  std::set<std::string> phases;
  module.walk([&](Operation *op) {
    if (std::optional<int64_t> block = blockOf(op)) {
      blocks.insert(*block);
      phases.insert(phaseOf(op).str());
    }
  });
  if (blocks.empty())
    return "the program has no layers";
  std::string text = "layers are " + std::to_string(*blocks.begin()) + " to " + std::to_string(*blocks.rbegin());
  text += "; phases: ";
  for (const std::string &phase : phases)
    text += (phase == *phases.begin() ? "" : ", ") + phase;
  return text;
}

static llvm::Expected<func::FuncOp> findEntry(ModuleOp module, const LayerChoice &choice) {
  SmallVector<func::FuncOp> entries = entriesWith(module, choice);
  std::string what = "layer " + std::to_string(choice.block) + " has no operations of phase '" + choice.phase + "'";
  if (entries.empty())
    return llvm::createStringError(what + "; " + choicesIn(module));
  if (choice.entry.empty())
    return entries.front();
  std::string names;
  for (func::FuncOp entry : entries) {
    if (entry.getName() == choice.entry)
      return entry;
    names += (names.empty() ? "" : ", ") + entry.getName().str();
  }
  return llvm::createStringError(what + " in the entry '" + choice.entry + "'; entries that have: " + names);
}

/// Of all parameters that the layer reads.
static int64_t bytesOfWeights(const Graph &graph) {
  llvm::SmallPtrSet<Value, 16> seen;
  int64_t bytes = 0;
  for (const Node &node : graph.nodes)
    for (BlockArgument parameter : node.parameters)
      if (seen.insert(parameter).second)
        bytes += bytesOf(parameter.getType());
  return bytes;
}

static std::string textIn(ModuleOp module, StringRef key) {
  auto program = module->getAttrOfType<DictionaryAttr>("hf.program");
  auto text = program ? program.getAs<StringAttr>(key) : StringAttr();
  return text ? text.getValue().str() : "";
}

/// "dp=2 × tp=8".
static std::string spell(dist::MeshAttr mesh) {
  std::string text;
  for (auto [name, size] : llvm::zip(mesh.getNames(), mesh.getSizes()))
    if (size > 1)
      text += (text.empty() ? "" : " × ") + name.str() + "=" + std::to_string(size);
  return text;
}

static std::string collectivesOf(const Graph &graph) {
  int64_t count = 0, bytes = 0;
  for (const Node &node : graph.nodes)
    if (node.kind == Node::Kind::Collective) {
      ++count;
      bytes += bytesOfCollective(node.op);
    }
  std::string text = std::to_string(count) + (count == 1 ? " collective" : " collectives");
  return count == 0 ? "no collectives" : text + ", " + formatBytes(bytes);
}

static Captions captionsOf(const Graph &global, const Graph &local, const Describer &describer, ModuleOp module,
                           const LayerChoice &choice) {
  std::string mesh = spell(describer.mesh), family = textIn(module, "architecture");
  std::string partitioner = StringRef(textIn(module, "partitioner")).split('{').first.str();
  Captions captions;
  captions.globalTitle = "One layer of the model";
  captions.globalSubtitle = (family.empty() ? "" : family + ", ") + "layer " + std::to_string(choice.block) + ", " +
                            choice.phase + ": weights of " + formatBytes(bytesOfWeights(global));
  captions.localTitle = "What each of " + std::to_string(describer.mesh.ranks()) + " ranks runs";
  captions.localSubtitle = mesh + (partitioner.empty() ? "" : ", " + partitioner) + ": " +
                           formatBytes(bytesOfWeights(local)) + ", " + collectivesOf(local);
  captions.summary = captions.globalTitle + " (" + captions.globalSubtitle + "), and " +
                     StringRef(captions.localTitle).lower() + " (" + captions.localSubtitle + ")";
  for (auto [index, name] : llvm::enumerate(describer.mesh.getNames()))
    if (int64_t size = describer.mesh.getSizes()[index]; size > 1)
      captions.axes.push_back({numberOf(describer.mesh, index), name.str() + ", " + std::to_string(size) + " ranks"});
  return captions;
}

llvm::Expected<std::string> picture::drawLayer(ModuleOp global, ModuleOp local, const LayerChoice &choice) {
  if (dist::meshOf(local).ranks() == 1 || !dist::isMaterialized(local))
    return llvm::createStringError("there is one rank, so nothing to partition: give --mesh=, such as --mesh=tp=2");
  llvm::Expected<func::FuncOp> globalEntry = findEntry(global, choice);
  if (!globalEntry)
    return globalEntry.takeError();
  // Of the same entry, whatever else came before it.
  LayerChoice same = choice;
  same.entry = globalEntry->getName().str();
  llvm::Expected<func::FuncOp> localEntry = findEntry(local, same);
  if (!localEntry)
    return localEntry.takeError();
  Graph before = extractLayer(*globalEntry, same), after = extractLayer(*localEntry, same);
  Describer globalDescriber(global), localDescriber(local);
  Rows rows = alignRows(before, after);
  Layout layout{Column(before, globalDescriber, rows.global), Column(after, localDescriber, rows.local)};
  place(layout, rows.count, headerHeight, margin);
  std::string text;
  llvm::raw_string_ostream stream(text);
  printSVG(layout, captionsOf(before, after, localDescriber, local, choice), stream);
  return text;
}
