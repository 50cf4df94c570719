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
    | `loop` | a range of the flattened index space, some thousand elements; of a cache that is updated, of its new rows |
    | `row` | one or more rows: reductions in stages, then the outputs |
    | `column` | some columns: lanes side by side, and in groups that share the rows |
    | `attention` | a tile of queries of the heads that share a key head, walking over the tiles of keys it may see |
    | `attention_with_statistics` | the same; it also writes the logarithms of the rows' sums |
    | `attention_statistics` | the same, without values |
    | `attention_backward` | such a tile of queries, or a tile of keys walking over the tiles of queries that may see it |
    | `attention_parts` | one query head, and one of equal parts of the keys |
    | `attention_join` | one query head: what the parts found, weighed |
    | `scatter_add` | the places that hold one index, in order, if the block's is the first of them |
    | `cache_update` | some rows of the chunk |
    | `top_k` | a row for each lane |
    | `argmax` | a row, read once |

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
           "bytes to which every buffer is known to be aligned; mapped checkpoints promise nothing">,
    Option<"rowBytes", "row-bytes", "int64_t", "0",
           "bytes of a block's scratch memory in which beginnings of long rows stay between passes">];
  let statistics = [
    Statistic<"numLoop", "num-loop", "loop kernels emitted">,
    Statistic<"numRow", "num-row", "row kernels emitted">,
    Statistic<"numColumn", "num-column", "column kernels emitted">,
    Statistic<"numSpecial", "num-special", "kernels of attention and indices emitted">];
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

def PlanCollectiveScratch : Pass<"hfc-plan-collective-scratch", "::mlir::ModuleOp"> {
  let summary = "plans the memory that collectives on GPUs need for themselves";
  let description = [{
    NCCL moves contiguous memory, in equal pieces. Collectives of other pieces, whose dimension is not the outermost and has more than
    16 rows outside, whose last piece is short, or whose tensors do not lie one behind the other, pass through scratch memory: an
    `rt.arena` behind all other buffers of the entry, one for all of its collectives, since they run one after the other. The
    entry's arena grows by the largest.

    Needs: `rt.entry`s. Guarantees: `hfc-convert-rt-to-llvm` for CUDA finds the scratch memory it needs. Leaves collectives alone that have
    some or need none. Refuses element types that no GPU collective moves.

    Before:

    ```mlir
    module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
      rt.entry @e arena 128 {
        %x = rt.input "x" at 0 : memref<2xf32>
        %y = rt.output "y" at 64 : memref<3xf32>
        rt.collective all_gather ins(%x : memref<2xf32>) outs(%y : memref<3xf32>) over {"tp"} {dim = 0 : i64, id = 0 : i64}
      }
    }
    ```

    After: two pieces of two elements, of which the last is dropped.

    ```mlir
    module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
      rt.entry @e arena 192 {
        %x = rt.input "x" at 0 : memref<2xf32>
        %y = rt.output "y" at 64 : memref<3xf32>
        %pieces = rt.arena at 128 : memref<16xf32>
        rt.collective all_gather ins(%x : memref<2xf32>) outs(%y : memref<3xf32>) scratch(%pieces : memref<16xf32>) over {"tp"}
          {dim = 0 : i64, id = 0 : i64}
      }
    }
    ```
  }];
  let statistics = [
    Statistic<"numCollectives", "num-collectives", "collectives given scratch memory">,
    Statistic<"scratchBytes", "scratch-bytes", "bytes of the largest entry's scratch memory">];
  let dependentDialects = ["::hfc::rt::RtDialect"];
}

def ConvertRtToLLVM : Pass<"hfc-convert-rt-to-llvm", "::mlir::ModuleOp"> {
  let summary = "turns entries into functions that call the runtime";
  let description = [{
    Replaces every `rt.entry @NAME` by an `llvm.func @hfc_entry_NAME(frame)`, whose buffers are addresses in the arena, in
    the frame's tables of parameters and states, or constants of the program, and whose work is calls of the
    runtime (`hfc/Runtime/hfc_runtime.h`), in the order of the entry. Writes the program's metadata.

    For the CPU each call returns when its work is done: the order is legal for any streams, because an event is recorded
    before it is waited for. With `target = "cuda"` in `hf.program` calls queue work on the schedule's streams, with its events; kernels
    go by their place in the metadata's table, and constants into `hfc_program_constants`, for the device.

    Needs: kernels lowered to `llvm.func`s with the attribute `kernel.grid`, or to `gpu.module`s with it, which stay; the module
    attribute `hf.program`. Guarantees: no `rt` op, `hf.parameter` or `hf.state` is left; the module exports `hfc_program_abi`,
    `hfc_program_json` and the entries. Refuses launches of kernels that have not been lowered for the target.

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

def MapKernelsToGPU : Pass<"hfc-map-kernels-to-gpu", "::mlir::ModuleOp"> {
  let summary = "maps the levels of kernels to a GPU's grid, block, warps and lanes";
  let description = [{
    Replaces every `kernel.func` by a `gpu.module` of the same name that holds one `gpu.func` of the same name, in the
    *GPU-mapped form*: explicit threads, structured control flow, no op of the kernel dialect but `kernel.await`. This is what the SIMT
    interpreter executes and what `hfc-lower-kernels-to-nvvm` takes.

    | kernel | gpu |
    |---|---|
    | block | block, x of the grid; `lanes` threads, x of the block (`known_block_size`, `known_grid_size`) |
    | `distribute` | a loop from `thread * vector` in steps of `lanes * vector`; short constant ranges become straight code |
    | `reduce` | elements, then shuffles in the warp, then shared memory across warps; each `reduce` has shared memory of its own, and a barrier parts two runs of one in a loop |
    | `scratch` | shared memory, 227 KiB a block at most, with the reductions' |
    | block-uniform code | run by all threads |
    | a store in block-uniform code | run by thread 0; others see it after the next barrier or reduce |

    Needs: kernels of `arith`, `math`, `scf`, `memref`, `vector` ops. Guarantees: arguments are `noalias` unless
    `kernel.alias` says otherwise, `readonly` where they are no outputs, 16-byte aligned; each vector access carries the alignment that
    follows from its indices, so that 16-byte accesses become one instruction. Refuses other dialects' ops, scratch memory used by
    other ops than loads and stores, and too much shared memory.

    Before:

    ```mlir
    kernel.func @total(%x: memref<8x256xf32>, %y: memref<8xf32>) grid(8) lanes(64) outputs(1) {
      %row = kernel.block_id
      %c0 = arith.constant 0 : index
      %c256 = arith.constant 256 : index
      %zero = arith.constant dense<0.0> : vector<4xf32>
      %partial = kernel.distribute %i = %c0 to %c256 vector 4 iter_args(%sum = %zero : vector<4xf32>) {
        %v = vector.load %x[%row, %i] : memref<8x256xf32>, vector<4xf32>
        %s = arith.addf %sum, %v : vector<4xf32>
        kernel.yield %s : vector<4xf32>
      }
      %total = kernel.reduce add %partial : vector<4xf32> -> f32
      memref.store %total, %y[%row] : memref<8xf32>
      kernel.return
    }
    ```

    After (abridged: five shuffles, and shared memory across the two warps):

    ```mlir
    gpu.module @total {
      gpu.func @total(%x: memref<8x256xf32> {llvm.align = 16 : i64, llvm.noalias, llvm.readonly},
                      %y: memref<8xf32> {llvm.align = 16 : i64, llvm.noalias}) kernel
          attributes {known_block_size = array<i32: 64, 1, 1>, known_grid_size = array<i32: 8, 1, 1>} {
        %c4 = arith.constant 4 : index
        %thread = gpu.thread_id x upper_bound 64
        %row = gpu.block_id x upper_bound 8
        %i = arith.muli %thread, %c4 : index
        %v = vector.load %x[%row, %i] {alignment = 16 : i64} : memref<8x256xf32>, vector<4xf32>
        %s = vector.reduction <add>, %v : vector<4xf32> into f32
        gpu.return
      }
    }
    ```
  }];
  let statistics = [
    Statistic<"numKernels", "num-kernels", "kernels mapped">,
    Statistic<"numReduces", "num-reduces", "block-wide reductions emitted">];
  let dependentDialects = ["::mlir::gpu::GPUDialect", "::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect",
                           "::mlir::scf::SCFDialect", "::mlir::memref::MemRefDialect", "::mlir::vector::VectorDialect"];
}

def ReadConstantsFirst : Pass<"hfc-read-constants-first", "::mlir::ModuleOp"> {
  let summary = "reads weights before a kernel waits for what they are multiplied with";
  let description = [{
    Moves loads from `kernel.constant` arguments that stand behind a `kernel.await` in its block in front of it, with the
    arithmetic that their places are computed from. Launched early, a kernel then has its weights on their way, into
    registers, while the kernel in front of it still computes. A thread holds up to `max-bytes` so, and `kernel.threads`
    asks for as many threads as there are registers for.

    Needs: kernels from `hfc-map-kernels-to-gpu`. Guarantees: nothing else changes; what stands in loops and branches
    behind the `kernel.await` stays there.

    Before:

    ```mlir
    gpu.module @scale {
      gpu.func @scale(%w: memref<32xf32> {kernel.constant}, %x: memref<32xf32>, %y: memref<32xf32>) kernel {
        %i = gpu.thread_id x
        kernel.await
        %a = memref.load %x[%i] : memref<32xf32>
        %b = memref.load %w[%i] : memref<32xf32>
        %c = arith.mulf %a, %b : f32
        memref.store %c, %y[%i] : memref<32xf32>
        gpu.return
      }
    }
    ```

    After:

    ```mlir
    gpu.module @scale {
      gpu.func @scale(%w: memref<32xf32> {kernel.constant}, %x: memref<32xf32>, %y: memref<32xf32>) kernel {
        %i = gpu.thread_id x
        %b = memref.load %w[%i] : memref<32xf32>
        kernel.await
        %a = memref.load %x[%i] : memref<32xf32>
        %c = arith.mulf %a, %b : f32
        memref.store %c, %y[%i] : memref<32xf32>
        gpu.return
      }
    }
    ```
  }];
  let options = [Option<"maxBytes", "max-bytes", "int64_t", "320", "what a thread may hold while it waits">];
  let statistics = [Statistic<"numReads", "num-reads", "loads moved">];
  let dependentDialects = ["::hfc::kernel::KernelDialect"];
}

def LowerKernelsToNVVM : Pass<"hfc-lower-kernels-to-nvvm", "::mlir::ModuleOp"> {
  let summary = "lowers GPU-mapped kernels to the NVVM dialect";
  let description = [{
    Lowers every `gpu.func` in the GPU-mapped form to an `llvm.func` that takes one bare pointer for each buffer, and
    names the chip in the `gpu.module`'s target. Float arithmetic gets `contract`, so that products and sums become
    fused multiply-adds, quotients and exponentials get `afn`, and bfloat16 is widened by shifts (`docs/numerics.md`). Index arithmetic is 32 bits wide in kernels whose buffers have
    less than 2^30 elements each. Of a kernel with more shared memory than 48 KiB, which is what code may declare, the
    largest piece is what a launch asks for: `kernel.shared` bytes, an attribute of the `gpu.module`.

    A kernel lets the next one be launched early, and waits for those in front of it at its `kernel.await`s or, without
    any, before all else; PTX for chips before sm_90 is without.

    Needs: kernels from `hfc-map-kernels-to-gpu`. Guarantees: the LLVM and NVVM dialects only. Refuses chips before sm_80,
    ops that have no lowering (which it names), and more shared memory than a block of the chip may have.

    Before:

    ```mlir
    gpu.module @double {
      gpu.func @double(%x: memref<128xf32> {llvm.noalias}) kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
        %i = gpu.thread_id x
        %v = memref.load %x[%i] : memref<128xf32>
        %d = arith.addf %v, %v : f32
        memref.store %d, %x[%i] : memref<128xf32>
        gpu.return
      }
    }
    ```

    After (`chip=sm_90a`):

    ```mlir
    gpu.module @double [#nvvm.target<O = 3, chip = "sm_90a", features = "">] {
      llvm.func @double(%x: !llvm.ptr {llvm.noalias}) attributes {gpu.kernel, nvvm.kernel, nvvm.maxntid = array<i32: 128, 1, 1>} {
        %i = nvvm.read.ptx.sreg.tid.x range <i32, 0, 128> : i32
        %p = llvm.getelementptr inbounds|nuw %x[%i] : (!llvm.ptr, i32) -> !llvm.ptr, f32
        %v = llvm.load %p : !llvm.ptr -> f32
        %d = llvm.fadd %v, %v {fastmathFlags = #llvm.fastmath<contract>} : f32
        llvm.store %d, %p : f32, !llvm.ptr
        llvm.return
      }
    }
    ```
  }];
  let options = [Option<"chip", "chip", "std::string", "\"sm_90a\"", "the GPU: sm_80, sm_90a, …">];
  let statistics = [Statistic<"numKernels", "num-kernels", "kernels lowered">,
                    Statistic<"numWide", "num-wide", "kernels that need 64-bit indices">];
  let dependentDialects = ["::mlir::cf::ControlFlowDialect", "::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect",
                           "::mlir::gpu::GPUDialect", "::mlir::memref::MemRefDialect"];
}

#endif // HFC_CONVERSION_PASSES
