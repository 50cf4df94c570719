//===- SafeTensors.cpp - reads safetensors files and sharded checkpoints
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Runtime/IO/SafeTensors.h"

#include <nlohmann/json.hpp>

#include <set>
#include <sys/stat.h>

namespace hfc::io {

namespace {
constexpr int64_t maxIndexSize = 256 << 20;

bool isFolder(const std::string &path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}
bool exists(const std::string &path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0;
}

/// "model.safetensors.index.json" → tensor → shard. Only plain file names: an index must not point elsewhere.
Result<std::map<std::string, std::string>> readIndex(const std::string &path) {
  Result<std::shared_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file)
    return Failure{file.error()};
  if ((*file)->size() > maxIndexSize)
    return Failure{"'" + path + "' is too large for an index"};
  nlohmann::json index =
      nlohmann::json::parse((*file)->data(), (*file)->data() + (*file)->size(), nullptr, /*allow_exceptions=*/false);
  if (!index.is_object() || !index.contains("weight_map") || !index["weight_map"].is_object())
    return Failure{"'" + path + "' is not an index of shards: it must be a JSON object with an object 'weight_map'"};
  std::map<std::string, std::string> shards;
  for (auto &[tensor, shard] : index["weight_map"].items()) {
    if (!shard.is_string())
      return Failure{"'" + path + "': the shard of '" + tensor + "' is not a file name"};
    const std::string &name = shard.get_ref<const std::string &>();
    if (name.empty() || name[0] == '.' || name.find('/') != std::string::npos || name.find('\0') != std::string::npos)
      return Failure{"'" + path + "': the shard of '" + tensor + "' must be a file of the same folder"};
    shards[tensor] = name;
  }
  return shards;
}
} // namespace

int64_t TensorView::elements() const { return elementCount(shape).value_or(0); }

Status SafeTensors::addFile(const std::string &path) {
  Result<std::shared_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file)
    return Failure{file.error()};
  Result<SafeTensorsHeader> header = parseSafeTensorsHeader((*file)->data(), (*file)->size());
  if (!header)
    return Failure{"cannot read '" + path + "': " + header.error()};
  for (SafeTensorsHeader::Entry &entry : header->entries) {
    TensorView view;
    view.name = entry.name;
    view.dtypeName = entry.dtypeName;
    view.dtype = dtypeFromSafeTensorsName(entry.dtypeName);
    view.shape = std::move(entry.shape);
    view.data = (*file)->data() + header->dataOffset + entry.begin;
    view.bytes = entry.end - entry.begin;
    view.file = file->get();
    if (!views.emplace(entry.name, std::move(view)).second)
      return Failure{"cannot read '" + path + "': tensor '" + entry.name + "' stands in another shard too"};
  }
  strings.insert(header->metadata.begin(), header->metadata.end());
  files.push_back(*file);
  return {};
}

Status SafeTensors::addIndex(const std::string &folder, const std::string &index) {
  Result<std::map<std::string, std::string>> shards = readIndex(index);
  if (!shards)
    return Failure{shards.error()};
  std::set<std::string> names;
  for (auto &[tensor, shard] : *shards)
    names.insert(shard);
  for (const std::string &name : names)
    if (Status status = addFile(folder + "/" + name); !status)
      return status;
  for (auto &[tensor, shard] : *shards)
    if (!find(tensor))
      return Failure{"'" + index + "': tensor '" + tensor + "' is not in its shard '" + shard + "'"};
  return {};
}

Result<SafeTensors> SafeTensors::open(const std::string &path) {
  SafeTensors tensors;
  tensors.name = path;
  Status status;
  constexpr std::string_view indexEnd = ".index.json";
  bool isIndex =
      path.size() > indexEnd.size() && path.compare(path.size() - indexEnd.size(), indexEnd.size(), indexEnd) == 0;
  if (isIndex) {
    size_t slash = path.rfind('/');
    status = tensors.addIndex(slash == std::string::npos ? "." : path.substr(0, slash), path);
  } else if (!isFolder(path)) {
    status = tensors.addFile(path);
  } else if (exists(path + "/model.safetensors")) {
    status = tensors.addFile(path + "/model.safetensors");
  } else if (exists(path + "/model.safetensors.index.json")) {
    status = tensors.addIndex(path, path + "/model.safetensors.index.json");
  } else {
    status = Failure{"folder '" + path + "' holds neither model.safetensors nor model.safetensors.index.json"};
  }
  if (!status)
    return Failure{status.error()};
  return tensors;
}

const TensorView *SafeTensors::find(std::string_view name) const {
  auto it = views.find(name);
  return it == views.end() ? nullptr : &it->second;
}

int64_t TensorToWrite::bytes() const { return elementCount(shape).value_or(0) * sizeOf(dtype); }

Status writeSafeTensorsHeader(OutputFile &file, const std::vector<TensorToWrite> &tensors) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  header["__metadata__"] = {{"format", "pt"}};
  int64_t offset = 0;
  for (const TensorToWrite &tensor : tensors) {
    int64_t bytes = tensor.bytes();
    header[tensor.name] = {{"dtype", std::string(safeTensorsNameOf(tensor.dtype))},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  std::string text = header.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  text.append((8 - text.size() % 8) % 8, ' ');
  char length[8];
  for (int i = 0; i < 8; ++i)
    length[i] = char(uint64_t(text.size()) >> (8 * i));
  if (Status status = file.write(length, sizeof length); !status)
    return status;
  return file.write(text.data(), int64_t(text.size()));
}

Status writeSafeTensors(OutputFile &file, const std::vector<TensorToWrite> &tensors) {
  if (Status status = writeSafeTensorsHeader(file, tensors); !status)
    return status;
  for (const TensorToWrite &tensor : tensors)
    if (Status status = file.write(tensor.data, tensor.bytes()); !status)
      return status;
  return {};
}

} // namespace hfc::io
