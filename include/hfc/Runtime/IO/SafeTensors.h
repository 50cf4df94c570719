//===- SafeTensors.h - reads and writes safetensors files
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_RUNTIME_IO_SAFETENSORS_H
#define HFC_RUNTIME_IO_SAFETENSORS_H

#include "hfc/Runtime/IO/DType.h"
#include "hfc/Runtime/IO/File.h"
#include "hfc/Runtime/IO/Result.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hfc::io {

/// One tensor of a file.
struct TensorView {
  std::string name;
  /// As in the header; `dtype` is what hfc makes of it, if it reads such at all.
  std::string dtypeName;
  std::optional<hfc_dtype> dtype;
  std::vector<int64_t> shape;
  const char *data = nullptr;
  int64_t bytes = 0;
  const MappedFile *file = nullptr;

  int64_t elements() const;
};

/// A checkpoint or a file of tensors, memory-mapped. Everything in the headers is checked on opening: no later
/// access through a TensorView leaves the file.
class SafeTensors {
public:
  /// `path` is a file, or a folder that holds model.safetensors or model.safetensors.index.json with its shards.
  static Result<SafeTensors> open(const std::string &path);

  /// Null if there is none of that name.
  const TensorView *find(std::string_view name) const;
  const std::map<std::string, TensorView, std::less<>> &tensors() const { return views; }
  const std::map<std::string, std::string> &metadata() const { return strings; }
  const std::string &path() const { return name; }

private:
  Status addFile(const std::string &path);
  Status addIndex(const std::string &folder, const std::string &index);

  std::string name;
  std::vector<std::shared_ptr<MappedFile>> files;
  std::map<std::string, TensorView, std::less<>> views;
  std::map<std::string, std::string> strings;
};

/// What one file's header says, with offsets relative to the data. Exposed for the fuzzer.
struct SafeTensorsHeader {
  struct Entry {
    std::string name, dtypeName;
    std::vector<int64_t> shape;
    int64_t begin = 0, end = 0;
  };
  std::vector<Entry> entries;
  std::map<std::string, std::string> metadata;
  /// Where the data starts in the file.
  int64_t dataOffset = 0;
};

/// Parses and checks the header of a file of `size` bytes at `data`.
Result<SafeTensorsHeader> parseSafeTensorsHeader(const char *data, int64_t size);

/// A tensor to be written. `data` must stay valid until it is.
struct TensorToWrite {
  std::string name;
  hfc_dtype dtype;
  std::vector<int64_t> shape;
  const void *data;

  int64_t bytes() const;
};

/// Writes what comes before the tensors' values; these follow in the same order, one behind the other. `data` is not
/// read.
Status writeSafeTensorsHeader(OutputFile &file, const std::vector<TensorToWrite> &tensors);

/// Writes a file's whole content, straight from the tensors' memory.
Status writeSafeTensors(OutputFile &file, const std::vector<TensorToWrite> &tensors);

} // namespace hfc::io

#endif // HFC_RUNTIME_IO_SAFETENSORS_H
