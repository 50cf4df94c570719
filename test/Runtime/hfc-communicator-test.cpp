//===- hfc-communicator-test.cpp - collectives against their definitions, by threads and over TCP
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Runtime/Host/Comm/Communicator.h"
#include "lib/Runtime/Host/Comm/TcpWorld.h"

#include "Expect.h"

#include "hfc/Runtime/IO/DType.h"
#include "hfc/Runtime/IO/Random.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <thread>

using namespace hfc;
using namespace hfc::host;

namespace {
using Shape = std::vector<int64_t>;
int64_t product(const Shape &shape) {
  int64_t result = 1;
  for (int64_t size : shape)
    result *= size;
  return result;
}
int64_t divideUp(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Values of one tensor of one rank, as doubles that its type holds exactly.
using Values = std::vector<double>;

double rounded(double value, hfc_dtype dtype) {
  return dtype == HFC_BFLOAT16 ? io::bfloat16ToFloat(io::floatToBFloat16(float(value))) : value;
}

std::vector<char> encode(const Values &values, hfc_dtype dtype) {
  std::vector<char> bytes(values.size() * io::sizeOf(dtype));
  for (size_t i = 0; i < values.size(); ++i) {
    float asFloat = float(values[i]);
    int32_t asInteger = int32_t(values[i]);
    if (dtype == HFC_INT32)
      std::memcpy(&bytes[4 * i], &asInteger, 4);
    else
      io::convertFloats(&asFloat, HFC_FLOAT32, 1, &bytes[i * io::sizeOf(dtype)], dtype, 1);
  }
  return bytes;
}

//===-- What collectives mean, on tensors of all members -----------------===//

/// In the order of places, in the precision that the runtime promises.
double combined(const Values &values, hfc_reduction reduction, hfc_dtype dtype) {
  if (dtype == HFC_INT32 || reduction == HFC_MAX || reduction == HFC_MIN) {
    double result = values[0];
    for (size_t i = 1; i < values.size(); ++i)
      result = reduction == HFC_MAX   ? std::max(result, values[i])
               : reduction == HFC_MIN ? std::min(result, values[i])
                                      : result + values[i];
    return result;
  }
  float sum = float(values[0]);
  for (size_t i = 1; i < values.size(); ++i)
    sum += float(values[i]);
  return rounded(reduction == HFC_MEAN ? sum / float(values.size()) : sum, dtype);
}

/// The number of an index, or none where it is outside.
int64_t flatten(const Shape &index, const Shape &shape) {
  int64_t flat = 0;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (index[i] < 0 || index[i] >= shape[i])
      return -1;
    flat = flat * shape[i] + index[i];
  }
  return flat;
}
Shape unflatten(int64_t flat, const Shape &shape) {
  Shape index(shape.size());
  for (size_t i = shape.size(); i-- > 0;) {
    index[i] = flat % shape[i];
    flat /= shape[i];
  }
  return index;
}

/// Where the elements of tensors lie in their bucket: one that only counts.
class Bucket {
public:
  explicit Bucket(const std::vector<int64_t> &counts) {
    for (int64_t count : counts) {
      while (elements.size() % HFC_BUCKET_ALIGNMENT)
        elements.push_back(-1);
      for (int64_t i = 0; i < count; ++i) {
        places.push_back(int64_t(elements.size()));
        elements.push_back(int64_t(places.size()) - 1);
      }
    }
  }
  int64_t size() const { return int64_t(elements.size()); }
  /// The element, of all tensors joined, at a place of the bucket; -1 if there is none.
  int64_t at(int64_t place) const { return place < size() ? elements[place] : -1; }
  int64_t placeOf(int64_t element) const { return places[element]; }

private:
  std::vector<int64_t> elements, places;
};

/// One collective with all that a test needs to know of it.
struct Case {
  hfc_collective collective{};
  std::vector<int64_t> counts;
  Shape inShape, outShape;
  /// What has the sizes of all inputs, and of all outputs.
  std::vector<int64_t> ins, outs;
  bool inPlace = false;

  std::string name() const {
    return std::string(nameOf(hfc_collective_kind(collective.kind))) + " reduction " +
           std::to_string(collective.reduction) + ", dtype " + std::to_string(collective.dtype) + ", in " +
           io::shapeToString(inShape) + ", out " + io::shapeToString(outShape) + ", counts " +
           io::shapeToString(counts) + (inPlace ? ", in place" : "");
  }
};

/// All members' inputs, joined, to the output of the member at `place`, joined.
Values define(const Case &test, const std::vector<Values> &ins, int place) {
  const hfc_collective &c = test.collective;
  int size = int(ins.size());
  auto all = [&](int64_t at) {
    Values values;
    for (const Values &each : ins)
      values.push_back(at < int64_t(each.size()) ? each[at] : 0);
    return values;
  };
  hfc_reduction reduction = c.kind == HFC_AGREE ? HFC_MEAN : hfc_reduction(c.reduction);
  Bucket bucket(test.counts);
  int64_t outSize = 0;
  for (int64_t count : test.outs)
    outSize += count;
  Values out(outSize);
  for (int64_t i = 0; i < outSize; ++i) {
    Shape index = unflatten(i, test.outShape);
    switch (hfc_collective_kind(c.kind)) {
    case HFC_ALL_REDUCE:
    case HFC_AGREE:
      out[i] = combined(all(i), reduction, hfc_dtype(c.dtype));
      break;
    case HFC_ALL_GATHER: {
      int64_t from = index[c.dim] / test.inShape[c.dim];
      index[c.dim] %= test.inShape[c.dim];
      out[i] = ins[from][flatten(index, test.inShape)];
      break;
    }
    case HFC_REDUCE_SCATTER: {
      index[c.dim] += place * test.outShape[c.dim];
      int64_t at = flatten(index, test.inShape);
      out[i] = at < 0 ? 0 : combined(all(at), reduction, hfc_dtype(c.dtype));
      break;
    }
    case HFC_ALL_TO_ALL: {
      int64_t from = index[c.concat] / test.inShape[c.concat];
      index[c.concat] %= test.inShape[c.concat];
      index[c.dim] += place * test.outShape[c.dim];
      out[i] = ins[from][flatten(index, test.inShape)];
      break;
    }
    case HFC_BROADCAST:
      out[i] = ins[c.place][i];
      break;
    case HFC_SEND_RECEIVE:
      out[i] = ins[((place - c.place) % size + size) % size][i];
      break;
    case HFC_REDUCE_SCATTER_BUCKET: {
      int64_t at = bucket.at(place * c.piece + i);
      out[i] = at < 0 ? 0 : combined(all(at), reduction, hfc_dtype(c.dtype));
      break;
    }
    case HFC_ALL_GATHER_BUCKET: {
      int64_t at = bucket.placeOf(i);
      out[i] = ins[at / c.piece][at % c.piece];
      break;
    }
    }
  }
  return out;
}

//===-- Random collectives ------------------------------------------------===//

class Dice {
public:
  explicit Dice(uint64_t seed) : key(io::mixBits(seed)) {}
  int64_t below(int64_t limit) { return int64_t(io::randomBits(key, counter++) % uint64_t(limit)); }
  double value(hfc_dtype dtype) {
    if (dtype == HFC_INT32)
      return double(below(2001) - 1000);
    return rounded(float(io::randomNormal(key, counter++)), dtype);
  }

private:
  uint64_t key, counter = 0;
};

Case randomCase(Dice &dice, int size, int32_t id) {
  Case test;
  hfc_collective &c = test.collective;
  c.id = id;
  c.kind = int32_t(dice.below(9));
  c.dtype = std::vector<int32_t>{HFC_FLOAT32, HFC_BFLOAT16, HFC_INT32}[dice.below(3)];
  c.reduction = int32_t(dice.below(c.dtype == HFC_INT32 || c.kind == HFC_REDUCE_SCATTER ? 3 : 4));
  if (c.kind == HFC_AGREE && c.dtype == HFC_INT32)
    c.dtype = HFC_FLOAT32;
  c.tensors = 1;
  bool several = c.kind <= HFC_AGREE || c.kind >= HFC_REDUCE_SCATTER_BUCKET;
  if (several)
    c.tensors = int32_t(1 + dice.below(4));
  // Now and then large ones: more than sockets and blocks take at once.
  int64_t most = dice.below(10) == 0 ? 100000 : 70;
  for (int32_t i = 0; i < c.tensors; ++i)
    test.counts.push_back(dice.below(most));
  int64_t total = 0;
  for (int64_t count : test.counts)
    total += count;
  Bucket bucket(test.counts);
  test.inPlace = dice.below(2);
  if (several) {
    test.ins = test.outs = test.counts;
    if (c.kind == HFC_REDUCE_SCATTER_BUCKET || c.kind == HFC_ALL_GATHER_BUCKET) {
      c.piece = divideUp(bucket.size(), size) + dice.below(3);
      (c.kind == HFC_REDUCE_SCATTER_BUCKET ? test.outs : test.ins) = {c.piece};
      test.inPlace = false;
    }
    test.inShape = test.outShape = {c.kind == HFC_REDUCE_SCATTER_BUCKET ? c.piece : total};
    return test;
  }
  c.rank = int32_t(1 + dice.below(3) + (c.kind == HFC_ALL_TO_ALL));
  for (int32_t i = 0; i < c.rank; ++i)
    test.inShape.push_back(1 + dice.below(most > 100 ? 40 : 6));
  c.dim = int32_t(dice.below(c.rank));
  test.outShape = test.inShape;
  if (c.kind == HFC_ALL_GATHER) {
    // Whole sizes that do not divide: the last pieces are padded.
    test.outShape[c.dim] = test.inShape[c.dim] * size;
    int64_t less = dice.below(test.inShape[c.dim]);
    test.outShape[c.dim] -= less;
    test.inPlace = false;
  } else if (c.kind == HFC_REDUCE_SCATTER) {
    test.outShape[c.dim] = divideUp(test.inShape[c.dim], size);
    test.inPlace = false;
  } else if (c.kind == HFC_ALL_TO_ALL) {
    c.concat = int32_t((c.dim + 1 + dice.below(c.rank - 1)) % c.rank);
    test.outShape = test.inShape;
    test.inShape[c.dim] *= size;
    test.outShape[c.concat] *= size;
    test.inPlace = false;
  } else {
    c.place = int32_t(dice.below(size));
  }
  test.counts = test.ins = {product(test.inShape)};
  test.outs = {product(test.outShape)};
  return test;
}

//===-- Ranks -------------------------------------------------------------===//

/// Groups of a mesh of three axes: one for each set of axes.
std::vector<RankGroup> groupsOf(const Shape &mesh, int rank) {
  std::vector<RankGroup> groups;
  Shape own = unflatten(rank, mesh);
  for (int axes = 1; axes < 8; ++axes) {
    RankGroup group;
    group.number = int(groups.size());
    for (int64_t other = 0; other < product(mesh); ++other) {
      Shape index = unflatten(other, mesh);
      bool inside = true;
      for (int axis = 0; axis < 3; ++axis)
        inside &= (axes >> axis & 1) || index[axis] == own[axis];
      if (inside) {
        if (other == rank)
          group.place = group.size();
        group.ranks.push_back(int(other));
      }
    }
    groups.push_back(group);
  }
  return groups;
}

/// Bytes of all outputs of a rank: what must be the same whatever carries it.
using Trace = std::vector<std::vector<char>>;

/// One rank's part in random collectives. All ranks draw the same.
Trace runRank(World &world, const Shape &mesh, int rank, uint64_t seed, int rounds) {
  std::vector<RankGroup> groups = groupsOf(mesh, rank);
  auto describe = [](const CollectiveHeader &header) { return "collective " + std::to_string(header.id); };
  std::unique_ptr<Communicator> communicator = makeHostCommunicator(world, rank, groups, describe);
  Trace trace;
  Dice dice(seed);
  for (int round = 0; round < rounds; ++round) {
    int number = int(dice.below(int64_t(groups.size())));
    const RankGroup &group = groups[number];
    Case test = randomCase(dice, group.size(), round);
    hfc_collective &c = test.collective;
    c.group = number;
    c.counts = test.counts.data();
    c.in_shape = test.inShape.data();
    c.out_shape = test.outShape.data();
    hfc_dtype dtype = hfc_dtype(c.dtype);
    std::vector<Values> values(group.size());
    for (int i = 0; i < group.size(); ++i) {
      Dice own(io::mixBits(seed + uint64_t(round)) + uint64_t(group.ranks[i]));
      for (int64_t count : test.ins)
        for (int64_t j = 0; j < count; ++j)
          values[i].push_back(own.value(dtype));
    }
    std::vector<std::vector<char>> ins, outs;
    std::vector<const void *> inPointers;
    std::vector<void *> outPointers;
    int64_t offset = 0;
    for (int64_t count : test.ins) {
      const Values &all = values[group.place];
      ins.push_back(encode(Values(all.begin() + offset, all.begin() + offset + count), dtype));
      offset += count;
    }
    for (int64_t count : test.outs)
      outs.push_back(std::vector<char>(count * io::sizeOf(dtype), char(0x55)));
    for (auto &in : ins)
      inPointers.push_back(in.data());
    for (size_t i = 0; i < outs.size(); ++i)
      outPointers.push_back(test.inPlace ? ins[i].data() : outs[i].data());
    bool ran = communicator->run(c, inPointers.data(), outPointers.data());
    expect(ran, "it ran: " + test.name() + (world.failed() ? ": " + world.failure().second : ""));
    if (!ran)
      return trace;
    std::vector<char> joined;
    for (size_t i = 0; i < outs.size(); ++i)
      joined.insert(joined.end(), static_cast<char *>(outPointers[i]),
                    static_cast<char *>(outPointers[i]) + outs[i].size());
    expect(joined == encode(define(test, values, group.place), dtype),
           "rank " + std::to_string(rank) + " of " + io::shapeToString(mesh) + ": " + test.name());
    trace.push_back(std::move(joined));
  }
  // What the tools bring to rank 0.
  std::vector<int64_t> bytes;
  std::vector<std::vector<char>> pieces;
  std::vector<void *> targets;
  for (int64_t i = 0; i < product(mesh); ++i) {
    bytes.push_back(i % 2 ? 0 : 3 + i);
    pieces.emplace_back(bytes.back());
  }
  for (auto &piece : pieces)
    targets.push_back(piece.data());
  std::vector<char> own(bytes[rank], char('a' + rank));
  expect(communicator->gather(own.data(), bytes, targets.data()), "gather");
  for (int64_t i = 0; rank == 0 && i < product(mesh); ++i)
    expect(pieces[i] == std::vector<char>(bytes[i], char('a' + i)), "gathered piece " + std::to_string(i));
  std::vector<char> said(5, char('a' + rank));
  expect(communicator->broadcast(said.data(), int64_t(said.size())), "broadcast");
  expect(said == std::vector<char>(5, 'a'), "what rank 0 said");
  return trace;
}

template <typename Body>
void onThreads(int64_t count, Body body) {
  std::vector<std::thread> threads;
  for (int64_t i = 0; i < count; ++i)
    threads.emplace_back([=] { body(int(i)); });
  for (std::thread &thread : threads)
    thread.join();
}

std::vector<Trace> byThreads(const Shape &mesh, uint64_t seed, int rounds) {
  std::vector<Trace> traces(product(mesh));
  std::unique_ptr<World> world = makeThreadWorld(int(product(mesh)), 60);
  onThreads(product(mesh), [&](int rank) { traces[rank] = runRank(*world, mesh, rank, seed, rounds); });
  return traces;
}

constexpr int testPort = 23456;

std::vector<Trace> overTcp(const Shape &mesh, uint64_t seed, int rounds) {
  std::vector<Trace> traces(product(mesh));
  onThreads(product(mesh), [&](int rank) {
    MeetingPoint point{rank, int(product(mesh)), "localhost", testPort, "job " + std::to_string(seed)};
    io::Result<std::unique_ptr<World>> world = makeTcpWorld(point, 60);
    expect(bool(world), world ? "" : world.error());
    if (world)
      traces[rank] = runRank(**world, mesh, rank, seed, rounds);
  });
  return traces;
}

void testRandom(const Shape &mesh, uint64_t seed, int rounds) {
  std::vector<Trace> first = byThreads(mesh, seed, rounds);
  expect(first == byThreads(mesh, seed, rounds), "twice the same");
  expect(first == overTcp(mesh, seed, rounds), "the same over TCP");
}

//===-- What goes wrong ---------------------------------------------------===//

/// Two ranks that run `counts[rank]` elements' all-reduce; a count of -1 is a rank that never comes.
std::string failureOf(World &world, int rank, int64_t count, int32_t id) {
  if (count < 0) {
    while (!world.failed())
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return world.failure().second;
  }
  RankGroup group{0, {0, 1}, rank};
  auto describe = [](const CollectiveHeader &header) {
    return "collective " + std::to_string(header.id) + " of " + std::to_string(header.bytes) + " bytes";
  };
  std::unique_ptr<Communicator> communicator = makeHostCommunicator(world, rank, {group}, describe);
  std::vector<float> values(count + 1);
  const void *in = values.data();
  void *out = values.data();
  hfc_collective collective{};
  collective.id = id;
  collective.tensors = 1;
  collective.counts = &count;
  expect(!communicator->run(collective, &in, &out), "a failure");
  return world.failure().second;
}

void contains(const std::string &text, const std::string &part) { expect(text.find(part) != std::string::npos, text); }

void testFailures(bool tcp) {
  auto run = [&](int64_t first, int64_t second, int32_t secondId) {
    std::vector<std::string> messages(2);
    std::shared_ptr<World> threads = makeThreadWorld(2, 0.3);
    onThreads(2, [&](int rank) {
      std::shared_ptr<World> world = threads;
      if (tcp) {
        io::Result<std::unique_ptr<World>> made = makeTcpWorld({rank, 2, "localhost", testPort, "failures"}, 0.6);
        expect(bool(made), made ? "" : made.error());
        if (!made)
          return;
        world = std::move(*made);
      }
      messages[rank] = failureOf(*world, rank, rank ? second : first, rank ? secondId : 7);
    });
    return messages;
  };
  for (const std::string &message : run(100, 50, 7)) {
    contains(message, "collective 7 of 400 bytes");
    contains(message, "collective 7 of 200 bytes");
  }
  for (const std::string &message : run(100, 100, 8)) {
    contains(message, "rank 0 in collective 7 of 400 bytes");
    contains(message, "rank 1 in collective 8 of 400 bytes");
  }
  for (const std::string &message : run(100, -1, 7)) {
    contains(message, "in collective 7 of 400 bytes: rank 0 arrived, rank 1 did not");
    contains(message, "rank 0 waited");
  }
}

void testMeeting() {
  io::Result<std::unique_ptr<World>> alone = makeTcpWorld({0, 3, "localhost", testPort, "alone"}, 0.2);
  expect(!alone, "met nobody");
  contains(alone.error(), "rank 0 arrived, ranks 1, 2 did not");
  alone = makeTcpWorld({1, 2, "localhost", testPort + 100, "alone"}, 0.2);
  expect(!alone, "found nobody");
  contains(alone.error(), "cannot reach rank 0 at localhost:23556 (MASTER_ADDR, MASTER_PORT)");
  // Somebody else has the port, and two jobs begin at the same one.
  io::Result<Socket> taken = Socket::listen(testPort);
  expect(bool(taken), "the port");
  onThreads(4, [&](int number) {
    MeetingPoint point{number % 2, 2, "localhost", testPort, number < 2 ? "one" : "other"};
    io::Result<std::unique_ptr<World>> world = makeTcpWorld(point, 30);
    expect(bool(world), world ? "" : world.error());
    if (world)
      runRank(**world, {1, 2, 1}, number % 2, number < 2 ? 1 : 2, 5);
  });
}
} // namespace

int main(int argc, char **argv) {
  int rounds = argc > 1 ? std::atoi(argv[1]) : 60;
  uint64_t seed = argc > 2 ? uint64_t(std::atoll(argv[2])) : 1;
  for (const Shape &mesh :
       {Shape{1, 1, 1}, Shape{2, 1, 1}, Shape{1, 3, 1}, Shape{2, 2, 1}, Shape{2, 2, 2}, Shape{1, 1, 5}})
    testRandom(mesh, seed++, rounds);
  testFailures(/*tcp=*/false);
  testFailures(/*tcp=*/true);
  testMeeting();
  std::printf("%s\n", failures ? "collectives are wrong" : "collectives are right, by threads and over TCP");
  return failures != 0;
}
