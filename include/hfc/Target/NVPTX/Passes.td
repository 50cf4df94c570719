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

def EmbedCubin : Pass<"hfc-embed-cubin", "::mlir::ModuleOp"> {
  let summary = "replaces the module's kernels by their machine code";
  let description = [{
    Translates all lowered kernels to PTX, compiles that for the GPU that they were lowered for, and puts the machine code
    where programs have it: `hfc_program_cubin` (`hfc/Runtime/hfc_runtime.h`). The compiler is the toolkit's libnvJitLink, in this
    process; where there is none, its ptxas.

    Needs: kernels from `hfc-lower-kernels-to-nvvm`, all for one GPU, that nothing refers to any more
    (`hfc-convert-rt-to-llvm` comes first); a CUDA toolkit. Guarantees: no `gpu.module` is left. Leaves a module without kernels alone.

    Before:

    ```mlir
    gpu.module @nothing [#nvvm.target<chip = "sm_90a">] {
      llvm.func @nothing() attributes {gpu.kernel, nvvm.kernel} {
        llvm.return
      }
    }
    ```

    After, with other bytes and more of them:

    ```mlir
    llvm.mlir.global external constant @hfc_program_cubin("\7FELF") {addr_space = 0 : i32, alignment = 64 : i64} : !llvm.array<4 x i8>
    ```
  }];
  let statistics = [Statistic<"numKernels", "num-kernels", "kernels assembled">,
                    Statistic<"numBytes", "num-bytes", "bytes of machine code">];
  let dependentDialects = ["::mlir::gpu::GPUDialect", "::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect"];
}

#endif // HFC_TARGET_NVPTX_PASSES
