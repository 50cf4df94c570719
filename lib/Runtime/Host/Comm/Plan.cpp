//===- Plan.cpp - what a collective moves between which ranks
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Plan.h"

#include "hfc/Runtime/IO/DType.h"

#include <numeric>

namespace hfc::host {

namespace {
/// Pieces of an all-reduce begin at cache lines.
constexpr int64_t pieceBytes = 64;

int64_t divideUp(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Plans for one member of a group.
class Planner {
public:
  Planner(const hfc_collective &collective, const void *const *ins, void *const *outs, int place, int size,
          char *scratch)
      : collective(collective), ins(ins), outs(outs), place(place), size(size), scratch(scratch),
        element(io::sizeOf(hfc_dtype(collective.dtype))) {}

  Plan run() {
    switch (hfc_collective_kind(collective.kind)) {
    case HFC_ALL_REDUCE:
    case HFC_AGREE:
      allReduce();
      break;
    case HFC_ALL_GATHER:
      allGather();
      break;
    case HFC_REDUCE_SCATTER:
      reduceScatter();
      break;
    case HFC_ALL_TO_ALL:
      allToAll();
      break;
    case HFC_BROADCAST:
      broadcast();
      break;
    case HFC_SEND_RECEIVE:
      sendReceive();
      break;
    case HFC_REDUCE_SCATTER_BUCKET:
      reduceScatterBucket();
      break;
    case HFC_ALL_GATHER_BUCKET:
      allGatherBucket();
      break;
    }
    return std::move(plan);
  }

private:
  Phase &addPhase() {
    Phase &phase = plan.phases.emplace_back();
    phase.sends.resize(size);
    phase.receives.resize(size);
    return phase;
  }

  Phase &addCombination() {
    Phase &phase = addPhase();
    phase.combines = true;
    bool agrees = collective.kind == HFC_AGREE;
    phase.combination = {agrees ? HFC_MEAN : hfc_reduction(collective.reduction), hfc_dtype(collective.dtype)};
    return phase;
  }

  int64_t totalBytes() const {
    int64_t total = 0;
    for (int32_t i = 0; i < collective.tensors; ++i)
      total += collective.counts[i] * element;
    return total;
  }

  /// Bytes [begin, end) of the tensors, joined.
  View range(const void *const *tensors, int64_t begin, int64_t end) const {
    View view;
    int64_t offset = 0;
    for (int32_t i = 0; i < collective.tensors && offset < end; ++i) {
      int64_t bytes = collective.counts[i] * element;
      int64_t first = std::max(begin - offset, int64_t(0)), last = std::min(end - offset, bytes);
      if (first < last)
        view.add({static_cast<char *>(const_cast<void *>(tensors[i])) + first, 1, last - first, last - first});
      offset += bytes;
    }
    return view;
  }

  /// Indices [begin, end) of dimension `dim` of a dense tensor; what is outside is left away.
  View part(const void *data, const int64_t *shape, int32_t dim, int64_t begin, int64_t end) const {
    int64_t outer = 1, inner = element;
    for (int32_t i = 0; i < dim; ++i)
      outer *= shape[i];
    for (int32_t i = dim + 1; i < collective.rank; ++i)
      inner *= shape[i];
    begin = std::min(begin, shape[dim]);
    end = std::min(end, shape[dim]);
    char *first = static_cast<char *>(const_cast<void *>(data)) + begin * inner;
    return View({first, outer, (end - begin) * inner, shape[dim] * inner});
  }

  /// Each member combines one piece, and then gives it to all: the same bits everywhere.
  void allReduce() {
    int64_t total = totalBytes(), piece = divideUp(divideUp(total, size), pieceBytes) * pieceBytes;
    auto pieceOf = [&](const void *const *tensors, int64_t i) {
      return range(tensors, std::min(i * piece, total), std::min((i + 1) * piece, total));
    };
    Phase &reduce = addCombination();
    for (int i = 0; i < size; ++i)
      reduce.sends[i] = pieceOf(ins, i);
    reduce.combined = pieceOf(outs, place);
    Phase &gather = addPhase();
    for (int i = 0; i < size; ++i) {
      gather.sends[i] = pieceOf(outs, place);
      gather.receives[i] = pieceOf(outs, i);
    }
  }

  void allGather() {
    int32_t dim = collective.dim;
    int64_t local = collective.in_shape[dim], whole = collective.out_shape[dim];
    auto valid = [&](int64_t i) { return std::clamp(whole - i * local, int64_t(0), local); };
    Phase &phase = addPhase();
    for (int i = 0; i < size; ++i) {
      phase.sends[i] = part(ins[0], collective.in_shape, dim, 0, valid(place));
      phase.receives[i] = part(outs[0], collective.out_shape, dim, i * local, (i + 1) * local);
    }
  }

  void reduceScatter() {
    int32_t dim = collective.dim;
    int64_t local = collective.out_shape[dim], whole = collective.in_shape[dim];
    int64_t valid = std::clamp(whole - place * local, int64_t(0), local);
    Phase &phase = addCombination();
    for (int i = 0; i < size; ++i)
      phase.sends[i] = part(ins[0], collective.in_shape, dim, i * local, (i + 1) * local);
    phase.combined = part(outs[0], collective.out_shape, dim, 0, valid);
    plan.zeros = part(outs[0], collective.out_shape, dim, valid, local);
  }

  void allToAll() {
    int32_t split = collective.dim, concat = collective.concat;
    int64_t cut = divideUp(collective.in_shape[split], size), joined = collective.in_shape[concat];
    Phase &phase = addPhase();
    for (int i = 0; i < size; ++i) {
      phase.sends[i] = part(ins[0], collective.in_shape, split, i * cut, (i + 1) * cut);
      phase.receives[i] = part(outs[0], collective.out_shape, concat, i * joined, (i + 1) * joined);
    }
  }

  void broadcast() {
    int64_t bytes = collective.counts[0] * element;
    View source(const_cast<void *>(ins[0]), bytes);
    Phase &phase = addPhase();
    if (place == collective.place)
      phase.sends.assign(size, source);
    phase.receives[collective.place] = View(outs[0], bytes);
  }

  /// In place, a block is received aside until its old content has gone.
  void sendReceive() {
    int64_t bytes = collective.counts[0] * element;
    int to = int(((place + int64_t(collective.place)) % size + size) % size);
    int from = int(((place - int64_t(collective.place)) % size + size) % size);
    bool inPlace = ins[0] == outs[0];
    int64_t step = inPlace ? scratchBytes : std::max<int64_t>(bytes, 1);
    for (int64_t begin = 0; begin < bytes; begin += step) {
      int64_t count = std::min(step, bytes - begin);
      View out(static_cast<char *>(outs[0]) + begin, count);
      Phase &phase = addPhase();
      phase.sends[to] = View(static_cast<char *>(const_cast<void *>(ins[0])) + begin, count);
      phase.receives[from] = inPlace ? View(scratch, count) : out;
      if (inPlace) {
        phase.landing = out;
        phase.staged = View(scratch, count);
      }
    }
  }

  /// What tensors and one piece of their bucket share, as bytes of each.
  struct Shares {
    View ofTensors, ofPiece;
    /// What of the piece no tensor has.
    View gaps;
  };
  Shares sharesOf(const void *const *tensors, void *piece, int64_t number) const {
    Shares shares;
    char *memory = static_cast<char *>(piece);
    int64_t bytes = collective.piece * element, begin = number * bytes, done = 0, offset = 0;
    auto add = [](View &view, char *data, int64_t length) { view.add({data, 1, length, length}); };
    for (int32_t i = 0; i < collective.tensors; ++i) {
      offset = divideUp(offset, HFC_BUCKET_ALIGNMENT * element) * HFC_BUCKET_ALIGNMENT * element;
      int64_t end = offset + collective.counts[i] * element;
      int64_t first = std::max(offset - begin, int64_t(0)), last = std::min(end - begin, bytes);
      if (first < last) {
        add(shares.ofTensors, static_cast<char *>(const_cast<void *>(tensors[i])) + (begin + first - offset),
            last - first);
        add(shares.ofPiece, memory + first, last - first);
        add(shares.gaps, memory + done, first - done);
        done = last;
      }
      offset = end;
    }
    add(shares.gaps, memory + done, bytes - done);
    return shares;
  }

  void reduceScatterBucket() {
    Phase &phase = addCombination();
    for (int i = 0; i < size; ++i)
      phase.sends[i] = sharesOf(ins, outs[0], i).ofTensors;
    Shares own = sharesOf(ins, outs[0], place);
    phase.combined = own.ofPiece;
    plan.zeros = own.gaps;
  }

  void allGatherBucket() {
    View own = sharesOf(outs, const_cast<void *>(ins[0]), place).ofPiece;
    Phase &phase = addPhase();
    for (int i = 0; i < size; ++i) {
      phase.sends[i] = own;
      phase.receives[i] = sharesOf(outs, const_cast<void *>(ins[0]), i).ofTensors;
    }
  }

  const hfc_collective &collective;
  const void *const *ins;
  void *const *outs;
  int place, size;
  char *scratch;
  int64_t element;
  Plan plan;
};
} // namespace

Plan planCollective(const hfc_collective &collective, const void *const *ins, void *const *outs, int place, int size,
                    char *scratch) {
  return Planner(collective, ins, outs, place, size, scratch).run();
}

int64_t bytesOf(const hfc_collective &collective) {
  int64_t elements = collective.kind == HFC_ALL_GATHER_BUCKET ? collective.piece : 0;
  bool several =
      collective.kind == HFC_ALL_REDUCE || collective.kind == HFC_AGREE || collective.kind == HFC_REDUCE_SCATTER_BUCKET;
  if (several)
    for (int32_t i = 0; i < collective.tensors; ++i)
      elements += collective.counts[i];
  else if (collective.kind != HFC_ALL_GATHER_BUCKET)
    elements = collective.counts[0];
  return elements * io::sizeOf(hfc_dtype(collective.dtype));
}

int64_t messageBytes(const hfc_collective &collective) {
  int64_t out = collective.rank > 0 ? 1 : 0;
  for (int32_t i = 0; i < collective.rank; ++i)
    out *= collective.out_shape[i];
  if (collective.kind == HFC_ALL_GATHER_BUCKET)
    out = std::accumulate(collective.counts, collective.counts + collective.tensors, int64_t(0));
  return std::max(bytesOf(collective), out * io::sizeOf(hfc_dtype(collective.dtype)));
}

const char *nameOf(hfc_collective_kind kind) {
  switch (kind) {
  case HFC_ALL_REDUCE:
    return "all_reduce";
  case HFC_AGREE:
    return "agree";
  case HFC_ALL_GATHER:
    return "all_gather";
  case HFC_REDUCE_SCATTER:
    return "reduce_scatter";
  case HFC_ALL_TO_ALL:
    return "all_to_all";
  case HFC_BROADCAST:
    return "broadcast";
  case HFC_SEND_RECEIVE:
    return "send_receive";
  case HFC_REDUCE_SCATTER_BUCKET:
    return "reduce_scatter_bucket";
  case HFC_ALL_GATHER_BUCKET:
    return "all_gather_bucket";
  }
  return "collective";
}

} // namespace hfc::host
