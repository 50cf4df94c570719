//===- Library.cpp - a program's code, loaded
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Library.h"

#include "ProgramFile.h"

#include <dlfcn.h>

namespace hfc::cpu {

Library::~Library() {
  if (handle)
    dlclose(handle);
}

io::Result<std::shared_ptr<Library>> Library::open(const std::string &path) {
  io::Result<io::ProgramInfo> info = inspectProgram(path);
  if (!info)
    return io::Failure{info.error()};
  std::shared_ptr<Library> library(new Library);
  library->info = std::move(*info);
  // Without a slash, dlopen would search the system's folders.
  std::string file = path.find('/') == std::string::npos ? "./" + path : path;
  library->handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library->handle)
    return io::Failure{"cannot load '" + path + "': " + dlerror()};
  library->json = static_cast<const char *>(dlsym(library->handle, "hfc_program_json"));
  for (const io::EntryInfo &entry : library->info.entries) {
    void *symbol = dlsym(library->handle, entry.symbol.c_str());
    if (!symbol)
      return io::Failure{"cannot load '" + path + "': it lacks its entry '" + entry.symbol + "'"};
    library->entries.push_back(reinterpret_cast<hfc_entry>(symbol));
  }
  return library;
}

} // namespace hfc::cpu
