//===- Metadata.cpp - a program's metadata
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Metadata.h"

#include "WorkTable.h"
#include "dialects/hf/Hf.h"
#include "dialects/rt/Rt.h"
#include "hfc/Runtime/hfc_runtime.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace hfc;
namespace json = llvm::json;

namespace {
/// Writes one program's metadata; the order of keys is the order of the functions.
class MetadataWriter {
public:
  MetadataWriter(ModuleOp module, DictionaryAttr program, const GroupTable &groups, TargetCalls &target,
                 llvm::raw_ostream &os)
      : module(module), program(program), groups(groups), target(target), stream(os) {}

  LogicalResult write();

private:
  void writeProgram();
  void writeMesh();
  LogicalResult writeCollectives();
  void writeCollective(rt::EntryOp entry, rt::CollectiveOp op);
  void writeBucket(hf::BucketOp bucket, ArrayRef<hf::ParameterOp> members);
  void writeBuckets();
  void writeParameter(hf::ParameterOp parameter);
  void writeState(hf::StateOp state);
  void writePieces(StringRef key, ArrayAttr pieces);
  void writeSharding(dist::ShardingAttr sharding);
  void writeAxes(ArrayRef<dist::AxisRefAttr> axes);
  void writePlace(Operation *op);
  LogicalResult writeEntry(rt::EntryOp entry);
  LogicalResult writeShaped(Operation *op, Type type);
  void writeValue(Attribute value);
  void writeNumbers(StringRef key, ArrayRef<int64_t> numbers);

  ModuleOp module;
  DictionaryAttr program;
  const GroupTable &groups;
  TargetCalls &target;
  json::OStream stream;
};
} // namespace

/// A type's name in the metadata, empty if it has none.
static StringRef dtypeName(Type type) {
  if (type.isF32())
    return "float32";
  if (type.isBF16())
    return "bfloat16";
  if (type.isF16())
    return "float16";
  if (type.isF64())
    return "float64";
  if (type.isInteger(1))
    return "bool";
  if (type.isInteger(32))
    return "int32";
  return type.isInteger(64) ? "int64" : "";
}

void MetadataWriter::writeValue(Attribute value) {
  if (auto text = dyn_cast<StringAttr>(value))
    return stream.value(json::fixUTF8(text.getValue()));
  if (auto flag = dyn_cast<BoolAttr>(value))
    return stream.value(flag.getValue());
  if (auto number = dyn_cast<IntegerAttr>(value))
    return stream.value(number.getValue().getSExtValue());
  if (auto number = dyn_cast<FloatAttr>(value))
    return stream.value(number.getValueAsDouble());
  if (auto list = dyn_cast<ArrayAttr>(value))
    return stream.array([&] { llvm::for_each(list, [&](Attribute element) { writeValue(element); }); });
  if (auto list = dyn_cast<DenseI64ArrayAttr>(value))
    return stream.array([&] { llvm::for_each(list.asArrayRef(), [&](int64_t element) { stream.value(element); }); });
  if (auto fields = dyn_cast<DictionaryAttr>(value))
    return stream.object([&] {
      for (NamedAttribute field : fields) {
        stream.attributeBegin(field.getName().getValue());
        writeValue(field.getValue());
        stream.attributeEnd();
      }
    });
  stream.value(nullptr);
}

void MetadataWriter::writeNumbers(StringRef key, ArrayRef<int64_t> numbers) {
  stream.attributeArray(key, [&] { llvm::for_each(numbers, [&](int64_t number) { stream.value(number); }); });
}

/// What the compiler and the importer know of the program as a whole.
void MetadataWriter::writeProgram() {
  stream.attribute("hfc", HFC_VERSION);
  stream.attribute("abi", HFC_ABI_VERSION);
  for (StringRef key : {"task", "target", "cpu", "gpu", "family", "architecture", "batch", "sequence", "dtype",
                        "layout", "checkpoint_prefixes", "checkpoint_unused", "micro_batches", "separator"})
    if (Attribute value = program.get(key)) {
      stream.attributeBegin(key);
      writeValue(value);
      stream.attributeEnd();
    }
  if (program.contains("deterministic"))
    stream.attribute("deterministic", true);
}

LogicalResult MetadataWriter::writeShaped(Operation *op, Type type) {
  auto shaped = cast<ShapedType>(type);
  StringRef dtype = dtypeName(shaped.getElementType());
  if (dtype.empty())
    return op->emitOpError("has elements of type ") << shaped.getElementType() << ", which no file holds";
  stream.attribute("dtype", dtype);
  writeNumbers("shape", shaped.getShape());
  return success();
}

//===----------------------------------------------------------------------===//
// The mesh
//===----------------------------------------------------------------------===//

/// Sub-axes as the runtime wants them: always with the product of those in front, and a size.
void MetadataWriter::writeAxes(ArrayRef<dist::AxisRefAttr> axes) {
  stream.array([&] {
    for (dist::AxisRefAttr axis : axes)
      stream.object([&] {
        stream.attribute("name", json::fixUTF8(axis.getName().getValue()));
        stream.attribute("pre", axis.isWhole() ? 1 : axis.getPre());
        stream.attribute("size", dist::sizeOf(axis, groups.mesh()));
      });
  });
}

void MetadataWriter::writeMesh() {
  dist::MeshAttr mesh = groups.mesh();
  stream.attributeArray("mesh", [&] {
    for (auto [name, size] : llvm::zip_equal(mesh.getNames(), mesh.getSizes()))
      stream.object([&, name = name, size = size] {
        stream.attribute("name", json::fixUTF8(name.getValue()));
        stream.attribute("size", size);
      });
  });
  stream.attributeArray("groups", [&] {
    for (dist::AxisListAttr group : groups.groups())
      stream.object([&] {
        stream.attributeBegin("axes");
        writeAxes(group.getAxes());
        stream.attributeEnd();
      });
  });
}

/// The module path that an op serves; of several, the first.
static StringRef pathOf(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName().getValue();
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      if (StringRef path = pathOf(part); !path.empty())
        return path;
  return "";
}

static int64_t bytesOf(ValueRange buffers) {
  int64_t bytes = 0;
  for (Type type : buffers.getTypes()) {
    auto shaped = cast<ShapedType>(type);
    bytes += shaped.getNumElements() * static_cast<int64_t>(llvm::divideCeil(shaped.getElementTypeBitWidth(), 8));
  }
  return bytes;
}

void MetadataWriter::writeCollective(rt::EntryOp entry, rt::CollectiveOp op) {
  stream.object([&] {
    stream.attribute("id", static_cast<int64_t>(op.getId()));
    stream.attribute("entry", json::fixUTF8(entry.getSymName()));
    stream.attribute("kind", rt::stringifyCollectiveKind(op.getKind()));
    stream.attribute("group", static_cast<int64_t>(groups.numberOf(op.getAxes())));
    stream.attribute("dtype", dtypeName(cast<ShapedType>(op.getIns()[0].getType()).getElementType()));
    stream.attribute("bytes", std::max(bytesOf(op.getIns()), bytesOf(op.getOuts())));
    stream.attribute("cause", json::fixUTF8(op.getCause().value_or("")));
    stream.attribute("path", json::fixUTF8(pathOf(op.getLoc())));
    if (auto block = op->getAttrOfType<IntegerAttr>("hf.block"))
      stream.attribute("block", block.getInt());
  });
}

LogicalResult MetadataWriter::writeCollectives() {
  LogicalResult result = success();
  uint64_t next = 0;
  stream.attributeArray("collectives", [&] {
    for (auto entry : module.getOps<rt::EntryOp>())
      for (auto op : entry.getBody().getOps<rt::CollectiveOp>()) {
        if (op.getId() != next++ && succeeded(result))
          result = op.emitOpError("has number ") << op.getId() << ", but is number " << next - 1
                                                 << " of the program; run --hfc-schedule-collectives over all of it";
        writeCollective(entry, op);
      }
  });
  return result;
}

//===----------------------------------------------------------------------===//
// Parameters, states, buckets
//===----------------------------------------------------------------------===//

/// The whole tensor's shape and how it is cut; nothing where it is not.
void MetadataWriter::writeSharding(dist::ShardingAttr sharding) {
  auto isCut = [](dist::AxisListAttr axes) { return !axes.empty(); };
  if (!sharding || (!sharding.isPartial() && llvm::none_of(sharding.getDims(), isCut)))
    return;
  writeNumbers("global", sharding.getGlobal());
  stream.attributeArray("sharding", [&] {
    for (dist::AxisListAttr axes : sharding.getDims())
      writeAxes(axes.getAxes());
  });
  if (!sharding.isPartial())
    return;
  stream.attributeBegin("partial");
  writeAxes(sharding.getPartial().getAxes());
  stream.attributeEnd();
}

void MetadataWriter::writePlace(Operation *op) {
  auto place = op->getAttrOfType<hf::PlaceAttr>("hf.bucket");
  if (!place)
    return;
  stream.attributeObject("bucket", [&] {
    stream.attribute("name", json::fixUTF8(place.getBucket().getValue()));
    stream.attribute("offset", place.getOffset());
  });
}

void MetadataWriter::writePieces(StringRef key, ArrayAttr pieces) {
  stream.attributeArray(key, [&] {
    for (auto piece : pieces.getAsRange<hf::PieceAttr>())
      stream.object([&] {
        stream.attribute("tensor", json::fixUTF8(piece.getTensor()));
        writeNumbers("offsets", piece.getOffsets());
        writeNumbers("sizes", piece.getSizes());
        writeNumbers("permutation", piece.getPermutation());
      });
  });
}

void MetadataWriter::writeParameter(hf::ParameterOp parameter) {
  writeSharding(parameter->getAttrOfType<dist::ShardingAttr>(dist::shardingName));
  writePieces("pieces", parameter.getPieces());
  if (auto pieces = parameter->getAttrOfType<ArrayAttr>("hf.state_dict"))
    writePieces("state_dict", pieces);
  if (parameter->hasAttr("hf.frozen"))
    stream.attribute("frozen", true);
  if (Attribute initializer = parameter->getAttr("hf.initializer")) {
    stream.attributeBegin("initializer");
    writeValue(initializer);
    stream.attributeEnd();
  }
  writePlace(parameter);
}

void MetadataWriter::writeState(hf::StateOp state) {
  writeSharding(state->getAttrOfType<dist::ShardingAttr>(dist::shardingName));
  for (StringRef key : {"of", "initial", "of_bucket"})
    if (auto symbol = state->getAttrOfType<FlatSymbolRefAttr>(("hf." + key).str()))
      stream.attribute(key, json::fixUTF8(symbol.getValue()));
  if (auto role = state->getAttrOfType<StringAttr>("hf.role"))
    stream.attribute("role", json::fixUTF8(role.getValue()));
  writePlace(state);
}

void MetadataWriter::writeBucket(hf::BucketOp bucket, ArrayRef<hf::ParameterOp> members) {
  auto type = cast<RankedTensorType>(bucket.getType());
  stream.attribute("name", json::fixUTF8(bucket.getSymName()));
  stream.attribute("dtype", dtypeName(type.getElementType()));
  stream.attribute("elements", type.getNumElements());
  if (auto group = bucket->getAttrOfType<dist::AxisListAttr>("hf.group"))
    stream.attribute("group", static_cast<int64_t>(groups.numberOf(group)));
  if (members.empty())
    return;
  stream.attributeArray("members", [&] {
    for (hf::ParameterOp parameter : members) {
      auto place = parameter->getAttrOfType<hf::PlaceAttr>("hf.bucket");
      stream.object([&] {
        stream.attribute("parameter", json::fixUTF8(parameter.getSymName()));
        stream.attribute("offset", place.getOffset());
        stream.attribute("elements", cast<RankedTensorType>(parameter.getType()).getNumElements());
      });
    }
  });
}

void MetadataWriter::writeBuckets() {
  llvm::DenseMap<Attribute, SmallVector<hf::ParameterOp>> members;
  for (auto parameter : module.getOps<hf::ParameterOp>())
    if (auto place = parameter->getAttrOfType<hf::PlaceAttr>("hf.bucket"))
      members[place.getBucket().getAttr()].push_back(parameter);
  stream.attributeArray("buckets", [&] {
    for (auto bucket : module.getOps<hf::BucketOp>())
      stream.object([&] { writeBucket(bucket, members[bucket.getSymNameAttr()]); });
  });
}

//===----------------------------------------------------------------------===//
// Entries
//===----------------------------------------------------------------------===//

/// What the runtime may have to fill in or check: attributes that come from the entry's argument.
static void writeInputRules(json::OStream &stream, rt::InputOp input) {
  auto filling = input->getAttrOfType<StringAttr>("hf.default");
  stream.attribute("default", filling ? filling.getValue() : "");
  for (StringRef bound : {"min", "max"})
    if (auto value = input->getAttrOfType<IntegerAttr>(("hf." + bound).str()))
      stream.attribute(bound, value.getInt());
  auto occurrences = input->getAttrOfType<DictionaryAttr>("hf.occurrences");
  auto value = occurrences ? occurrences.getAs<IntegerAttr>("value") : IntegerAttr();
  auto count = occurrences ? occurrences.getAs<IntegerAttr>("count") : IntegerAttr();
  if (value && count)
    stream.attributeArray("occurrences", [&] {
      stream.object([&] {
        stream.attribute("value", value.getInt());
        stream.attribute("count", count.getInt());
      });
    });
}

LogicalResult MetadataWriter::writeEntry(rt::EntryOp entry) {
  LogicalResult result = success();
  auto writeBuffer = [&](auto op, auto &&writeMore) {
    stream.object([&] {
      stream.attribute("name", json::fixUTF8(op.getName()));
      if (failed(writeShaped(op, op.getBuffer().getType())))
        result = failure();
      stream.attribute("offset", static_cast<int64_t>(op.getOffset()));
      writeSharding(op->template getAttrOfType<dist::ShardingAttr>("rt.sharding"));
      writeMore(op);
    });
  };
  stream.attribute("name", json::fixUTF8(entry.getSymName()));
  stream.attribute("symbol", ("hfc_entry_" + json::fixUTF8(entry.getSymName())));
  stream.attributeArray("inputs", [&] {
    for (auto input : entry.getBody().getOps<rt::InputOp>())
      writeBuffer(input, [&](rt::InputOp op) { writeInputRules(stream, op); });
  });
  stream.attributeArray("outputs", [&] {
    for (auto output : entry.getBody().getOps<rt::OutputOp>())
      writeBuffer(output, [](rt::OutputOp) {});
  });
  return result;
}

LogicalResult MetadataWriter::write() {
  LogicalResult result = success();
  auto writeRow = [&](auto op, auto &&writeMore) {
    stream.object([&] {
      stream.attribute("name", json::fixUTF8(op.getSymName()));
      if (failed(writeShaped(op, op.getType())))
        result = failure();
      writeMore(op);
    });
  };
  stream.object([&] {
    writeProgram();
    int64_t arena = 0;
    for (auto entry : module.getOps<rt::EntryOp>())
      arena = std::max<int64_t>(arena, entry.getArena());
    stream.attribute("arena", arena);
    target.describe(stream);
    if (module->hasAttr(dist::meshName)) {
      writeMesh();
      if (failed(writeCollectives()))
        result = failure();
    }
    stream.attributeArray("parameters", [&] {
      for (auto parameter : module.getOps<hf::ParameterOp>())
        writeRow(parameter, [&](hf::ParameterOp op) { writeParameter(op); });
    });
    stream.attributeArray("states", [&] {
      for (auto state : module.getOps<hf::StateOp>())
        writeRow(state, [&](hf::StateOp op) { writeState(op); });
    });
    if (!module.getOps<hf::BucketOp>().empty())
      writeBuckets();
    stream.attributeArray("entries", [&] {
      for (auto entry : module.getOps<rt::EntryOp>())
        stream.object([&] {
          if (failed(writeEntry(entry)))
            result = failure();
        });
    });
    writeWorkTable(module, stream);
    if (Attribute generation = program.get("generation")) {
      stream.attributeBegin("generation");
      writeValue(generation);
      stream.attributeEnd();
    }
  });
  return result;
}

FailureOr<std::string> hfc::programMetadata(ModuleOp module, const GroupTable &groups, TargetCalls &target) {
  auto program = module->getAttrOfType<DictionaryAttr>("hf.program");
  if (!program)
    return module.emitError("the module has no dictionary 'hf.program', which says what program this is; hfc-compile "
                            "writes it when it imports a model");
  std::string text;
  llvm::raw_string_ostream os(text);
  if (failed(MetadataWriter(module, program, groups, target, os).write()))
    return failure();
  return text;
}
