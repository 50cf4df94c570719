//===- Format.h - numbers for people
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_LEDGER_FORMAT_H
#define HFC_LIB_LEDGER_FORMAT_H

#include "hfc/Support/LLVM.h"

#include <string>

namespace hfc::ledger {

/// "1.50 TFLOP", "12.30 ms", "64×128".
std::string formatFlops(int64_t flops);
std::string formatTime(double microseconds);
std::string formatShape(ArrayRef<int64_t> shape);

} // namespace hfc::ledger

#endif // HFC_LIB_LEDGER_FORMAT_H
