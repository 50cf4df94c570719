//===- SharedMemory.h - how much shared memory a kernel has
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_CONVERSION_KERNELTOGPU_SHAREDMEMORY_H
#define HFC_LIB_CONVERSION_KERNELTOGPU_SHAREDMEMORY_H

#include "hfc/Support/LLVM.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace hfc {

/// Code may declare 48 KiB. Of a lowered kernel with more the largest piece becomes one that gets its size when the
/// kernel is launched: that of the module's attribute `kernel.shared`. Fails, with a message, if a block of `chip` has
/// less.
LogicalResult sizeSharedMemory(gpu::GPUModuleOp module, StringRef chip);

} // namespace hfc

#endif // HFC_LIB_CONVERSION_KERNELTOGPU_SHAREDMEMORY_H
