//===- SavedRun.cpp - checkpoints of a training run
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Runtime/Train/SavedRun.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace hfc::train {

namespace {
namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr const char *indexName = "model.safetensors.index.json";
constexpr const char *key = "hfc_training";

std::string fileName(const char *what, int64_t step) {
  return std::string(what) + "-" + std::to_string(step) + ".safetensors";
}

ordered_json makeIndex(const Progress &progress, const std::vector<io::TensorToWrite> &parameters) {
  ordered_json index, map = ordered_json::object();
  int64_t bytes = 0;
  for (const io::TensorToWrite &tensor : parameters) {
    map[tensor.name] = fileName("model", progress.step);
    bytes += tensor.bytes();
  }
  index["metadata"] = {{"total_size", bytes},
                       {key,
                        {{"step", progress.step},
                         {"position", progress.position},
                         {"seed", progress.seed},
                         {"optimizer", fileName("optimizer", progress.step)}}}};
  index["weight_map"] = std::move(map);
  return index;
}

io::Status writeIndex(const std::string &path, const ordered_json &index) {
  io::Result<std::unique_ptr<io::OutputFile>> file = io::OutputFile::create(path);
  if (!file)
    return io::Failure{file.error()};
  std::string text = index.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
  if (io::Status status = (*file)->write(text.data(), int64_t(text.size())); !status)
    return status;
  return (*file)->commit();
}

/// Files that this or an earlier, perhaps killed, run has written for another step.
void removeOthers(const fs::path &folder, int64_t step) {
  std::error_code ignored;
  for (const fs::directory_entry &entry : fs::directory_iterator(folder, ignored)) {
    std::string name = entry.path().filename().string();
    for (const char *what : {"model", "optimizer"}) {
      std::string begin = std::string(what) + "-";
      size_t digits = name.find_first_not_of("0123456789", begin.size());
      if (name.rfind(begin, 0) == 0 && digits != std::string::npos && digits > begin.size() &&
          name.compare(digits, 12, ".safetensors") == 0 && name != fileName(what, step))
        fs::remove(entry.path(), ignored);
    }
  }
}

io::Result<ordered_json> readIndex(const std::string &path) {
  io::Result<std::shared_ptr<io::MappedFile>> file = io::MappedFile::open(path);
  if (!file)
    return io::Failure{file.error()};
  ordered_json index = ordered_json::parse((*file)->data(), (*file)->data() + (*file)->size(), nullptr, false);
  if (index.is_discarded())
    return io::Failure{"'" + path + "' is not JSON"};
  return index;
}

bool isCount(const ordered_json &object, const char *name) {
  return object.contains(name) && object[name].is_number_integer() && object[name] >= 0;
}
} // namespace

io::Result<RunWriter::Part> RunWriter::Part::create(const std::string &path, std::vector<io::TensorToWrite> tensors) {
  io::Result<std::unique_ptr<io::OutputFile>> file = io::OutputFile::create(path);
  if (!file)
    return io::Failure{file.error()};
  if (io::Status status = io::writeSafeTensorsHeader(**file, tensors); !status)
    return io::Failure{status.error()};
  return Part{std::move(*file), std::move(tensors)};
}

io::Status RunWriter::Part::add(const void *data) {
  if (written == tensors.size())
    return io::Failure{"a checkpoint gets more tensors than it was made for"};
  return file->write(data, tensors[written++].bytes());
}

io::Status RunWriter::Part::commit() {
  if (written != tensors.size())
    return io::Failure{"a checkpoint ends before its tensor '" + tensors[written].name + "'"};
  return file->commit();
}

io::Result<RunWriter> RunWriter::create(const std::string &path, const Progress &progress,
                                        std::vector<io::TensorToWrite> parameters,
                                        std::vector<io::TensorToWrite> optimizer) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error)
    return io::Failure{"cannot make the folder '" + path + "': " + error.message()};
  if (fs::exists(path + "/model.safetensors", error))
    return io::Failure{"'" + path + "' holds model.safetensors, which would hide the checkpoint; name another folder"};
  io::Result<Part> states = Part::create(path + "/" + fileName("optimizer", progress.step), std::move(optimizer));
  if (!states)
    return io::Failure{states.error()};
  io::Result<Part> model = Part::create(path + "/" + fileName("model", progress.step), std::move(parameters));
  if (!model)
    return io::Failure{model.error()};
  return RunWriter(path, progress, std::move(*model), std::move(*states));
}

io::Status RunWriter::commit() {
  for (Part *part : {&optimizer, &parameters})
    if (io::Status status = part->commit(); !status)
      return status;
  if (io::Status status = writeIndex(path + "/" + indexName, makeIndex(progress, parameters.tensors)); !status)
    return status;
  removeOthers(path, progress.step);
  return {};
}

io::Result<SavedRun> openRun(const std::string &path) {
  std::string indexPath = path + "/" + indexName;
  io::Result<ordered_json> index = readIndex(indexPath);
  if (!index)
    return io::Failure{index.error()};
  ordered_json training;
  if (index->is_object() && index->contains("metadata") && (*index)["metadata"].is_object())
    training = (*index)["metadata"].value(key, ordered_json());
  if (!training.is_object() || !isCount(training, "step") || !isCount(training, "position") ||
      !isCount(training, "seed") || !training.contains("optimizer") || !training["optimizer"].is_string())
    return io::Failure{"'" + indexPath + "' does not say where a training run stands ('" + key +
                       "'); --resume needs a folder that --save has written, --weights takes any checkpoint"};
  std::string name = training["optimizer"].get<std::string>();
  if (name.find('/') != std::string::npos)
    return io::Failure{"'" + indexPath + "': '" + name + "' is no name of a file beside it"};
  io::Result<io::SafeTensors> optimizer = io::SafeTensors::open(path + "/" + name);
  if (!optimizer)
    return io::Failure{optimizer.error()};
  Progress progress{training["step"].get<int64_t>(), training["position"].get<int64_t>(),
                    training["seed"].get<uint64_t>()};
  return SavedRun{progress, std::move(*optimizer)};
}

} // namespace hfc::train
