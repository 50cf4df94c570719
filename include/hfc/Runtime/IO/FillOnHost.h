//===- FillOnHost.h - random values by the host
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_RUNTIME_IO_FILLONHOST_H
#define HFC_RUNTIME_IO_FILLONHOST_H

#include "hfc/Runtime/IO/Draw.h"

namespace hfc::io {

/// Fills a piece, by all cores.
void fillOnHost(const Draw &draw, char *target);

} // namespace hfc::io

#endif // HFC_RUNTIME_IO_FILLONHOST_H
