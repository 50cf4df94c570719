//===- safetensors-fuzzer.cpp - safetensors headers and program metadata from noise
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Runtime/IO/Metadata.h"
#include "hfc/Runtime/IO/SafeTensors.h"

#include <cstdlib>

/// Whatever a header claims, every tensor that is accepted lies inside the file.
static void checkHeader(const char *data, size_t size) {
  auto header = hfc::io::parseSafeTensorsHeader(data, int64_t(size));
  if (!header)
    return;
  for (const auto &entry : header->entries) {
    bool inside = entry.begin >= 0 && entry.begin <= entry.end && header->dataOffset + entry.end <= int64_t(size);
    if (!inside || !hfc::io::elementCount(entry.shape))
      std::abort();
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *text = reinterpret_cast<const char *>(data);
  checkHeader(text, size);
  // The same bytes as a program's metadata: everything accepted lies inside the arena.
  if (auto program = hfc::io::parseMetadata({text, size}))
    for (const auto &entry : program->entries)
      for (const auto &input : entry.inputs)
        if (input.offset < 0 || input.bytes() > program->arena - input.offset)
          std::abort();
  return 0;
}
