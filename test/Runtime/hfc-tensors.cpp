//===- hfc-tensors.cpp - lists the tensors of a checkpoint, as hfc sees it
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Runtime/IO/SafeTensors.h"

#include <cstdio>

int main(int argc, char **argv) {
  auto tensors = hfc::io::SafeTensors::open(argc > 1 ? argv[1] : "");
  if (!tensors) {
    std::fprintf(stderr, "hfc-tensors: %s\n", tensors.error().c_str());
    return 2;
  }
  for (const auto &[name, tensor] : tensors->tensors())
    std::printf("%s %s %s\n", name.c_str(), tensor.dtypeName.c_str(), hfc::io::shapeToString(tensor.shape).c_str());
  return 0;
}
