//===- SharedMemory.cpp - how much shared memory a kernel has
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SharedMemory.h"

#include "hfc/Support/GPUChip.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"

using namespace hfc;

LogicalResult hfc::sizeSharedMemory(gpu::GPUModuleOp module, StringRef chip) {
  DataLayout layout(module);
  LLVM::GlobalOp largest;
  int64_t total = 0, most = 0;
  for (auto global : module.getOps<LLVM::GlobalOp>()) {
    if (global.getAddrSpace() != static_cast<unsigned>(NVVM::NVVMMemorySpace::Shared))
      continue;
    int64_t bytes = layout.getTypeSize(global.getGlobalType()).getFixedValue();
    total += bytes;
    if (bytes > most) {
      most = bytes;
      largest = global;
    }
  }
  if (total <= kDeclaredSharedBytes)
    return success();
  if (total > blockSharedBytes(chip) || total - most > kDeclaredSharedBytes)
    return module.emitError("kernel '") << module.getName() << "' needs " << total
                                        << " bytes of shared memory in a block, but " << chip << " gives "
                                        << blockSharedBytes(chip) << ", of which its code declares at most "
                                        << kDeclaredSharedBytes << "; make the kernel's scratch memory smaller";
  auto array = dyn_cast<LLVM::LLVMArrayType>(largest.getGlobalType());
  if (!array)
    return largest.emitError("is shared memory that is no array");
  largest.setGlobalType(LLVM::LLVMArrayType::get(array.getElementType(), 0));
  largest.setLinkage(LLVM::Linkage::External);
  module->setAttr("kernel.shared", Builder(module).getI64IntegerAttr(most));
  return success();
}
