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
    | `attention` | a tile of queries of the heads that share a key head, walking over the tiles of keys it may see |
    | `cache_update` | some rows of the chunk |
    | `top_k` | a row for each lane |

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

def LowerKernelsToCPU : Pass<"hfc-lower-kernels-to-cpu", "::mlir::ModuleOp"> {
  let summary = "turns kernel.funcs into loops over blocks that one thread runs";
  let description = [{
    Replaces every `kernel.func @NAME` by two functions: `@NAME`, of the runtime's `hfc_kernel` form `(args, begin, end)`
    and with the attribute `kernel.grid`, which loads the buffers' addresses; and `@NAME_blocks`, which it calls, with a
    loop over the blocks `begin` to `end`. A block has one lane: `kernel.distribute` is a loop over vectors,
    `kernel.barrier` is nothing, `kernel.reduce` combines the elements of a vector. Scratch is on the stack, outside the
    loop. Functions of `math` become polynomials, or calls of libm where a polynomial is not accurate enough
    (sine and cosine of large arguments, powers); conversions to bfloat16, which x86 mostly lacks, integer arithmetic.

    Needs: kernels as `docs/architecture.md` describes them. Guarantees: no `kernel` op is left, and what is left
    converts to the LLVM dialect by MLIR's own patterns; buffers are `llvm.noalias` where the kernel's contract says
    so. Refuses kernels whose scratch is larger than 1 MiB.

    Before:

    ```mlir
    kernel.func @double(%x: memref<4x64xf32>, %y: memref<4x64xf32>) grid(4) lanes(32) outputs(1) {
      %c0 = arith.constant 0 : index
      %c64 = arith.constant 64 : index
      %row = kernel.block_id
      kernel.distribute %i = %c0 to %c64 vector 8 {
        %v = vector.load %x[%row, %i] : memref<4x64xf32>, vector<8xf32>
        %d = arith.addf %v, %v : vector<8xf32>
        vector.store %d, %y[%row, %i] : memref<4x64xf32>, vector<8xf32>
      }
      kernel.return
    }
    ```

    After, without the function that loads the addresses (`%x` and `%y` are descriptors of `%a0` and `%a1`):

    ```mlir
    func.func private @double_blocks(%a0: !llvm.ptr {llvm.noalias, llvm.readonly}, %a1: !llvm.ptr {llvm.noalias},
                                     %begin: index, %end: index) {
      %x = builtin.unrealized_conversion_cast %a0 : !llvm.ptr to memref<4x64xf32>
      %y = builtin.unrealized_conversion_cast %a1 : !llvm.ptr to memref<4x64xf32>
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      scf.for %row = %begin to %end step %c1 {
        scf.for %i = %c0 to %c64 step %c8 {
          %v = vector.load %x[%row, %i] : memref<4x64xf32>, vector<8xf32>
          %d = arith.addf %v, %v : vector<8xf32>
          vector.store %d, %y[%row, %i] : memref<4x64xf32>, vector<8xf32>
        }
      }
      return
    }
    ```
  }];
  let statistics = [Statistic<"numKernels", "num-kernels", "kernels lowered">];
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect"];
}

def ConvertRtToLLVM : Pass<"hfc-convert-rt-to-llvm", "::mlir::ModuleOp"> {
  let summary = "turns entries into functions that call the runtime";
  let description = [{
    Replaces every `rt.entry @NAME` by an `llvm.func @hfc_entry_NAME(frame)`, whose buffers are addresses in the arena, in
    the frame's tables of parameters and states, or constants of the program, and whose work is calls of the
    runtime (`hfc/Runtime/hfc_runtime.h`), in the order of the entry: that is a legal order for any streams,
    because an event is recorded before it is waited for. Writes the program's metadata.

    Needs: kernels lowered to `llvm.func`s with the attribute `kernel.grid`; the module attribute `hf.program`. Guarantees: no `rt` op,
    `hf.parameter` or `hf.state` is left; the module exports `hfc_program_abi`, `hfc_program_json` and the entries.
    Refuses launches of kernels that have not been lowered.

    Before:

    ```mlir
    module attributes {hf.program = {task = "forward"}} {
      rt.entry @forward arena 128 {
        %x = rt.input "x" at 0 : memref<16xf32>
        %y = rt.output "y" at 64 : memref<16xf32>
        rt.copy %x to %y : memref<16xf32>
      }
    }
    ```

    After, without the metadata:

    ```mlir
    llvm.func @hfc_rt_copy(!llvm.ptr, !llvm.ptr, !llvm.ptr, i64)
    llvm.func @hfc_entry_forward(%frame: !llvm.ptr) {
      %context = llvm.load %frame : !llvm.ptr -> !llvm.ptr
      %field = llvm.getelementptr %frame[8] : (!llvm.ptr) -> !llvm.ptr, i8
      %arena = llvm.load %field : !llvm.ptr -> !llvm.ptr
      %y = llvm.getelementptr %arena[64] : (!llvm.ptr) -> !llvm.ptr, i8
      %bytes = llvm.mlir.constant(64 : i64) : i64
      llvm.call @hfc_rt_copy(%context, %y, %arena, %bytes) : (!llvm.ptr, !llvm.ptr, !llvm.ptr, i64) -> ()
      llvm.return
    }
    ```
  }];
  let statistics = [
    Statistic<"numEntries", "num-entries", "entries converted">,
    Statistic<"numCalls", "num-calls", "calls of the runtime">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // HFC_CONVERSION_PASSES
