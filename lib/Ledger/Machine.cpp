//===- Machine.cpp - machine descriptions and roofline times
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Ledger/Machine.h"

#include "llvm/ADT/Sequence.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

#include <map>

using namespace hfc;
using namespace hfc::ledger;

static llvm::Error fail(StringRef file, const llvm::Twine &what) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), "'" + file + "': " + what);
}

/// Numbers of a machine, by their keys.
static std::vector<std::pair<StringRef, double *>> numbersOf(Machine &machine, double &devices, double &memory) {
  return {{"devices", &devices},
          {"memory_bytes", &memory},
          {"memory_bytes_per_second", &machine.memoryBandwidth},
          {"float32_flops_per_second", &machine.floatRate},
          {"bfloat16_flops_per_second", &machine.bfloat16Rate},
          {"vector_flops_per_second", &machine.vectorRate},
          {"link_bytes_per_second", &machine.linkBandwidth},
          {"link_latency_seconds", &machine.linkLatency},
          {"launch_latency_seconds", &machine.launchLatency}};
}

/// Bytes that a machine may name.
static std::vector<std::pair<StringRef, int64_t *>> bytesOf(Overhead &overhead) {
  return {{"context_bytes", &overhead.context},
          {"kernel_bytes", &overhead.kernel},
          {"call_bytes", &overhead.call},
          {"nccl_bytes", &overhead.nccl},
          {"communicator_bytes", &overhead.communicator}};
}

static llvm::Error readOverhead(StringRef file, const llvm::json::Object &object, Overhead &overhead) {
  for (auto [key, target] : bytesOf(overhead)) {
    const llvm::json::Value *given = object.get(key);
    std::optional<double> value = given ? given->getAsNumber() : std::nullopt;
    if (given && !(value && *value >= 0 && *value < 0x1p62))
      return fail(file, "'" + key + "' must be a number of bytes");
    if (given)
      *target = static_cast<int64_t>(*value);
  }
  return llvm::Error::success();
}

static bool isKey(StringRef key, Machine &machine, ArrayRef<std::pair<StringRef, double *>> numbers) {
  auto isNamed = [&](const auto &number) { return number.first == key; };
  return llvm::any_of(numbers, isNamed) || llvm::any_of(bytesOf(machine.overhead), isNamed) || key == "name" ||
         key == "calibrated" || key == "source";
}

llvm::Expected<Machine> Machine::read(StringRef file) {
  auto buffer = llvm::MemoryBuffer::getFile(file, /*IsText=*/true);
  if (!buffer)
    return fail(file, "cannot read it: " + buffer.getError().message());
  llvm::Expected<llvm::json::Value> document = llvm::json::parse((*buffer)->getBuffer());
  if (!document)
    return fail(file, "is not JSON: " + llvm::toString(document.takeError()));
  const llvm::json::Object *object = document->getAsObject();
  if (!object)
    return fail(file, "is not a JSON object");
  Machine machine;
  double devices = 0, memory = 0;
  std::vector<std::pair<StringRef, double *>> numbers = numbersOf(machine, devices, memory);
  for (auto [key, target] : numbers) {
    std::optional<double> value = object->getNumber(key);
    if (!value || !(*value > 0))
      return fail(file, "'" + key + "' must be a positive number");
    *target = *value;
  }
  for (const auto &[key, value] : *object)
    if (!isKey(key, machine, numbers))
      return fail(file, "unknown key '" + StringRef(key) + "'");
  if (llvm::Error error = readOverhead(file, *object, machine.overhead))
    return error;
  machine.name = object->getString("name").value_or(file).str();
  machine.calibrated = object->getBoolean("calibrated").value_or(false);
  machine.devices = static_cast<int64_t>(devices);
  machine.memory = static_cast<int64_t>(memory);
  return machine;
}

/// Seconds of computing. Products run at the rate of the type that most of their bytes have.
static double computing(const Line &line, bool bfloat16, const Machine &machine) {
  bool isProduct = line.kind == "gemm" || StringRef(line.kind).starts_with("attention");
  double rate = !isProduct ? machine.vectorRate : bfloat16 ? machine.bfloat16Rate : machine.floatRate;
  return static_cast<double>(line.flops) / rate;
}

/// Runs an entry's lines, those of different streams side by side. Tells `waits` of each time that the main stream, or
/// the entry's end, stands still for a line of another stream.
static double simulate(const Entry &entry, function_ref<void(size_t line, double time)> waits) {
  std::vector<double> done;
  std::map<int64_t, double> streams;
  for (const Line &line : entry.lines) {
    double &stream = streams[line.stream];
    for (size_t other : line.after) {
      if (line.stream == 0 && done[other] > stream)
        waits(other, done[other] - stream);
      stream = std::max(stream, done[other]);
    }
    stream += line.time;
    done.push_back(stream);
  }
  double end = streams[0];
  for (size_t line : llvm::seq<size_t>(0, done.size()))
    if (done[line] > end) {
      waits(line, done[line] - end);
      end = done[line];
    }
  return end;
}

/// A collective is exposed where the main stream does it itself, or waits for it.
static void findExposed(Entry &entry) {
  for (Line &line : entry.lines)
    line.exposed = line.exchange && line.stream == 0 ? line.time : 0;
  simulate(entry, [&](size_t line, double time) {
    if (entry.lines[line].exchange)
      entry.lines[line].exposed += time;
  });
}

void ledger::estimateTimes(Ledger &ledger, const Machine &machine) {
  bool bfloat16 = llvm::any_of(ledger.shards, [](const Shard &shard) { return shard.dtype == "bf16"; });
  for (Entry &entry : ledger.entries) {
    for (Line &line : entry.lines) {
      double seconds;
      if (line.exchange) {
        seconds = machine.linkLatency * static_cast<double>(line.exchange->ranks - 1) +
                  static_cast<double>(line.exchange->sent) / machine.linkBandwidth;
      } else {
        double moving = static_cast<double>(line.read + line.written) / machine.memoryBandwidth;
        seconds = machine.launchLatency + std::max(computing(line, bfloat16, machine), moving);
      }
      line.time = seconds * 1e6;
    }
    findExposed(entry);
  }
}

double ledger::estimatedTime(const Entry &entry) {
  return simulate(entry, [](size_t, double) {});
}

double ledger::exposedTime(const Entry &entry) {
  double sum = 0;
  for (const Line &line : entry.lines)
    sum += line.exposed;
  return sum;
}

double ledger::estimatedTime(const Ledger &ledger) {
  double sum = 0;
  for (const Entry &entry : ledger.entries)
    sum += estimatedTime(entry) * static_cast<double>(ledger.runsOf(entry));
  return sum;
}
