//===- Program.cpp - a module as the program that files are read for
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Program.h"

#include "dialects/dist/Sharding.h"
#include "dialects/hf/Hf.h"

using namespace hfc;
using namespace hfc::interpreter;

std::optional<hfc_dtype> hfc::dtypeOf(Element element) {
  switch (element) {
  case Element::F64:
    return HFC_FLOAT64;
  case Element::F32:
    return HFC_FLOAT32;
  case Element::BF16:
    return HFC_BFLOAT16;
  case Element::F16:
    return HFC_FLOAT16;
  case Element::I64:
    return HFC_INT64;
  case Element::I32:
    return HFC_INT32;
  case Element::I1:
    return HFC_BOOL;
  default:
    return std::nullopt;
  }
}

Element hfc::elementOf(hfc_dtype dtype) {
  static constexpr Element elements[] = {Element::F32, Element::BF16, Element::F16, Element::I32,
                                         Element::I64, Element::I1,   Element::F64};
  return elements[dtype];
}

static llvm::Error fillTensor(const Port &port, io::TensorInfo &info) {
  std::optional<hfc_dtype> dtype = dtypeOf(port.element);
  if (!dtype)
    return llvm::createStringError("'" + port.name + "' is of " + nameOf(port.element).str() + ", which no file holds");
  info.name = port.name;
  info.dtype = *dtype;
  info.shape.assign(port.shape.begin(), port.shape.end());
  return llvm::Error::success();
}

static llvm::Error fillBindings(ArrayRef<Port> ports, std::vector<io::BindingInfo> &bindings) {
  for (const Port &port : ports) {
    io::BindingInfo &binding = bindings.emplace_back();
    if (llvm::Error error = fillTensor(port, binding))
      return error;
    binding.defaultValue = port.filling;
    binding.min = port.min;
    binding.max = port.max;
  }
  return llvm::Error::success();
}

static std::vector<io::Piece> piecesOf(ArrayAttr attributes) {
  std::vector<io::Piece> pieces;
  for (Attribute each : attributes)
    if (auto piece = dyn_cast<hf::PieceAttr>(each))
      pieces.push_back(
          {piece.getTensor().str(), piece.getOffsets().vec(), piece.getSizes().vec(), piece.getPermutation().vec()});
  return pieces;
}

/// The whole tensor of a row of the program's tables, whose type may be a rank's.
static llvm::Error fillTensor(Operation *op, StringRef name, Type type, io::TensorInfo &info) {
  auto tensor = cast<RankedTensorType>(type);
  Port port;
  port.name = name.str();
  port.element = *interpreter::elementOf(tensor.getElementType());
  port.shape.assign(tensor.getShape().begin(), tensor.getShape().end());
  auto sharding = op->getAttrOfType<dist::ShardingAttr>(dist::shardingName);
  if (sharding && !sharding.getGlobal().empty())
    port.shape.assign(sharding.getGlobal().begin(), sharding.getGlobal().end());
  return fillTensor(port, info);
}

static llvm::Error fillParameter(hf::ParameterOp op, io::ParameterInfo &info) {
  info.pieces = piecesOf(op.getPieces());
  if (auto pieces = op->getAttrOfType<ArrayAttr>("hf.state_dict"))
    info.stateDict = piecesOf(pieces);
  return fillTensor(op, op.getSymName(), op.getType(), info);
}

static std::string symbolIn(Operation *op, StringRef key) {
  auto symbol = op->getAttrOfType<FlatSymbolRefAttr>(key);
  return symbol ? symbol.getValue().str() : "";
}

static llvm::Error fillState(hf::StateOp op, io::StateInfo &info) {
  info.of = symbolIn(op, "hf.of");
  info.ofBucket = symbolIn(op, "hf.of_bucket");
  info.initial = symbolIn(op, "hf.initial");
  if (auto role = op->getAttrOfType<StringAttr>("hf.role"))
    info.role = role.str();
  if (auto place = op->getAttrOfType<hf::PlaceAttr>("hf.bucket"))
    info.bucket = io::BucketPlace{place.getBucket().getValue().str(), place.getOffset()};
  return fillTensor(op, op.getSymName(), op.getType(), info);
}

static int64_t integerIn(DictionaryAttr attributes, StringRef key, int64_t otherwise) {
  auto value = attributes.getAs<IntegerAttr>(key);
  return value ? value.getInt() : otherwise;
}

static bool flagIn(DictionaryAttr attributes, StringRef key) {
  auto value = attributes.getAs<BoolAttr>(key);
  return value && value.getValue();
}

static std::string textIn(DictionaryAttr attributes, StringRef key) {
  auto value = attributes.getAs<StringAttr>(key);
  return value ? value.str() : "";
}

/// The elements of an array that are of a kind; IR from elsewhere may hold anything.
template <typename T>
static SmallVector<T> listIn(DictionaryAttr attributes, StringRef key) {
  SmallVector<T> list;
  if (auto array = attributes.getAs<ArrayAttr>(key))
    for (Attribute each : array)
      if (auto element = dyn_cast<T>(each))
        list.push_back(element);
  return list;
}

static io::GenerationInfo generationOf(DictionaryAttr attributes) {
  io::GenerationInfo info;
  info.vocabulary = integerIn(attributes, "vocabulary", 0);
  info.bos = integerIn(attributes, "bos", -1);
  info.pad = integerIn(attributes, "pad", -1);
  for (auto token : listIn<IntegerAttr>(attributes, "eos"))
    info.eos.push_back(token.getInt());
  for (auto chunk : listIn<DictionaryAttr>(attributes, "chunks"))
    info.chunks.push_back({textIn(chunk, "entry"), integerIn(chunk, "tokens", 0), flagIn(chunk, "first")});
  return info;
}

static void fillHeader(DictionaryAttr attributes, io::ProgramInfo &info) {
  info.task = textIn(attributes, "task");
  info.family = textIn(attributes, "family");
  info.architecture = textIn(attributes, "architecture");
  info.dtype = textIn(attributes, "dtype");
  info.layout = textIn(attributes, "layout");
  info.batch = integerIn(attributes, "batch", 0);
  info.sequence = integerIn(attributes, "sequence", 0);
  info.microBatches = std::max<int64_t>(integerIn(attributes, "micro_batches", 1), 1);
  for (auto prefix : listIn<StringAttr>(attributes, "checkpoint_prefixes"))
    info.checkpointPrefixes.push_back(prefix.str());
  for (auto beginning : listIn<StringAttr>(attributes, "checkpoint_unused"))
    info.checkpointUnused.push_back(beginning.str());
  if (auto generation = attributes.getAs<DictionaryAttr>("generation"))
    info.generation = generationOf(generation);
}

llvm::Expected<io::ProgramInfo> hfc::programOf(ModuleOp module, const Interpreter &interpreter, StringRef named) {
  io::ProgramInfo info;
  if (auto attributes = module->getAttrOfType<DictionaryAttr>("hf.program"))
    fillHeader(attributes, info);
  if (info.checkpointPrefixes.empty())
    info.checkpointPrefixes.push_back("");
  for (auto op : module.getOps<hf::ParameterOp>())
    if (llvm::Error error = fillParameter(op, info.parameters.emplace_back()))
      return error;
  for (auto op : module.getOps<hf::StateOp>())
    if (llvm::Error error = fillState(op, info.states.emplace_back()))
      return error;
  std::vector<std::string> entries = interpreter.entries();
  if (!named.empty() && !llvm::is_contained(entries, named))
    entries.push_back(named.str());
  for (const std::string &name : entries) {
    llvm::Expected<Signature> signature = interpreter.signature(name);
    if (!signature)
      return signature.takeError();
    io::EntryInfo &entry = info.entries.emplace_back();
    entry.name = name;
    if (llvm::Error error = fillBindings(signature->inputs, entry.inputs))
      return error;
    if (llvm::Error error = fillBindings(signature->outputs, entry.outputs))
      return error;
  }
  return info;
}
