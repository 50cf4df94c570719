//===- MadeUpData.h - arguments for kernels in tests
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_INTERPRETER_SIMT_MADEUPDATA_H
#define HFC_LIB_INTERPRETER_SIMT_MADEUPDATA_H

#include "hfc/Interpreter/SIMT.h"
#include <vector>

namespace hfc::simt {

/// Storage of a kernel's arguments. Those that `kernel.alias` says to be one buffer share storage.
class MadeUpData {
public:
  /// Floats lie in [-1, 1], integers in [0, `integers`).
  MadeUpData(gpu::GPUFuncOp kernel, int64_t integers);

  std::vector<Buffer> buffers;

private:
  std::vector<std::vector<char>> storage;
};

} // namespace hfc::simt

#endif // HFC_LIB_INTERPRETER_SIMT_MADEUPDATA_H
