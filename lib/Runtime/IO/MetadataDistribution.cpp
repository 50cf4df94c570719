//===- MetadataDistribution.cpp - what the metadata says of meshes, groups and buckets
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MetadataReader.h"

#include <algorithm>
#include <map>
#include <set>

namespace hfc::io {

namespace {
constexpr int64_t mostRanks = 1 << 24;

int64_t divideUp(int64_t a, int64_t b) { return (a + b - 1) / b; }

Axes readAxes(Reader &reader, const Mesh &mesh, const json &list) {
  Axes axes;
  for (const json &element : list) {
    bool isAxis = element.is_object() && element.contains("name") && element["name"].is_string() &&
                  element.contains("pre") && element["pre"].is_number_integer() && element.contains("size") &&
                  element["size"].is_number_integer();
    if (!isAxis) {
      reader.fail("axes must be a list of {name, pre, size}");
      return {};
    }
    AxisRef axis{element["name"].get<std::string>(), element["pre"].get<int64_t>(), element["size"].get<int64_t>()};
    const Mesh::Axis *whole = mesh.find(axis.name);
    bool divides = whole && axis.pre >= 1 && axis.size >= 1 && axis.pre <= whole->size && axis.size <= whole->size &&
                   whole->size % (axis.pre * axis.size) == 0;
    if (!divides) {
      reader.fail("'" + axis.name + "' with pre " + std::to_string(axis.pre) + " and size " +
                  std::to_string(axis.size) + " is no axis of the mesh " + mesh.toString());
      return {};
    }
    axes.push_back(std::move(axis));
  }
  return axes;
}

/// Buffers of buckets, and who is in them.
void checkBuckets(Reader &reader, const ProgramInfo &program) {
  auto check = [&](const TensorInfo &tensor, const std::optional<BucketPlace> &place) {
    if (!place)
      return;
    const BucketInfo *bucket = program.findBucket(place->bucket);
    bool fits = bucket && bucket->dtype == tensor.dtype && place->offset >= 0 && place->offset <= bucket->elements &&
                tensor.elements() <= bucket->elements - place->offset;
    if (!fits)
      reader.fail("'" + tensor.name + "' does not lie in bucket '" + place->bucket + "' at " +
                  std::to_string(place->offset));
  };
  for (const ParameterInfo &parameter : program.parameters)
    check(parameter, parameter.bucket);
  for (const StateInfo &state : program.states)
    check(state, state.bucket);
  for (const BucketInfo &bucket : program.buckets) {
    if (bucket.group && (*bucket.group < 0 || *bucket.group >= int64_t(program.groups.size())))
      reader.fail("bucket '" + bucket.name + "' names group " + std::to_string(*bucket.group) + ", which is none");
    for (const BucketInfo::Member &member : bucket.members) {
      const ParameterInfo *parameter = program.findParameter(member.parameter);
      bool fits = parameter && parameter->elements() == member.elements && member.offset >= 0;
      if (!fits)
        reader.fail("bucket '" + bucket.name + "' has no such member as '" + member.parameter + "'");
    }
  }
}

void checkStates(Reader &reader, const ProgramInfo &program) {
  std::map<std::string, const ParameterInfo *> parameters;
  for (const ParameterInfo &parameter : program.parameters)
    parameters[parameter.name] = &parameter;
  for (const StateInfo &state : program.states) {
    for (const std::string &name : {state.of, state.initial})
      if (!name.empty() && !parameters.count(name))
        reader.fail("state '" + state.name + "' names '" + name + "', which is no parameter");
    if (!state.initial.empty() && parameters.count(state.initial) &&
        parameters[state.initial]->elements() != state.elements())
      reader.fail("state '" + state.name + "' cannot start as '" + state.initial + "': their sizes differ");
    if (!state.ofBucket.empty() && !program.findBucket(state.ofBucket))
      reader.fail("state '" + state.name + "' names bucket '" + state.ofBucket + "', which is none");
  }
}
} // namespace

Mesh readMesh(Reader &reader) {
  Mesh mesh;
  std::set<std::string> names;
  reader.objects("mesh", [&](Reader &each) {
    Mesh::Axis axis{each.string("name"), each.integer("size")};
    if (axis.name.empty() || axis.size < 1 || axis.size > mostRanks || mesh.ranks() > mostRanks / axis.size)
      each.fail("'" + axis.name + "' of " + std::to_string(axis.size) + " is no axis");
    else if (!names.insert(axis.name).second)
      each.fail("'" + axis.name + "' is there twice");
    else
      mesh.axes.push_back(std::move(axis));
  });
  return mesh;
}

void readSharding(Reader &reader, const Mesh &mesh, TensorInfo &tensor) {
  const json *sharding = reader.get("sharding");
  bool hasGlobal = reader.get("global") != nullptr;
  if (!sharding && !hasGlobal)
    return;
  if (reader.string("role").empty() && reader.get("partial") && !reader.get("partial")->empty())
    return reader.fail("'" + tensor.name + "' is partial: a reduction is missing");
  tensor.global = reader.integers("global");
  if (!sharding || !sharding->is_array() || sharding->size() != tensor.shape.size() ||
      tensor.global.size() != tensor.shape.size() || !elementCount(tensor.global))
    return reader.fail("'" + tensor.name + "' needs a global size and a list of axes for each of its " +
                       std::to_string(tensor.shape.size()) + " dimensions");
  for (size_t i = 0; i < sharding->size(); ++i) {
    Axes axes = readAxes(reader, mesh, (*sharding)[i]);
    if (divideUp(tensor.global[i], sizeOf(axes)) != tensor.shape[i])
      return reader.fail("'" + tensor.name + "': " + std::to_string(tensor.global[i]) + " cut over {" +
                         toString(axes, mesh) + "} is not " + std::to_string(tensor.shape[i]));
    tensor.sharding.push_back(std::move(axes));
  }
}

std::optional<BucketPlace> readBucketPlace(Reader &reader) {
  std::optional<BucketPlace> place;
  reader.object("bucket", [&](Reader &inner) { place = BucketPlace{inner.string("name"), inner.integer("offset")}; });
  return place;
}

void readDistribution(Reader &reader, ProgramInfo &program) {
  reader.objects("groups", [&](Reader &each) {
    const json *axes = each.get("axes");
    program.groups.push_back(axes && axes->is_array() ? readAxes(each, program.mesh, *axes) : Axes());
    if (program.groups.back().empty())
      each.fail("a group needs axes");
  });
  reader.objects("collectives", [&](Reader &each) {
    CollectiveInfo &info = program.collectives.emplace_back();
    info.entry = each.string("entry");
    info.kind = each.string("kind");
    info.cause = each.string("cause");
    info.path = each.string("path");
    info.dtype = dtypeFromName(each.string("dtype")).value_or(HFC_FLOAT32);
    info.group = each.integer("group");
    info.bytes = each.integer("bytes");
    info.block = each.optionalInteger("block");
    int64_t number = int64_t(program.collectives.size()) - 1;
    if (each.integer("id", number) != number)
      each.fail("collective " + std::to_string(each.integer("id")) + " is not at its place");
    if (info.group < 0 || info.group >= int64_t(program.groups.size()))
      each.fail("collective " + std::to_string(number) + " names group " + std::to_string(info.group) +
                ", which is none");
  });
  reader.objects("buckets", [&](Reader &each) {
    BucketInfo &bucket = program.buckets.emplace_back();
    bucket.name = each.string("name");
    bucket.dtype = dtypeFromName(each.string("dtype")).value_or(HFC_FLOAT32);
    bucket.elements = each.integer("elements");
    bucket.group = each.optionalInteger("group");
    each.objects("members", [&](Reader &member) {
      bucket.members.push_back({member.string("parameter"), member.integer("offset"), member.integer("elements")});
    });
    if (bucket.elements < 0 || bucket.elements > int64_t(1) << 56)
      each.fail("bucket '" + bucket.name + "' has an absurd size");
  });
}

void checkDistribution(Reader &reader, const ProgramInfo &program) {
  checkBuckets(reader, program);
  checkStates(reader, program);
}

TensorInfo wholeTensor(const TensorInfo &tensor) {
  TensorInfo whole = tensor;
  whole.shape = tensor.wholeShape();
  whole.global.clear();
  whole.sharding.clear();
  return whole;
}

ProgramInfo wholeProgram(const ProgramInfo &program) {
  ProgramInfo whole = program;
  auto widen = [](TensorInfo &tensor) { tensor = wholeTensor(tensor); };
  for (ParameterInfo &parameter : whole.parameters)
    widen(parameter);
  for (StateInfo &state : whole.states)
    widen(state);
  for (EntryInfo &entry : whole.entries)
    for (std::vector<BindingInfo> *bindings : {&entry.inputs, &entry.outputs})
      for (BindingInfo &binding : *bindings)
        widen(binding);
  return whole;
}

} // namespace hfc::io
