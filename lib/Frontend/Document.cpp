//===- Document.cpp - the files a model comes in
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Document.h"

#include "ConfigReader.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace hfc;
using namespace hfc::frontend;

namespace fs = llvm::sys::fs;

/// The version of `model.json` that this front end reads.
static constexpr StringLiteral documentVersion = "0.1";

template <typename Enum>
static std::optional<Enum> readChoice(ConfigReader &reader, StringRef key,
                                      std::initializer_list<std::pair<StringRef, Enum>> choices) {
  std::optional<std::string> text = reader.text(key);
  if (!text)
    return std::nullopt;
  std::string names;
  for (auto &[name, value] : choices) {
    if (name == *text)
      return value;
    names += (names.empty() ? "\"" : " or \"") + name.str() + "\"";
  }
  reader.problem(reader.name(key) + " must be " + names + ", and is " + inQuotes(*text));
  return std::nullopt;
}

/// The axes in the order of their names.
static std::optional<std::vector<MeshAxis>> readMesh(ConfigReader &reader) {
  const Json *mesh = reader.get("mesh");
  if (!mesh || mesh->is_null())
    return std::nullopt;
  std::vector<MeshAxis> axes;
  if (!mesh->is_object()) {
    reader.problem("mesh must be an object of axes and sizes, and is " + describe(*mesh));
    return axes;
  }
  ConfigReader sizes(*mesh, reader.getProblems(), "mesh.");
  for (auto &[axis, size] : mesh->items())
    axes.push_back({axis, sizes.size(axis, 1, Limits::ranks)});
  return axes;
}

static std::optional<ProgramType> readType(ConfigReader &reader, StringRef key) {
  return readChoice<ProgramType>(reader, key, {{"float32", ProgramType::float32}, {"bfloat16", ProgramType::bfloat16}});
}

static void readTraining(ConfigReader &reader, ImportOptions &options) {
  options.microBatches = reader.optionalInteger("micro_batches", std::nullopt, 1, Limits::batch);
  options.masterType = readType(reader, "master_dtype");
  options.momentsType = readType(reader, "moments_dtype");
  options.gradientType = readType(reader, "grad_dtype");
  options.recompute = readChoice<Recompute>(
      reader, "recompute", {{"none", Recompute::none}, {"selective", Recompute::selective}, {"full", Recompute::full}});
  options.freeze = reader.texts("freeze");
  options.dropout = readChoice<bool>(reader, "dropout", {{"on", true}, {"off", false}});
}

/// The defaults of a document.
static ImportOptions readDefaults(ConfigReader &reader) {
  ImportOptions options;
  options.task = readChoice<Task>(
      reader, "task",
      {{"forward", Task::forward}, {"train", Task::train}, {"generate", Task::generate}, {"module", Task::module}});
  options.dtype = readType(reader, "dtype");
  options.inputs = readChoice<InputKind>(
      reader, "inputs", {{"input_ids", InputKind::inputIds}, {"inputs_embeds", InputKind::inputsEmbeds}});
  options.layout = readChoice<BoundaryLayout>(
      reader, "layout",
      {{"batch-first", BoundaryLayout::batchFirst}, {"sequence-first", BoundaryLayout::sequenceFirst}});
  options.target = readChoice<std::string>(reader, "target", {{"cpu", "cpu"}, {"cuda", "cuda"}});
  options.batch = reader.optionalInteger("batch", std::nullopt, 1, Limits::batch);
  options.sequence = reader.optionalInteger("sequence", std::nullopt, 1, Limits::positions);
  options.mesh = readMesh(reader);
  options.partitioner = reader.text("partitioner");
  readTraining(reader, options);
  return options;
}

static void checkVersion(ConfigReader &reader) {
  std::optional<std::string> version = reader.text("hfc");
  if (!version)
    return;
  StringRef text = *version;
  if (text != documentVersion && !text.starts_with((documentVersion + ".").str()))
    reader.problem("hfc is " + inQuotes(text) + ", and this front end reads version " + documentVersion);
}

static FailureOr<Document> readFiles(StringRef path, bool mayBeDocument, std::string &error);

/// `path` as a document in `folder` means it.
static SmallString<256> besideDocument(const std::string &folder, StringRef path) {
  if (llvm::sys::path::is_absolute(path))
    return path;
  SmallString<256> result(folder);
  llvm::sys::path::append(result, path);
  return result;
}

/// Reads the partition specification that a document names.
static void readPartitionSpec(ConfigReader &reader, const std::string *folder, ImportOptions &options) {
  std::optional<std::string> path = reader.text("partition_spec");
  if (!path)
    return;
  if (!folder)
    return reader.problem("partition_spec is a path, and there is no folder to look it up in");
  std::string error;
  FailureOr<std::string> text = readTextFile(besideDocument(*folder, *path), error);
  if (failed(text))
    return reader.problem("partition_spec: " + error);
  options.partitionSpec = std::move(*text);
}

/// Splits a `model.json` into config and defaults. `folder` is what a path in it is relative to; null: a path is
/// refused.
static FailureOr<Document> openDocument(const Json &json, StringRef name, const std::string *folder,
                                        std::string &error) {
  Document document;
  Problems problems;
  ConfigReader reader(json, problems);
  checkVersion(reader);
  document.defaults = readDefaults(reader);
  readPartitionSpec(reader, folder, document.defaults);
  const Json *model = reader.get("model");
  if (!model || !(model->is_object() || model->is_string()))
    reader.problem("model must be a config, or the path of one" +
                   (model ? ", and is " + describe(*model) : std::string(", and is missing")));
  reader.finishStrictly();
  if (problems.any()) {
    error = problems.message(name);
    return failure();
  }
  document.name = name.str();
  if (model->is_object()) {
    document.config = *model;
    return document;
  }
  if (!folder) {
    error = (name + ": model is a path, and there is no folder to look it up in").str();
    return failure();
  }
  SmallString<256> path = besideDocument(*folder, model->get_ref<const std::string &>());
  FailureOr<Document> inner = readFiles(path, /*mayBeDocument=*/false, error);
  if (failed(inner)) {
    error = (name + ": model: " + error).str();
    return failure();
  }
  document.config = std::move(inner->config);
  document.generationConfig = std::move(inner->generationConfig);
  document.name = inner->name;
  return document;
}

static FailureOr<Document> openJson(Json json, StringRef name, const std::string *folder, bool mayBeDocument,
                                    std::string &error) {
  if (!json.is_object()) {
    error = (name + ": a config is an object, and this is " + describe(json)).str();
    return failure();
  }
  if (json.contains("hfc")) {
    if (mayBeDocument)
      return openDocument(json, name, folder, error);
    error = (name + ": a document names a document; it must name a config").str();
    return failure();
  }
  Document document;
  document.config = std::move(json);
  document.name = name.str();
  return document;
}

FailureOr<Document> hfc::frontend::parseDocument(StringRef json, std::optional<StringRef> generationConfig,
                                                 StringRef name, std::string &error) {
  FailureOr<Json> parsed = parseJson(json, error);
  if (failed(parsed)) {
    error = (name + ": " + error).str();
    return failure();
  }
  FailureOr<Document> document = openJson(std::move(*parsed), name, /*folder=*/nullptr, /*mayBeDocument=*/true, error);
  if (failed(document) || !generationConfig)
    return document;
  FailureOr<Json> generation = parseJson(*generationConfig, error);
  if (failed(generation)) {
    error = "generation_config.json: " + error;
    return failure();
  }
  document->generationConfig = std::move(*generation);
  return document;
}

static FailureOr<Document> readFiles(StringRef path, bool mayBeDocument, std::string &error) {
  SmallString<256> file(path);
  if (fs::is_directory(path)) {
    llvm::sys::path::append(file, "config.json");
    if (!fs::exists(file)) {
      error = (path + ": the folder has no config.json").str();
      return failure();
    }
  }
  FailureOr<Json> json = readJsonFile(file, error);
  if (failed(json))
    return failure();
  std::string folder = llvm::sys::path::parent_path(file).str();
  FailureOr<Document> document = openJson(std::move(*json), file, &folder, mayBeDocument, error);
  if (failed(document) || document->generationConfig)
    return document;

  SmallString<256> generation(folder);
  llvm::sys::path::append(generation, "generation_config.json");
  if (!fs::exists(generation))
    return document;
  FailureOr<Json> generationConfig = readJsonFile(generation, error);
  if (failed(generationConfig))
    return failure();
  document->generationConfig = std::move(*generationConfig);
  return document;
}

FailureOr<Document> hfc::frontend::readDocument(StringRef path, std::string &error) {
  return readFiles(path, /*mayBeDocument=*/true, error);
}
