//===- hfc-random-weights-test.cpp - random weights: how they are distributed, and that they are the same everywhere
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A GPU's kernels run here as the host's code, thread after thread: bit for bit they make what the host's loops make,
// and every rank's piece is a part of the whole.
//
//===----------------------------------------------------------------------===//

#include "Expect.h"

#include "lib/Runtime/CUDA/DeviceCode.h"

#include "hfc/Runtime/IO/Weights.h"

#include <cmath>
#include <numeric>

using namespace hfc;
using io::Distribution;
using Kind = io::InitializerInfo::Kind;

//===-- Distributions -----------------------------------------------------===//

/// How likely a standard normal value is farther out than `value`.
static double outsideOf(double value) { return std::erfc(value / std::sqrt(2.0)); }

/// Against the C library's erfc in double precision: the difference of probabilities over the density.
static void checkQuantile(uint32_t out) {
  double outside = (double(0x7fffffff - out) + 0.5) * 0x1p-31;
  double value = io::valueOf<Distribution::normal>({Distribution::normal, 1}, out);
  double density = std::sqrt(2 / 3.14159265358979) * std::exp(-value * value / 2);
  // Near zero the probability within says more than that without.
  double missed = out < 1u << 28 ? (std::erf(value / std::sqrt(2.0)) - (double(out) + 0.5) * 0x1p-31) / density
                                 : (outside - outsideOf(value)) / density;
  expect(std::fabs(missed) <= 1e-6 * value, "quantile of " + std::to_string(out) + " is off by " +
                                                std::to_string(missed) + " of " + std::to_string(value));
}

static void checkQuantiles() {
  for (uint32_t i = 0; i < 1000000; ++i)
    checkQuantile(uint32_t(io::mixBits(i)) >> 1);
  for (uint32_t i = 0; i < 5000; ++i) {
    checkQuantile(i);
    checkQuantile(0x7fffffff - i);
  }
  for (uint32_t sign : {0u, 1u << 31}) {
    double most = io::valueOf<Distribution::normal>({Distribution::normal, 1}, 0x7fffffff | sign);
    expect(std::fabs(most) > 6.2 && std::fabs(most) < 6.4 && (most < 0) == (sign != 0), "the farthest value");
  }
}

struct Statistics {
  double mean = 0, deviation = 0, least = 0, most = 0;
  /// The part of the values farther out than 1, 2, 3, 4 deviations.
  double beyond[4] = {};
};

static Statistics statisticsOf(const std::vector<float> &values, double deviation) {
  Statistics statistics;
  double squares = 0, count = double(values.size());
  for (float value : values) {
    statistics.mean += value / count;
    squares += double(value) * value / count;
    statistics.least = std::min<double>(statistics.least, value);
    statistics.most = std::max<double>(statistics.most, value);
    for (int i = 0; i < 4; ++i)
      statistics.beyond[i] += (std::fabs(value) > (i + 1) * deviation) / count;
  }
  statistics.deviation = std::sqrt(squares - statistics.mean * statistics.mean);
  return statistics;
}

//===-- Weights of a program ----------------------------------------------===//

static io::ParameterInfo parameterOf(std::vector<int64_t> shape, hfc_dtype dtype, io::InitializerInfo initializer) {
  io::ParameterInfo parameter;
  parameter.name = "a.weight";
  parameter.shape = std::move(shape);
  parameter.dtype = dtype;
  parameter.initializer = initializer;
  return parameter;
}

/// Cuts a dimension over these axes.
static void cut(io::ParameterInfo &parameter, size_t dim, const io::Mesh &mesh, io::Axes axes) {
  if (parameter.sharding.empty()) {
    parameter.global = parameter.shape;
    parameter.sharding.resize(parameter.shape.size());
  }
  for (io::AxisRef &axis : axes)
    axis.size = mesh.find(axis.name)->size;
  int64_t ranks = io::sizeOf(axes);
  parameter.shape[dim] = (parameter.shape[dim] + ranks - 1) / ranks;
  parameter.sharding[dim] = std::move(axes);
}

static io::ProgramInfo programOf(const io::Mesh &mesh, io::ParameterInfo parameter) {
  io::ProgramInfo program;
  program.mesh = mesh;
  program.parameters.push_back(std::move(parameter));
  return program;
}

static std::string bytesOf(const io::ProgramInfo &program, int64_t rank) {
  io::WeightPlacement placement;
  placement.rank = rank;
  io::Result<io::Weights> weights = io::Weights::random(program, 7, {}, placement);
  expect(bool(weights), weights.error());
  return weights ? std::string(static_cast<const char *>(weights->data()[0]), program.parameters[0].bytes()) : "";
}

template <typename Arguments, void (*perform)(const Arguments &, int64_t item)>
static void runKernel(const Arguments &arguments) {
  for (int64_t block = 0; block < cuda::blocksOf(arguments.items()); ++block)
    for (int64_t lane = 0; lane < cuda::ownLanes; ++lane)
      cuda::takeTurns<Arguments, perform>(arguments, block, lane);
}

/// What the kernel makes, `shift` elements behind where memory begins; it must leave its surroundings alone.
static std::string bytesByKernel(const io::ProgramInfo &program, int64_t rank, int64_t shift) {
  const io::ParameterInfo &parameter = program.parameters[0];
  int64_t size = io::sizeOf(parameter.dtype), bytes = parameter.bytes();
  std::vector<uint64_t> memory(size_t((bytes + 2 * shift * size) / 8 + 2), 0x5555555555555555u);
  char *target = reinterpret_cast<char *>(memory.data()) + shift * size;
  io::WeightPlacement placement;
  placement.rank = rank;
  placement.memory = [&](size_t) { return target; };
  placement.fill = [](char *address, const io::Draw &draw) {
    runKernel<cuda::FillArguments, cuda::fillItem>({address, draw});
    return io::Status();
  };
  expect(bool(io::Weights::random(program, 7, {}, placement)), "the kernel fills");
  const char *end = reinterpret_cast<const char *>(memory.data() + memory.size());
  expect(std::count(target + bytes, const_cast<char *>(end), 0x55) == end - target - bytes, "what lies behind is left");
  return std::string(target, size_t(bytes));
}

static std::string describe(const io::ParameterInfo &parameter, int64_t rank) {
  return "rank " + std::to_string(rank) + "'s " + io::shapeToString(parameter.shape) + " of " +
         io::shapeToString(parameter.wholeShape()) + ", " + std::string(io::nameOf(parameter.dtype)) +
         ", initializer " + std::to_string(int(parameter.initializer->kind));
}

/// Each rank's piece, by the host and by the kernel, is that of the whole.
static void checkPieces(const io::Mesh &mesh, const io::ParameterInfo &parameter) {
  io::ProgramInfo program = programOf(mesh, parameter), whole = io::wholeProgram(program);
  std::string all = bytesOf(whole, 0);
  for (int64_t rank = 0; rank < mesh.ranks(); ++rank) {
    std::string piece(size_t(parameter.bytes()), '\x55');
    io::takePiece(mesh, parameter, rank, all.data(), piece.data());
    expect(bytesOf(program, rank) == piece, "the host draws " + describe(parameter, rank));
    for (int64_t shift : {0, 1})
      expect(bytesByKernel(program, rank, shift) == piece, "the kernel draws " + describe(parameter, rank));
  }
}

static void checkMeshes(hfc_dtype dtype, const io::InitializerInfo &initializer) {
  io::Mesh mesh;
  mesh.axes = {{"dp", 2}, {"tp", 3}};
  using Shape = std::vector<int64_t>;
  for (const Shape &shape : {Shape{}, {1}, {5}, {4097}, {7, 5}, {6, 2048}, {3, 4100}, {5, 3, 7}, {2, 3, 4, 3, 5}}) {
    io::ParameterInfo parameter = parameterOf(shape, dtype, initializer);
    checkPieces(mesh, parameter);
    for (size_t dim = 0; dim < shape.size(); ++dim) {
      parameter = parameterOf(shape, dtype, initializer);
      cut(parameter, dim, mesh, {{"tp"}});
      checkPieces(mesh, parameter);
      for (size_t other = dim + 1; other < shape.size(); ++other) {
        io::ParameterInfo twice = parameter;
        cut(twice, other, mesh, {{"dp"}});
        checkPieces(mesh, twice);
      }
    }
    if (shape.empty())
      continue;
    parameter = parameterOf(shape, dtype, initializer);
    cut(parameter, 0, mesh, {{"dp"}, {"tp"}});
    checkPieces(mesh, parameter);
  }
}

static std::vector<float> valuesOf(const io::InitializerInfo &initializer, std::vector<int64_t> shape) {
  std::string bytes = bytesOf(programOf({}, parameterOf(std::move(shape), HFC_FLOAT32, initializer)), 0);
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

static void near(double value, double expected, double tolerance, const std::string &what) {
  expect(std::fabs(value - expected) <= tolerance,
         what + " is " + std::to_string(value) + ", not " + std::to_string(expected));
}

/// Of `count` values; what is random may miss by five standard errors.
static void checkDistributions() {
  constexpr int64_t count = 1 << 22;
  const double error = 5 / std::sqrt(double(count)), deviation = 0.02;
  Statistics normal = statisticsOf(valuesOf({Kind::normal, deviation, {}}, {count}), deviation);
  near(normal.mean, 0, error * deviation, "a normal mean");
  near(normal.deviation, deviation, error * deviation, "a normal deviation");
  for (int i = 0; i < 4; ++i)
    near(normal.beyond[i], outsideOf(i + 1), error * std::sqrt(outsideOf(i + 1)), "what is far out");
  expect(normal.most > 4.5 * deviation && normal.least < -4.5 * deviation, "both tails are there");

  Statistics truncated = statisticsOf(valuesOf({Kind::truncatedNormal, deviation, {}}, {count}), deviation);
  near(truncated.mean, 0, error * deviation, "a truncated mean");
  near(truncated.deviation, 0.8796256610 * deviation, error * deviation, "a truncated deviation");
  near(truncated.beyond[0], (outsideOf(1) - outsideOf(2)) / (1 - outsideOf(2)), error, "what is left beyond one");
  near(truncated.most, 2 * deviation, 1e-5 * deviation, "the largest truncated value");
  expect(truncated.beyond[1] == 0, "nothing is beyond two deviations");

  Statistics uniform = statisticsOf(valuesOf({Kind::uniform, deviation, {}}, {count}), deviation);
  near(uniform.mean, 0, error * deviation, "a uniform mean");
  near(uniform.deviation, deviation, error * deviation, "a uniform deviation");
  near(uniform.most, std::sqrt(3.0) * deviation, 1e-5 * deviation, "the largest uniform value");

  expect(valuesOf({Kind::ones, 0, {}}, {3, 3}) == std::vector<float>(9, 1.0f), "ones");
  std::vector<float> rows = valuesOf({Kind::normal, deviation, 1}, {3, 50});
  for (int64_t i = 0; i < 150; ++i)
    expect((rows[size_t(i)] == 0) == (i / 50 == 1), "the row of zeros, and no other zeros");
}

/// Neighbours, and places far apart, have nothing to do with each other.
static void checkIndependence() {
  std::vector<float> values = valuesOf({Kind::normal, 1, {}}, {1 << 20});
  for (size_t lag : {1, 2, 3, 64, 1024, 65536}) {
    size_t count = values.size() - lag;
    double product = std::inner_product(values.begin() + int64_t(lag), values.end(), values.begin(), 0.0);
    near(product / double(count), 0, 5 / std::sqrt(double(count)), "the correlation of neighbours");
  }
}

static void checkConversions() {
  for (int64_t count : {0, 1, 1023, 1024, 1025, 5000}) {
    std::vector<float> wide(size_t(count) + 1, 5), again(wide);
    std::vector<uint16_t> narrow(size_t(count) + 1, 5), expected(narrow);
    for (int64_t i = 0; i < count; ++i)
      wide[size_t(i)] =
          io::valueOf<Distribution::normal>({Distribution::normal, 3}, uint32_t(io::mixBits(uint64_t(i))));
    io::convertFloats(wide.data(), HFC_FLOAT32, 1, expected.data(), HFC_BFLOAT16, count);
    runKernel<cuda::ConvertArguments, cuda::convertItem>(
        {wide.data(), narrow.data(), count, HFC_FLOAT32, HFC_BFLOAT16});
    expect(narrow == expected, "float32 becomes bfloat16");
    io::convertFloats(narrow.data(), HFC_BFLOAT16, 1, wide.data(), HFC_FLOAT32, count);
    runKernel<cuda::ConvertArguments, cuda::convertItem>(
        {narrow.data(), again.data(), count, HFC_BFLOAT16, HFC_FLOAT32});
    expect(again == wide, "bfloat16 becomes float32");
  }
}

int main() {
  checkQuantiles();
  checkDistributions();
  checkIndependence();
  for (hfc_dtype dtype : {HFC_FLOAT32, HFC_BFLOAT16})
    for (Kind kind : {Kind::normal, Kind::truncatedNormal, Kind::uniform, Kind::ones, Kind::zeros}) {
      checkMeshes(dtype, {kind, 0.02, {}});
      checkMeshes(dtype, {kind, 0.02, 2});
    }
  checkConversions();
  if (failures == 0)
    std::printf("random weights are the same everywhere\n");
  return failures != 0;
}
