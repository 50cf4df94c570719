//===- Passes.td - checks of generated GPU code -------------*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TARGET_NVPTX_PASSES
#define HFC_TARGET_NVPTX_PASSES

include "mlir/Pass/PassBase.td"

def CheckPtxas : Pass<"hfc-check-ptxas", "::mlir::ModuleOp"> {
  let summary = "assembles the module's kernels and checks what ptxas says of them";
  let description = [{
    Translates all lowered kernels to PTX for each chip, assembles that with the toolkit's ptxas and prints, as remarks,
    the registers, spills and shared memory of each kernel. Changes nothing.

    Needs: kernels from `hfc-lower-kernels-to-nvvm`, and a CUDA toolkit. Refuses PTX that calls undefined functions or that
    ptxas does not take, and kernels that spill more than `max-spill-bytes`.

    Example:

    ```mlir
    gpu.module @nothing {
      llvm.func @nothing() attributes {gpu.kernel, nvvm.kernel} {
        llvm.return
      }
    }
    ```

    prints `remark: nothing: sm_90a: 4 registers, 0 bytes spilled, 0 bytes shared`.
  }];
  let options = [
    ListOption<"chips", "chips", "std::string", "the GPUs to assemble for; default sm_80 and sm_90a">,
    Option<"printPTX", "print-ptx", "bool", "false", "print the PTX to standard error">,
    Option<"maxSpillBytes", "max-spill-bytes", "int64_t", "0", "bytes a kernel may spill">];
  let statistics = [Statistic<"numKernels", "num-kernels", "kernels assembled, counted for each chip">];
  let dependentDialects = ["::mlir::gpu::GPUDialect", "::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect"];
}

#endif // HFC_TARGET_NVPTX_PASSES
