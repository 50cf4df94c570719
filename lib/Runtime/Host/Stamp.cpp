//===- Stamp.cpp - which build this is
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Device.h"

// C++ objects pass between this library and those of other targets, so both must be of one build.
#define HFC_TEXT_OF(x) #x
#define HFC_TEXT(x) HFC_TEXT_OF(x)
const char hfc::host::backendStamp[] =
    "hfc " HFC_VERSION ", ABI " HFC_TEXT(HFC_ABI_VERSION) ", devices 1, " __VERSION__;
