//===- NVPTX.h - from NVVM to PTX and machine code --------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TARGET_NVPTX_H
#define HFC_TARGET_NVPTX_H

#include "hfc/Support/LLVM.h"
#include "hfc/Target/CPU.h"

#include <optional>
#include <string>
#include <vector>

namespace hfc {

using EmitErrorFn = function_ref<InFlightDiagnostic()>;

/// Adds to `registry` how the dialects of kernels become the NVVM dialect, and that LLVM IR.
void registerNVPTXExtensions(DialectRegistry &registry);

/// The CUDA toolkit's folder: CUDA_HOME, CUDA_PATH, the toolkit of the nvcc or ptxas on PATH, /usr/local/cuda; empty if
/// there is none.
std::string findCudaToolkit();

/// One PTX text with all kernels of `module`, whose gpu.modules `hfc-lower-kernels-to-nvvm` has lowered. libdevice is
/// linked, and a function that remains undefined is an error.
FailureOr<std::string> translateToPTX(ModuleOp module, StringRef chip);

/// What ptxas reports of a kernel.
struct KernelResources {
  std::string name;
  int64_t registers = 0, spillStoreBytes = 0, spillLoadBytes = 0, stackBytes = 0, sharedBytes = 0;
};

/// Machine code of one chip.
struct Cubin {
  std::string code;
  std::vector<KernelResources> kernels;
};

/// Assembles `ptx` with the toolkit's ptxas.
FailureOr<Cubin> assemble(StringRef ptx, StringRef chip, EmitErrorFn emitError);

/// The same in this process, with the toolkit's libnvJitLink; with ptxas where there is no such library.
FailureOr<Cubin> compilePTX(StringRef ptx, StringRef chip, EmitErrorFn emitError);

/// What `ptxas -v` printed, or libnvJitLink logged, kernel by kernel.
std::vector<KernelResources> parseResources(StringRef ptxasOutput);

/// What programs for GPUs are linked with: hfc's runtime for them, and NCCL. On failure `error` says what is missing.
FailureOr<SmallVector<ProgramLibrary>> findCudaLibraries(std::string &error);

/// Whether this machine has a GPU, and this build of hfc what programs for it need.
bool hasCudaDevice();

/// A GPU of this machine.
struct LocalDevice {
  std::string name;
  int64_t memory = 0; ///< bytes
};

/// The one with the least memory; nothing where there is no driver, or none that it lets be used. Asking takes a driver
/// some tenths of a second.
std::optional<LocalDevice> findSmallestDevice();

} // namespace hfc

#endif // HFC_TARGET_NVPTX_H
