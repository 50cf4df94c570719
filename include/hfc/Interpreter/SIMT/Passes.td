//===- Passes.td - checks of kernels by execution -----------*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_INTERPRETER_SIMT_PASSES
#define HFC_INTERPRETER_SIMT_PASSES

include "mlir/Pass/PassBase.td"

def RunSIMT : Pass<"hfc-run-simt", "::mlir::ModuleOp"> {
  let summary = "runs GPU-mapped kernels thread by thread on made-up data";
  let description = [{
    Executes every kernel of the module by the SIMT interpreter, and fails at the op where a thread accesses memory
    out of bounds or less aligned than it says, reads shared memory that nothing wrote, races with another thread, or
    where a barrier or shuffle is reached by some threads only. Changes nothing.

    Needs: kernels from `hfc-map-kernels-to-gpu`. Element `i` of argument `a` is `((37 i + 11 a) mod 101 - 50) / 50` if it is a
    float, and `(7 i + a) mod integers` if it is an integer; arguments that `kernel.alias` says to be one buffer are.

    Example:

    ```mlir
    gpu.module @double {
      gpu.func @double(%x: memref<32xf32>) kernel
          attributes {known_block_size = array<i32: 32, 1, 1>, known_grid_size = array<i32: 1, 1, 1>} {
        %i = gpu.thread_id x
        %v = memref.load %x[%i] : memref<32xf32>
        %d = arith.addf %v, %v : f32
        memref.store %d, %x[%i] : memref<32xf32>
        gpu.return
      }
    }
    ```

    With `print=2`: `remark: double: argument 0: -2 -0.52`.
  }];
  let options = [
    Option<"print", "print", "int64_t", "0", "print the first elements, so many, of each written argument">,
    Option<"dump", "dump", "std::string", "\"\"",
           "write each kernel's arguments before and after to this file, for bench/gpu/run_kernels">,
    Option<"integers", "integers", "int64_t", "4", "made-up integers are less">];
  let statistics = [Statistic<"numKernels", "num-kernels", "kernels run">];
}

#endif // HFC_INTERPRETER_SIMT_PASSES
