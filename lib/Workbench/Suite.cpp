//===- Suite.cpp - many models on many meshes
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Workbench/Suite.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/LineIterator.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace hfc;
using namespace hfc::workbench;

static llvm::Error makeError(const Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

//===----------------------------------------------------------------------===//
// What there is
//===----------------------------------------------------------------------===//

std::string SuiteMesh::name() const {
  std::string text;
  for (const MeshAxis &axis : axes)
    text += (text.empty() ? "" : ",") + axis.name + "=" + std::to_string(axis.size);
  return text + (megatronOptions.empty() ? "" : " " + megatronOptions);
}

static llvm::Expected<SuiteMesh> parseMesh(StringRef line, const Twine &place) {
  SuiteMesh mesh;
  auto [axes, options] = line.split(' ');
  mesh.megatronOptions = options.trim().str();
  for (StringRef axis : llvm::split(axes, ',')) {
    auto [name, size] = axis.split('=');
    int64_t number = 0;
    if (name.empty() || size.getAsInteger(10, number) || number < 1)
      return makeError(place + ": '" + line + "' is no mesh such as 'dp=2,tp=4'");
    mesh.axes.push_back({name.str(), number});
  }
  return mesh;
}

static llvm::Error readMeshes(const std::string &file, std::vector<SuiteMesh> &meshes) {
  auto buffer = llvm::MemoryBuffer::getFile(file, /*IsText=*/true);
  if (!buffer)
    return makeError("'" + file + "': cannot read it: " + buffer.getError().message());
  for (llvm::line_iterator line(**buffer); !line.is_at_eof(); ++line) {
    StringRef text = line->split('#').first.trim();
    if (text.empty())
      continue;
    llvm::Expected<SuiteMesh> mesh = parseMesh(text, file + ":" + Twine(line.line_number()));
    if (!mesh)
      return mesh.takeError();
    meshes.push_back(std::move(*mesh));
  }
  return meshes.empty() ? makeError("'" + file + "' has no mesh") : llvm::Error::success();
}

llvm::Expected<Suite> Suite::read(StringRef folder) {
  Suite suite;
  std::error_code code;
  for (llvm::sys::fs::directory_iterator entry(folder, code), end; entry != end && !code; entry.increment(code))
    if (llvm::sys::fs::exists(entry->path() + "/config.json"))
      suite.models.push_back({llvm::sys::path::filename(entry->path()).str(), entry->path()});
  if (code)
    return makeError("'" + folder + "': cannot read it: " + code.message());
  if (suite.models.empty())
    return makeError("'" + folder + "' has no folder with a config.json");
  llvm::sort(suite.models);
  if (llvm::Error error = readMeshes((folder + "/meshes.txt").str(), suite.meshes))
    return error;
  return suite;
}

//===----------------------------------------------------------------------===//
// What is asked
//===----------------------------------------------------------------------===//

/// `count` as so many factors, the first ones the largest: its primes, largest first, each to the smallest so far.
static SmallVector<int64_t> factorsOf(int64_t count, size_t number) {
  SmallVector<int64_t> primes, factors(number, 1);
  for (int64_t prime = 2; count > 1; ++prime)
    for (; count % prime == 0; count /= prime)
      primes.push_back(prime);
  for (int64_t prime : llvm::reverse(primes))
    *std::min_element(factors.begin(), factors.end()) *= prime;
  llvm::sort(factors, std::greater<>());
  return factors;
}

std::vector<MeshAxis> workbench::meshFor(ArrayRef<MeshAxis> mesh, ArrayRef<std::string> axes) {
  bool isKnown =
      llvm::all_of(mesh, [&](const MeshAxis &axis) { return axis.size == 1 || llvm::is_contained(axes, axis.name); });
  if (isKnown || axes.empty())
    return mesh.vec();
  int64_t data = 1, others = 1;
  for (const MeshAxis &axis : mesh)
    (axis.name == "dp" ? data : others) *= axis.size;
  bool hasData = llvm::is_contained(axes, "dp");
  if (!hasData || axes.size() == 1) // All ranks are along the axes that there are.
    (hasData ? data : others) = data * others;
  SmallVector<int64_t> factors = factorsOf(others, axes.size() - hasData);
  std::vector<MeshAxis> result;
  auto *factor = factors.begin();
  for (const std::string &axis : axes)
    result.push_back({axis, axis == "dp" ? data : *factor++});
  return result;
}

static int64_t sizeOf(ArrayRef<MeshAxis> mesh, StringRef name) {
  for (const MeshAxis &axis : mesh)
    if (axis.name == name)
      return axis.size;
  return 1;
}

std::vector<Question> workbench::questionsOf(const Suite &suite, const Trial &trial, StringRef baseline,
                                             ArrayRef<std::string> axes) {
  std::string partitioner = trial.import.partitioner.value_or("megatron");
  std::vector<Question> questions;
  for (const auto &[name, path] : suite.models)
    for (const SuiteMesh &mesh : suite.meshes) {
      Question question{name, mesh.name(), trial, {}};
      question.trial.model = path;
      question.trial.import.mesh = meshFor(mesh.axes, axes);
      question.trial.import.fallbackBatch = sizeOf(*question.trial.import.mesh, "dp");
      std::string withOptions = mesh.megatronOptions.empty() ? "megatron" : "megatron{" + mesh.megatronOptions + "}";
      if (partitioner == "megatron")
        question.trial.import.partitioner = withOptions;
      question.baseline = baselineOf(
          question.trial, baseline == "megatron" && partitioner != "megatron" ? withOptions : baseline.str());
      questions.push_back(std::move(question));
    }
  return questions;
}

//===----------------------------------------------------------------------===//
// What came of it
//===----------------------------------------------------------------------===//

std::string workbench::conclusionOf(ArrayRef<Row> rows) {
  size_t verified = 0, wrong = 0, refused = 0;
  std::vector<std::pair<double, const Row *>> checks;
  const Row *slowest = nullptr;
  for (const Row &row : rows) {
    refused += !row.own.refusal.empty();
    wrong += row.own.verification == Verification::Failed;
    verified += row.own.verification == Verification::Passed;
    if (row.own.counts.checked())
      checks.push_back({row.own.checkSeconds, &row});
    if (!slowest || row.seconds() > slowest->seconds())
      slowest = &row;
  }
  std::string text =
      llvm::formatv("{0} rows: {1} verified, {2} wrong, {3} refused\n", rows.size(), verified, wrong, refused);
  llvm::sort(checks, llvm::less_first());
  if (!checks.empty())
    text +=
        llvm::formatv("verification: median {0:F2} s, slowest {1:F2} s ({2} {3})\n", checks[checks.size() / 2].first,
                      checks.back().first, checks.back().second->model, checks.back().second->mesh);
  if (slowest)
    text += llvm::formatv("slowest row: {0:F2} s ({1} {2})\n", slowest->seconds(), slowest->model, slowest->mesh);
  return text;
}
