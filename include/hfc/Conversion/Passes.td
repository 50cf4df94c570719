//===- Passes.td - conversions between levels --------------*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_CONVERSION_PASSES
#define HFC_CONVERSION_PASSES

include "mlir/Pass/PassBase.td"

def EmitKernels : Pass<"hfc-emit-kernels", "::mlir::ModuleOp"> {
  let summary = "turns kernel bodies of hf ops into kernel.funcs";
  let description = [{
    Replaces every private `func.func` with the attribute `kernel.kind` by a `kernel.func` of the same name, whose
    arguments are the body's arguments and then its results, as memrefs of the same shapes.

    Needs: bodies as `docs/architecture.md` describes them ("Kernel bodies and launches"); nothing but `rt.launch`
    refers to them. Guarantees: no `hf` op is left in them; arithmetic on floats is float32; memory is accessed in
    vectors of `vector-bits` wherever rows are contiguous; attention holds tiles of the scores, never all of them.
    Refuses bodies whose kind does not fit their ops, and dense constants inside a body.

    | kind | one block of the grid |
    |---|---|
    | `loop` | a range of the flattened index space, some thousand elements |
    | `row` | one or more rows: reductions in stages, then the outputs |
    | `attention` | one head (decoding: the heads of a group), a tile of queries, walking over tiles of keys |
    | `cache_update` | some rows of the chunk |
    | `top_k` | one row |

    Before:

    ```mlir
    func.func private @double(%x: tensor<4x64xf32>) -> tensor<4x64xf32> attributes {kernel.kind = "loop"} {
      %0 = hf.add %x, %x : tensor<4x64xf32>
      return %0 : tensor<4x64xf32>
    }
    ```

    After (`vector-bits=256`):

    ```mlir
    kernel.func @double(%x: memref<4x64xf32>, %out: memref<4x64xf32>) grid(1) lanes(128) outputs(1) {
      %lower = arith.constant 0 : index
      %upper = arith.constant 256 : index
      %c64 = arith.constant 64 : index
      kernel.distribute %i = %lower to %upper vector 8 {
        %row = arith.divui %i, %c64 : index
        %column = arith.remui %i, %c64 : index
        %v = vector.load %x[%row, %column] : memref<4x64xf32>, vector<8xf32>
        %d = arith.addf %v, %v fastmath<contract> : vector<8xf32>
        vector.store %d, %out[%row, %column] : memref<4x64xf32>, vector<8xf32>
      }
      kernel.return
    }
    ```
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", "256", "bits that one vector access handles, at float32">,
    Option<"lanes", "lanes", "int64_t", "128", "lanes of a block on a GPU">,
    Option<"interleave", "interleave", "int64_t", "4", "vectors that a lane accumulates at once in a reduction">,
    Option<"bufferAlignment", "buffer-alignment", "int64_t", "1",
           "bytes to which every buffer is known to be aligned; mapped checkpoints promise nothing">];
  let statistics = [
    Statistic<"numLoop", "num-loop", "loop kernels emitted">,
    Statistic<"numRow", "num-row", "row kernels emitted">,
    Statistic<"numSpecial", "num-special", "attention, cache_update and top_k kernels emitted">];
  let dependentDialects = ["::hfc::kernel::KernelDialect", "::mlir::math::MathDialect"];
}

#endif // HFC_CONVERSION_PASSES
