//===- Metadata.cpp - a program's metadata
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Metadata.h"

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
  MetadataWriter(ModuleOp module, DictionaryAttr program, llvm::raw_ostream &os)
      : module(module), program(program), stream(os) {}

  LogicalResult write();

private:
  void writeProgram();
  void writeParameter(hf::ParameterOp parameter);
  LogicalResult writeEntry(rt::EntryOp entry);
  LogicalResult writeShaped(Operation *op, Type type);
  void writeValue(Attribute value);
  void writeNumbers(StringRef key, ArrayRef<int64_t> numbers);

  ModuleOp module;
  DictionaryAttr program;
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
  for (StringRef key : {"task", "target", "cpu", "family", "architecture", "batch", "sequence", "dtype", "layout",
                        "checkpoint_prefixes"})
    if (Attribute value = program.get(key)) {
      stream.attributeBegin(key);
      writeValue(value);
      stream.attributeEnd();
    }
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

void MetadataWriter::writeParameter(hf::ParameterOp parameter) {
  stream.attributeArray("pieces", [&] {
    for (auto piece : parameter.getPieces().getAsRange<hf::PieceAttr>())
      stream.object([&] {
        stream.attribute("tensor", json::fixUTF8(piece.getTensor()));
        writeNumbers("offsets", piece.getOffsets());
        writeNumbers("sizes", piece.getSizes());
        writeNumbers("permutation", piece.getPermutation());
      });
  });
}

/// What the runtime may have to fill in or check: attributes that come from the entry's argument.
static void writeInputRules(json::OStream &stream, rt::InputOp input) {
  auto filling = input->getAttrOfType<StringAttr>("hf.default");
  stream.attribute("default", filling ? filling.getValue() : "");
  for (StringRef bound : {"min", "max"})
    if (auto value = input->getAttrOfType<IntegerAttr>(("hf." + bound).str()))
      stream.attribute(bound, value.getInt());
}

LogicalResult MetadataWriter::writeEntry(rt::EntryOp entry) {
  LogicalResult result = success();
  auto writeBuffer = [&](auto op, auto &&writeMore) {
    stream.object([&] {
      stream.attribute("name", json::fixUTF8(op.getName()));
      if (failed(writeShaped(op, op.getBuffer().getType())))
        result = failure();
      stream.attribute("offset", static_cast<int64_t>(op.getOffset()));
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
    stream.attributeArray("parameters", [&] {
      for (auto parameter : module.getOps<hf::ParameterOp>())
        writeRow(parameter, [&](hf::ParameterOp op) { writeParameter(op); });
    });
    stream.attributeArray("states", [&] {
      for (auto state : module.getOps<hf::StateOp>())
        writeRow(state, [](hf::StateOp) {});
    });
    stream.attributeArray("entries", [&] {
      for (auto entry : module.getOps<rt::EntryOp>())
        stream.object([&] {
          if (failed(writeEntry(entry)))
            result = failure();
        });
    });
    if (Attribute generation = program.get("generation")) {
      stream.attributeBegin("generation");
      writeValue(generation);
      stream.attributeEnd();
    }
  });
  return result;
}

FailureOr<std::string> hfc::programMetadata(ModuleOp module) {
  auto program = module->getAttrOfType<DictionaryAttr>("hf.program");
  if (!program)
    return module.emitError("the module has no dictionary 'hf.program', which says what program this is; hfc-compile "
                            "writes it when it imports a model");
  std::string text;
  llvm::raw_string_ostream os(text);
  if (failed(MetadataWriter(module, program, os).write()))
    return failure();
  return text;
}
