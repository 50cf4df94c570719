//===- Relations.cpp - values, declarations and entries, and what has one name in both programs
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Relations.h"

using namespace hfc;
using namespace hfc::verify;
using dist::ShardingAttr;

void Relations::build() {
  addModule(global, /*isLocal=*/false);
  addModule(local, /*isLocal=*/true);
  tieSymbols();
  orderNumbers();
  relateMicroBatches();
  relateGeneration();
  relateProgram();
  solveCuts();
  findConstants();
  keepUnsaidSizes();
}

//===----------------------------------------------------------------------===//
// Values and declarations
//===----------------------------------------------------------------------===//

Relations::SymbolShape Relations::newShape(RankedTensorType type, ShardingAttr sharding) {
  SymbolShape shape;
  for (int64_t size : type.getShape())
    shape.piece.push_back(atoms.add(size));
  if (!isLocal) {
    shape.whole = shape.piece;
    return shape;
  }
  if (!sharding || sharding.getDims().size() != shape.piece.size())
    return shape;
  // A scalar's sharding has no shape to speak of.
  if (sharding.getGlobal().size() != shape.piece.size())
    return shape;
  for (auto [dim, axes, size] : llvm::enumerate(sharding.getDims(), sharding.getGlobal())) {
    if (axes.empty() && size == type.getDimSize(dim)) {
      shape.whole.push_back(shape.piece[dim]);
      continue;
    }
    shape.whole.push_back(atoms.add(size));
    cuts.push_back({shape.whole.back(), axes, shape.piece[dim]});
  }
  return shape;
}

void Relations::addValue(Value value, ShardingAttr sharding) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type)
    return;
  SymbolShape shape = newShape(type, sharding);
  Places places{static_cast<unsigned>(ids.size()), none};
  ids.append(shape.piece.begin(), shape.piece.end());
  if (!isLocal || (sharding && shape.whole.size() == shape.piece.size())) {
    places.whole = ids.size();
    ids.append(shape.whole.begin(), shape.whole.end());
  }
  shapes.try_emplace(value, places);
}

void Relations::addSymbol(Operation *op) {
  auto attribute = op->getAttrOfType<TypeAttr>("type");
  auto type = attribute ? dyn_cast<RankedTensorType>(attribute.getValue()) : RankedTensorType();
  if (!type)
    return;
  symbols[op] = newShape(type, op->getAttrOfType<ShardingAttr>(dist::shardingName));
  (isLocal ? localSymbols : globalSymbols)[SymbolTable::getSymbolName(op).getValue()] = op;
}

/// A state that is all of a bucket, as one tensor, is a piece of which one rank has all.
void Relations::relateWholeBuckets(ModuleOp module) {
  llvm::DenseMap<Attribute, SmallVector<Operation *>> members;
  SmallVector<std::pair<Operation *, Attribute>> wholes;
  for (Operation &op : module.getOps()) {
    auto place = op.getAttrOfType<hf::PlaceAttr>("hf.bucket");
    if (!place || !symbols.contains(&op))
      continue;
    if (op.hasAttr("hf.of_bucket"))
      wholes.emplace_back(&op, place.getBucket());
    else
      members[place.getBucket()].push_back(&op);
  }
  for (auto [state, bucket] : wholes) {
    FlatCut &flat = flatCuts.emplace_back();
    for (Operation *member : members[bucket])
      flat.members.emplace_back(pieceOf(member));
    flat.axes = dist::AxisListAttr::get(state->getContext(), {});
    flat.piece = pieceOf(state).front();
  }
}

void Relations::addModule(ModuleOp module, bool moduleIsLocal) {
  isLocal = moduleIsLocal;
  for (Operation &op : module.getOps())
    if (isa<hf::ParameterOp, hf::StateOp, hf::BucketOp>(op))
      addSymbol(&op);
  relateWholeBuckets(module);
  for (auto function : module.getOps<func::FuncOp>())
    if (!function.isDeclaration())
      addFunction(function);
}

//===----------------------------------------------------------------------===//
// Entries
//===----------------------------------------------------------------------===//

namespace {
/// What an argument or a result of an entry is.
struct Port {
  FlatSymbolRefAttr symbol; ///< a parameter or state
  StringAttr name;          ///< an input or output
};
} // namespace

static Port portOf(DictionaryAttr attributes) {
  Port port;
  if (!attributes)
    return port;
  for (StringRef name : {"hf.parameter", "hf.state"})
    if (auto symbol = attributes.getAs<FlatSymbolRefAttr>(name))
      port.symbol = symbol;
  for (StringRef name : {"hf.input", "hf.output"})
    if (auto text = attributes.getAs<StringAttr>(name))
      port.name = text;
  return port;
}

static std::string keyOf(func::FuncOp function, bool isInput, StringRef name) {
  return (function.getName() + (isInput ? " <- " : " -> ") + name).str();
}

void Relations::tieNamed(const Twine &name, ArrayRef<Size> ofGlobal, ArrayRef<Size> ofLocal) {
  auto spell = [&](ArrayRef<Size> shape) {
    std::string text;
    llvm::raw_string_ostream out(text);
    llvm::interleaveComma(llvm::map_range(shape, [&](Size size) { return atoms.sizeOf(size); }), out);
    return "[" + text + "]";
  };
  std::string expected = spell(ofGlobal), found = spell(ofLocal);
  if (expected == found)
    return tie(ofGlobal, ofLocal);
  if (contradiction.empty())
    contradiction = (name + " is " + expected + " in the global program, and " + found + " here, whole").str();
}

/// The same tensor in both programs, where it is whole.
void Relations::tiePort(StringRef key, ArrayRef<Size> whole, bool portIsLocal) {
  if (!portIsLocal)
    ports.try_emplace(key, whole);
  else if (auto found = ports.find(key); found != ports.end())
    tieNamed("@" + key, found->second, whole);
}

void Relations::addFunction(func::FuncOp function) {
  auto tiePortOf = [&](Value value, DictionaryAttr attributes, bool isInput) {
    if (!shapes.contains(value))
      return;
    Port port = portOf(attributes);
    Shape whole(hasWhole(value) ? wholeOf(value) : pieceOf(value));
    if (port.symbol) {
      auto found = (isLocal ? localSymbols : globalSymbols).find(port.symbol.getValue());
      if (found == (isLocal ? localSymbols : globalSymbols).end())
        return;
      tie(pieceOf(found->second), pieceOf(value));
      tie(wholeOf(found->second), whole);
    } else if (port.name) {
      tiePort(keyOf(function, isInput, port.name), whole, isLocal);
    }
  };
  for (BlockArgument argument : function.getArguments()) {
    addValue(argument, dist::getSharding(argument));
    tiePortOf(argument, function.getArgAttrDict(argument.getArgNumber()), /*isInput=*/true);
  }
  function.getBody().walk([&](Operation *op) {
    auto shardings = op->getAttrOfType<ArrayAttr>(dist::shardingsName);
    for (auto [index, result] : llvm::enumerate(op->getResults()))
      addValue(result,
               shardings && index < shardings.size() ? dyn_cast<ShardingAttr>(shardings[index]) : ShardingAttr());
    if (op->getParentOp() == function.getOperation())
      relateOp(op);
  });
  for (OpOperand &returned : function.getBody().front().getTerminator()->getOpOperands())
    tiePortOf(returned.get(), function.getResultAttrDict(returned.getOperandNumber()), /*isInput=*/false);
}

//===----------------------------------------------------------------------===//
// What has one name
//===----------------------------------------------------------------------===//

void Relations::tieSymbols() {
  for (auto &[name, op] : localSymbols)
    if (auto found = globalSymbols.find(name); found != globalSymbols.end())
      tieNamed("@" + name, pieceOf(found->second), wholeOf(op).empty() ? pieceOf(op) : wholeOf(op));
}

/// The global batch, which `begin_step` sees whole, is so many micro-batches.
void Relations::relateMicroBatches() {
  auto program = global->getAttrOfType<DictionaryAttr>("hf.program");
  auto count = program ? program.getAs<IntegerAttr>("micro_batches") : IntegerAttr();
  microBatches = count ? count.getInt() : 1;
  for (auto &[key, shape] : ports) {
    StringRef name = key;
    if (!name.consume_front("begin_step"))
      continue;
    auto found = ports.find(("last_micro_step" + name).str());
    if (found == ports.end() || found->second.size() != shape.size() || shape.empty())
      continue;
    ArrayRef<Size> micro = found->second;
    tie(ArrayRef(shape).drop_front(), micro.drop_front());
    if (microBatches == 1)
      atoms.unify(shape.front(), micro.front());
    else
      microBatchSizes.push_back({shape.front(), micro.front()});
  }
}

/// Chunks stand in descending order of their sizes.
void Relations::relateGeneration() {
  auto program = global->getAttrOfType<DictionaryAttr>("hf.program");
  auto generation = program ? program.getAs<DictionaryAttr>("generation") : DictionaryAttr();
  auto chunks = generation ? generation.getAs<ArrayAttr>("chunks") : ArrayAttr();
  std::optional<Size> larger;
  for (Attribute attribute : chunks ? chunks.getValue() : ArrayRef<Attribute>()) {
    auto chunk = dyn_cast<DictionaryAttr>(attribute);
    auto entry = chunk ? chunk.getAs<StringAttr>("entry") : StringAttr();
    auto found = entry ? ports.find((entry.getValue() + " <- input_ids").str()) : ports.end();
    if (found == ports.end() || found->second.size() != 2)
      continue;
    Size tokens = found->second[1];
    chunkTokens[entry] = tokens;
    if (larger)
      bounds.push_back({tokens, *larger});
    larger = tokens;
  }
}

/// A size that `hf.program` names is that of an input: the batch its first dimension's, the sequence its second's.
void Relations::relateProgram() {
  auto program = global->getAttrOfType<DictionaryAttr>("hf.program");
  auto numberOf = [&](StringRef name) {
    auto number = program ? program.getAs<IntegerAttr>(name) : IntegerAttr();
    return number ? number.getInt() : 0;
  };
  int64_t batchSize = numberOf("batch"), sequenceSize = numberOf("sequence");
  auto take = [&](std::optional<Size> &known, ArrayRef<Size> shape, size_t dim, int64_t size) {
    if (!known && shape.size() > dim && atoms.sizeOf(shape[dim]) == size)
      known = shape[dim];
  };
  for (auto function : global.getOps<func::FuncOp>()) {
    for (BlockArgument argument : function.getArguments()) {
      DictionaryAttr attributes = function.getArgAttrDict(argument.getArgNumber());
      if (!attributes || attributes.contains("hf.parameter") || !shapes.contains(argument))
        continue;
      take(batch, pieceOf(argument), 0, batchSize);
      take(sequence, pieceOf(argument), 1, sequenceSize);
    }
    auto logits = ports.find((function.getName() + " -> logits").str());
    if (logits != ports.end() && !logits->second.empty() && !vocabulary)
      vocabulary = logits->second.back();
    relateOccurrences(function);
  }
}

/// A row has the token as often as the image has features.
void Relations::relateOccurrences(func::FuncOp function) {
  for (BlockArgument argument : function.getArguments()) {
    DictionaryAttr attributes = function.getArgAttrDict(argument.getArgNumber());
    auto occurrences = attributes ? attributes.getAs<DictionaryAttr>("hf.occurrences") : DictionaryAttr();
    auto count = occurrences ? occurrences.getAs<IntegerAttr>("count") : IntegerAttr();
    auto name = attributes ? attributes.getAs<StringAttr>("hf.input") : StringAttr();
    if (!count || !name)
      continue;
    std::optional<Size> found;
    for (auto patches : function.getOps<hf::PatchEmbeddingOp>())
      for (Operation *op = patches; op && !found; op = op->getNextNode())
        for (Value result : op->getResults())
          for (Size size : pieceOf(result))
            if (!found && atoms.sizeOf(size) == count.getInt())
              found = size;
    if (!found)
      continue;
    inputs[keyOf(function, /*isInput=*/true, name)].occurrences = found;
    bounds.push_back({*found, pieceOf(argument).back()});
  }
}
