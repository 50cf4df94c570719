//===- WholeTensors.cpp - tensors of all ranks: what goes to them, what they give back
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WholeTensors.h"

#include "hfc/Runtime/IO/MicroBatches.h"

#include <algorithm>
#include <cstring>

namespace hfc::run {

//===-- Inputs ------------------------------------------------------------===//

void WholeInputs::read(Session &session, const io::EntryInfo &entry) {
  auto buffer = [this](const io::BindingInfo &binding) -> void * {
    std::vector<char> &values = buffers[binding.name];
    values.resize(binding.bytes());
    return values.data();
  };
  if (std::optional<uint64_t> seed = parseRandom("inputs", session.options.inputs)) {
    io::randomInputs(entry, *seed, buffer);
    return;
  }
  std::vector<std::string> ignored;
  orThrow(io::readInputs(session.whole, entry, session.inputs ? &*session.inputs : nullptr, buffer, &ignored));
  for (const std::string &name : ignored)
    if (session.ranks.leads())
      std::fprintf(stderr, "hfc-run: note: '%s' in '%s' means nothing to this program and is ignored\n", name.c_str(),
                   session.inputs->path().c_str());
}

void WholeInputs::setIntegers(const std::string &name, const std::vector<int32_t> &values) {
  std::vector<char> &bytes = buffers[name];
  bytes.resize(values.size() * sizeof(int32_t));
  std::memcpy(bytes.data(), values.data(), bytes.size());
}

void WholeInputs::give(const io::ProgramInfo &program, const io::EntryInfo &entry, int64_t micro,
                       const Rank &rank) const {
  for (const io::BindingInfo &binding : entry.inputs) {
    auto found = buffers.find(binding.name);
    if (found == buffers.end())
      continue;
    io::TensorInfo whole = wholeTensor(binding);
    const char *values = found->second.data();
    std::vector<char> part;
    if (int64_t(found->second.size()) != whole.bytes()) {
      part.resize(whole.bytes());
      io::takeMicroBatch(program, whole, micro, values, part.data());
      values = part.data();
    }
    std::vector<char> piece(binding.bytes());
    io::takePiece(program.mesh, binding, rank.number, values, piece.data());
    rank.write(rank.input(entry.name, binding.name), piece.data(), binding.bytes());
  }
}

//===-- Gathering ---------------------------------------------------------===//

namespace {
/// What each rank has at `piece` of its program, as many bytes as `sizes` says; empty on all ranks but 0.
std::vector<std::vector<char>> gatherPieces(const Rank &rank, const std::vector<int64_t> &sizes, const void *piece) {
  std::vector<std::vector<char>> pieces(sizes.size());
  std::vector<void *> targets(sizes.size());
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (rank.leads())
      pieces[i].resize(sizes[i]);
    targets[i] = pieces[i].data();
  }
  std::vector<char> buffer;
  rank.gather(rank.view(piece, sizes[rank.number], buffer), sizes, targets);
  return pieces;
}

const io::StateInfo *findState(const io::ProgramInfo &program, const std::string &role,
                               const io::ParameterInfo &parameter) {
  for (const io::StateInfo &state : program.states)
    if (state.role == role && state.of == parameter.name)
      return &state;
  return nullptr;
}

/// A piece of a bucket that the parameter is in, and the parameter's place there.
struct BucketPiece {
  const io::StateInfo *state = nullptr;
  const io::BucketInfo *bucket = nullptr;
  int64_t offset = 0;
};

std::optional<BucketPiece> findBucketPiece(const io::ProgramInfo &program, const std::string &role,
                                           const io::ParameterInfo &parameter) {
  for (const io::StateInfo &state : program.states) {
    if (state.role != role || state.ofBucket.empty() || state.isWholeBucket())
      continue;
    const io::BucketInfo *bucket = program.findBucket(state.ofBucket);
    for (const io::BucketInfo::Member &member : bucket->members)
      if (member.parameter == parameter.name)
        return BucketPiece{&state, bucket, member.offset};
  }
  return std::nullopt;
}

/// A master in the parameter's own dtype, as ZeRO keeps it, is the parameter over again and starts as it: checkpoints,
/// which know nothing of ZeRO, do without.
bool repeatsParameter(const io::ParameterInfo &parameter, const io::StateInfo &state) {
  return state.role == "master" && state.dtype == parameter.dtype;
}

/// Elements of a bucket.
struct Range {
  int64_t first = 0, last = 0;

  int64_t elements() const { return std::max<int64_t>(last - first, 0); }
};

int64_t pieceNumber(const io::ProgramInfo &program, const BucketPiece &place, int64_t rank) {
  return place.bucket->group ? program.mesh.placeOf(rank, program.groups[*place.bucket->group]) : 0;
}

/// What a rank's piece of a bucket holds of a parameter.
Range overlap(const io::ProgramInfo &program, const io::TensorInfo &values, const BucketPiece &place, int64_t rank) {
  int64_t size = place.state->elements(), begin = pieceNumber(program, place, rank) * size;
  return {std::max(place.offset, begin), std::min(place.offset + values.elements(), begin + size)};
}

/// What rank 0 makes of all ranks' parts of a parameter: each holder's values of it, and of these the whole.
void joinBucketPieces(const io::ProgramInfo &program, const io::TensorInfo &values, const BucketPiece &place,
                      const std::vector<std::vector<char>> &parts, char *whole) {
  int64_t size = io::sizeOf(values.dtype);
  std::vector<bool> holders = holdersOf(program.mesh, values);
  std::vector<char> local(values.bytes());
  for (size_t holder = 0; holder < holders.size(); ++holder) {
    if (!holders[holder])
      continue;
    std::vector<int> group{int(holder)};
    if (place.bucket->group)
      group = program.mesh.groupOf(int64_t(holder), program.groups[*place.bucket->group]);
    for (int member : group)
      if (!parts[member].empty())
        std::memcpy(local.data() + (overlap(program, values, place, member).first - place.offset) * size,
                    parts[member].data(), parts[member].size());
    io::putPiece(program.mesh, values, int64_t(holder), local.data(), whole);
  }
}

/// A parameter's values, of which each rank's flat tensor, or piece of one, has a part. No rank sends more than that.
void gatherFromBucket(const Rank &rank, const io::ProgramInfo &program, const io::TensorInfo &values,
                      const BucketPiece &place, char *whole) {
  int64_t size = io::sizeOf(values.dtype);
  std::vector<int64_t> sizes;
  // Where no group shares the bucket, ranks may have the same.
  std::vector<bool> holders = holdersOf(program.mesh, values);
  for (int64_t each = 0; each < program.mesh.ranks(); ++each)
    sizes.push_back(place.bucket->group || holders[each] ? overlap(program, values, place, each).elements() * size : 0);
  int64_t begin = pieceNumber(program, place, rank.number) * place.state->elements();
  int64_t own = sizes[rank.number] ? overlap(program, values, place, rank.number).first - begin : 0;
  const char *piece = static_cast<const char *>(rank.state(place.state->name)) + own * size;
  std::vector<std::vector<char>> parts = gatherPieces(rank, sizes, piece);
  if (rank.leads())
    joinBucketPieces(program, values, place, parts, whole);
}

WholeValue makeValue(const Rank &rank, const io::ParameterInfo &parameter, hfc_dtype dtype) {
  WholeValue value{&parameter, dtype, {}};
  if (rank.leads())
    value.data.resize(*io::elementCount(parameter.wholeShape()) * io::sizeOf(dtype));
  return value;
}

io::TensorInfo withType(const io::ParameterInfo &parameter, hfc_dtype dtype) {
  io::TensorInfo tensor = parameter;
  tensor.dtype = dtype;
  return tensor;
}
} // namespace

void gatherTensor(const Rank &rank, const io::Mesh &mesh, const io::TensorInfo &tensor, const void *piece,
                  char *whole) {
  if (!tensor.isCut()) {
    if (rank.leads())
      rank.read(whole, piece, tensor.bytes());
    return;
  }
  std::vector<bool> holders = holdersOf(mesh, tensor);
  std::vector<int64_t> sizes;
  for (bool holds : holders)
    sizes.push_back(holds ? tensor.bytes() : 0);
  std::vector<std::vector<char>> pieces = gatherPieces(rank, sizes, piece);
  for (size_t i = 0; rank.leads() && i < holders.size(); ++i)
    if (holders[i])
      io::putPiece(mesh, tensor, int64_t(i), pieces[i].data(), whole);
}

std::optional<WholeValue> gatherParameter(const Rank &rank, const io::ProgramInfo &program,
                                          const io::ParameterInfo &parameter) {
  WholeValue value = makeValue(rank, parameter, parameter.dtype);
  gatherTensor(rank, program.mesh, parameter, rank.parameter(parameter.name), value.data.data());
  return value;
}

std::optional<hfc_dtype> typeOfState(const io::ProgramInfo &program, const io::ParameterInfo &parameter,
                                     const std::string &role) {
  std::optional<BucketPiece> place = findBucketPiece(program, role, parameter);
  const io::StateInfo *state = place ? place->state : findState(program, role, parameter);
  return state && !repeatsParameter(parameter, *state) ? std::optional(state->dtype) : std::nullopt;
}

std::optional<WholeValue> gatherState(const Rank &rank, const io::ProgramInfo &program,
                                      const io::ParameterInfo &parameter, const std::string &role) {
  // Flat tensors first: with ZeRO only their pieces are complete.
  if (std::optional<BucketPiece> place = findBucketPiece(program, role, parameter)) {
    const io::StateInfo &state = *place->state;
    if (repeatsParameter(parameter, state))
      return std::nullopt;
    WholeValue value = makeValue(rank, parameter, state.dtype);
    gatherFromBucket(rank, program, withType(parameter, state.dtype), *place, value.data.data());
    return value;
  }
  const io::StateInfo *state = findState(program, role, parameter);
  if (!state || repeatsParameter(parameter, *state))
    return std::nullopt;
  WholeValue value = makeValue(rank, parameter, state->dtype);
  gatherTensor(rank, program.mesh, *state, rank.state(state->name), value.data.data());
  return value;
}

//===-- Scattering --------------------------------------------------------===//

namespace {
const char *findWhole(const io::ParameterInfo &parameter, const io::StateInfo &state, const std::string &role,
                      const io::SafeTensors &tensors) {
  std::string name = role + "." + parameter.name;
  const io::TensorView *tensor = tensors.find(name);
  if (!tensor)
    throw Error("'" + tensors.path() + "' has no tensor '" + name +
                "', which this program keeps: it was compiled otherwise");
  if (tensor->dtype != state.dtype || tensor->shape != parameter.wholeShape())
    throw Error("'" + tensors.path() + "': '" + name + "' is " + tensor->dtypeName + io::shapeToString(tensor->shape) +
                ", and this program keeps " + std::string(io::nameOf(state.dtype)) +
                io::shapeToString(parameter.wholeShape()));
  return tensor->data;
}

/// Where a rank's piece of a bucket and the parameter overlap.
void putInBucketPiece(const Rank &rank, const io::ProgramInfo &program, const io::TensorInfo &values,
                      const BucketPiece &place, const char *local) {
  int64_t size = io::sizeOf(values.dtype);
  int64_t begin = pieceNumber(program, place, rank.number) * place.state->elements();
  Range range = overlap(program, values, place, rank.number);
  if (range.elements() > 0)
    rank.write(static_cast<char *>(rank.state(place.state->name)) + (range.first - begin) * size,
               local + (range.first - place.offset) * size, range.elements() * size);
}
} // namespace

void scatterState(const Rank &rank, const io::ProgramInfo &program, const io::ParameterInfo &parameter,
                  const std::string &role, const io::SafeTensors &tensors) {
  if (std::optional<BucketPiece> place = findBucketPiece(program, role, parameter)) {
    if (repeatsParameter(parameter, *place->state))
      return;
    io::TensorInfo values = withType(parameter, place->state->dtype);
    std::vector<char> local(values.bytes());
    io::takePiece(program.mesh, values, rank.number, findWhole(parameter, *place->state, role, tensors), local.data());
    putInBucketPiece(rank, program, values, *place, local.data());
  } else if (const io::StateInfo *state = findState(program, role, parameter);
             state && !repeatsParameter(parameter, *state)) {
    std::vector<char> local(state->bytes());
    io::takePiece(program.mesh, *state, rank.number, findWhole(parameter, *state, role, tensors), local.data());
    rank.write(rank.state(state->name), local.data(), state->bytes());
  }
}

//===-- Results -----------------------------------------------------------===//

void Results::add(io::TensorInfo info, std::vector<char> data) {
  owned.push_back(std::move(data));
  views.push_back({std::move(info), owned.back().data()});
}

void gatherOutput(const Rank &rank, const io::ProgramInfo &program, const io::EntryInfo &entry,
                  const io::BindingInfo &output, Results &results) {
  const void *piece = rank.output(entry.name, output.name);
  if (!output.isCut() && rank.isHost) {
    if (rank.leads())
      results.refer(wholeTensor(output), piece);
    return;
  }
  std::vector<char> whole;
  if (rank.leads())
    whole.resize(wholeTensor(output).bytes());
  gatherTensor(rank, program.mesh, output, piece, whole.data());
  if (rank.leads())
    results.add(wholeTensor(output), std::move(whole));
}

} // namespace hfc::run
