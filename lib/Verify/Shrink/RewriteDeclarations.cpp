//===- RewriteDeclarations.cpp - new sizes of parameters, states, buckets, inputs and the program
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Rewriter.h"

#include "dialects/dist/BucketLayout.h"

#include "llvm/ADT/MapVector.h"

using namespace hfc;
using namespace hfc::verify;
using dist::ShardingAttr;

static RankedTensorType declaredType(Operation *op) {
  return cast<RankedTensorType>(op->getAttrOfType<TypeAttr>("type").getValue());
}

static DictionaryAttr with(DictionaryAttr dictionary, StringRef name, Attribute value) {
  NamedAttrList attributes(dictionary);
  attributes.set(name, value);
  return attributes.getDictionary(dictionary.getContext());
}

//===----------------------------------------------------------------------===//
// Parameters, states and buckets
//===----------------------------------------------------------------------===//

/// Of a checkpoint's pieces there is no smaller form; a parameter is its own tensor.
void Rewriter::rewriteSymbol(Operation *op, Operation *clone) {
  Builder builder(op->getContext());
  RankedTensorType type = newType(declaredType(op), relations.pieceOf(op));
  clone->setAttr("type", TypeAttr::get(type));
  if (auto sharding = op->getAttrOfType<ShardingAttr>(dist::shardingName))
    clone->setAttr(dist::shardingName, newSharding(sharding, relations.wholeOf(op)));
  for (StringRef name : {"dist.agree", "hf.group"})
    if (auto list = op->getAttrOfType<dist::AxisListAttr>(name))
      clone->setAttr(name, axes.shrunk(list));
  if (!isa<hf::ParameterOp>(op))
    return;
  auto piece = hf::PieceAttr::get(op->getContext(), SymbolTable::getSymbolName(op).getValue(), {}, {}, {});
  clone->setAttr("pieces", builder.getArrayAttr({piece}));
  clone->removeAttr("hf.state_dict");
  auto initializer = op->getAttrOfType<DictionaryAttr>("hf.initializer");
  auto row = initializer ? initializer.getAs<IntegerAttr>("zero_row") : IntegerAttr();
  int64_t rows = type.getRank() > 0 ? solver.valueOf(relations.wholeOf(op).front()) : 0;
  if (row && row.getInt() >= rows)
    clone->setAttr("hf.initializer",
                   with(initializer, "zero_row", builder.getI64IntegerAttr(std::max<int64_t>(rows - 1, 0))));
}

namespace {
/// What lies in a bucket, before and after.
struct Member {
  Operation *op, *clone;
  int64_t offset, elements, newElements;
};
/// A flat tensor of a bucket of parameters, or a rank's piece of one, before and after.
struct Flat {
  int64_t elements = 0, newElements = 0;
};
} // namespace

static FlatSymbolRefAttr bucketOf(Operation *op) {
  auto place = op->getAttrOfType<hf::PlaceAttr>("hf.bucket");
  return place ? place.getBucket() : FlatSymbolRefAttr();
}

/// The bucket in which a member's parameter lies.
static FlatSymbolRefAttr parametersOf(const Member &member, ModuleOp module) {
  if (isa<hf::ParameterOp>(member.op))
    return bucketOf(member.op);
  auto of = member.op->getAttrOfType<FlatSymbolRefAttr>("hf.of");
  Operation *parameter = of ? module.lookupSymbol(of.getAttr()) : nullptr;
  return parameter ? bucketOf(parameter) : FlatSymbolRefAttr();
}

/// Members keep their order, and the distances between where one could begin, behind the one before, and where it does:
/// 0, unless something is wrong. Returns where the last one ends, before and after.
static std::pair<int64_t, int64_t> moveMembers(FlatSymbolRefAttr bucket, SmallVectorImpl<Member> &members) {
  std::sort(members.begin(), members.end(), [](const Member &a, const Member &b) {
    return std::pair(a.offset, a.elements) < std::pair(b.offset, b.elements);
  });
  int64_t end = 0, newEnd = 0;
  for (const Member &member : members) {
    int64_t moved = member.offset - dist::alignedInBucket(end);
    int64_t offset = std::max<int64_t>(dist::alignedInBucket(newEnd) + moved, 0);
    member.clone->setAttr("hf.bucket", hf::PlaceAttr::get(bucket.getContext(), bucket, offset));
    end = member.offset + member.elements;
    newEnd = offset + member.newElements;
  }
  return {end, newEnd};
}

void Rewriter::placeInBuckets(ModuleOp module, ModuleOp clone) {
  llvm::MapVector<Attribute, SmallVector<Member>> members;
  llvm::DenseMap<Attribute, Flat> flats;
  for (auto [op, newOp] : llvm::zip_equal(module.getOps(), clone.getOps())) {
    if (!isa<hf::ParameterOp, hf::StateOp>(op))
      continue;
    int64_t elements = declaredType(&op).getNumElements(), newElements = declaredType(&newOp).getNumElements();
    // What is all of a bucket, as one tensor, is no member.
    if (auto parameters = op.getAttrOfType<FlatSymbolRefAttr>("hf.of_bucket"))
      flats[parameters] = {elements, newElements};
    else if (auto place = op.getAttrOfType<hf::PlaceAttr>("hf.bucket"))
      members[place.getBucket()].push_back({&op, &newOp, place.getOffset(), elements, newElements});
  }
  for (auto &[symbol, list] : members) {
    auto name = cast<FlatSymbolRefAttr>(symbol);
    auto [end, newEnd] = moveMembers(name, list);
    auto bucket = clone.lookupSymbol<hf::BucketOp>(name.getAttr());
    auto original = module.lookupSymbol<hf::BucketOp>(name.getAttr());
    if (!bucket || !original)
      continue;
    int64_t size = declaredType(original).getNumElements(), newSize = newEnd + size - end;
    // All ranks' pieces.
    FlatSymbolRefAttr parameters = parametersOf(list.front(), module);
    Operation *declared = parameters ? module.lookupSymbol(parameters.getAttr()) : nullptr;
    auto group = declared ? declared->getAttrOfType<dist::AxisListAttr>("hf.group") : dist::AxisListAttr();
    dist::Axes shared = group ? dist::Axes(group.getAxes()) : dist::Axes();
    if (Flat flat = flats.lookup(parameters); flat.elements && flat.elements * axes.sizeOf(shared) == size)
      newSize = std::max(newEnd, flat.newElements * axes.shrunkSizeOf(shared));
    bucket->setAttr("type", TypeAttr::get(declaredType(original).clone({newSize})));
  }
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

/// A number of a vocabulary that means something, where values of this argument do: the last one for what must occur.
std::optional<int64_t> Rewriter::specialToken(Value ids, int64_t token) {
  auto argument = dyn_cast<BlockArgument>(ids);
  auto function = argument ? dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp()) : func::FuncOp();
  auto name = function ? function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "hf.input") : StringAttr();
  const InputRelation *input = name ? relations.findInput(function, name) : nullptr;
  if (!input || !input->largest || token < 0)
    return std::nullopt;
  int64_t largest = solver.valueOf(input->largest->size) + input->largest->plus;
  auto occurrences = function.getArgAttrOfType<DictionaryAttr>(argument.getArgNumber(), "hf.occurrences");
  auto value = occurrences ? occurrences.getAs<IntegerAttr>("value") : IntegerAttr();
  if (value && value.getInt() == token)
    return largest;
  return token < largest ? token : std::max<int64_t>(largest - 1, 0);
}

DictionaryAttr Rewriter::newArgumentAttributes(func::FuncOp function, unsigned index, DictionaryAttr attributes) {
  Builder builder(function.getContext());
  Value argument = function.getArgument(index);
  if (auto sharding = attributes.getAs<ShardingAttr>(dist::shardingName))
    attributes = with(attributes, dist::shardingName, newSharding(sharding, relations.wholeOf(argument)));
  auto name = attributes.getAs<StringAttr>("hf.input");
  const InputRelation *input = name ? relations.findInput(function, name) : nullptr;
  if (!input)
    return attributes;
  if (auto most = attributes.getAs<IntegerAttr>("hf.max"); most && input->largest) {
    // What is less than the op bears is so still.
    int64_t size = relations.atoms.sizeOf(input->largest->size), newSize = solver.valueOf(input->largest->size);
    int64_t value = std::min(most.getInt(), newSize - (size - most.getInt()));
    auto least = attributes.getAs<IntegerAttr>("hf.min");
    attributes = with(attributes, "hf.max", builder.getI64IntegerAttr(std::max(value, least ? least.getInt() : 0)));
  }
  if (auto occurrences = attributes.getAs<DictionaryAttr>("hf.occurrences")) {
    auto value = occurrences.getAs<IntegerAttr>("value");
    if (std::optional<int64_t> token = value ? specialToken(argument, value.getInt()) : std::nullopt)
      occurrences = with(occurrences, "value", builder.getI64IntegerAttr(*token));
    if (input->occurrences)
      occurrences = with(occurrences, "count", builder.getI64IntegerAttr(solver.valueOf(*input->occurrences)));
    attributes = with(attributes, "hf.occurrences", occurrences);
  }
  return attributes;
}

//===----------------------------------------------------------------------===//
// The program
//===----------------------------------------------------------------------===//

void Rewriter::rewriteProgram(ModuleOp clone) {
  auto program = clone->getAttrOfType<DictionaryAttr>("hf.program");
  if (!program)
    return;
  Builder builder(clone.getContext());
  auto set = [&](DictionaryAttr dictionary, StringRef name, std::optional<Size> size) {
    auto number = dictionary.getAs<IntegerAttr>(name);
    return number && size ? with(dictionary, name, IntegerAttr::get(number.getType(), solver.valueOf(*size)))
                          : dictionary;
  };
  program = set(program, "batch", relations.batch);
  program = set(program, "sequence", relations.sequence);
  if (program.contains("micro_batches"))
    program = with(program, "micro_batches", builder.getI64IntegerAttr(solver.getMicroBatches()));
  if (auto generation = program.getAs<DictionaryAttr>("generation")) {
    generation = set(generation, "vocabulary", relations.vocabulary);
    SmallVector<Attribute> chunks;
    for (Attribute chunk : generation.getAs<ArrayAttr>("chunks") ? generation.getAs<ArrayAttr>("chunks").getValue()
                                                                 : ArrayRef<Attribute>()) {
      auto entry = cast<DictionaryAttr>(chunk);
      auto found = relations.chunkTokens.find(entry.getAs<StringAttr>("entry"));
      chunks.push_back(
          set(entry, "tokens", found == relations.chunkTokens.end() ? std::nullopt : std::optional(found->second)));
    }
    program = with(program, "generation", with(generation, "chunks", builder.getArrayAttr(chunks)));
  }
  clone->setAttr("hf.program", program);
}
