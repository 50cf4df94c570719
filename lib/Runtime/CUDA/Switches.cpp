//===- Switches.cpp - what the environment turns off
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Switches.h"

#include <cstdlib>
#include <cstring>

bool hfc::cuda::readSwitch(const char *variable) {
  const char *text = std::getenv(variable);
  return !text || std::strcmp(text, "off") != 0;
}
