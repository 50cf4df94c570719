//===- Passes.td - the schedule and its memory -------------*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TRANSFORMS_MEMORY_PASSES
#define HFC_TRANSFORMS_MEMORY_PASSES

include "mlir/Pass/PassBase.td"

def Schedule : Pass<"hfc-schedule", "::mlir::ModuleOp"> {
  let summary = "turns fused entries into straight schedules over planned buffers";
  let description = [{
    Replaces every public function by an `rt.entry`: one straight list of launches and products on one stream, in
    program order, over buffers at fixed offsets in one arena.

    In the backward pass work that nothing soon waits for, products for weights' gradients above all, moves to where the stream would
    wait for a collective: of what is ready, the shortest that lasts as long, by rough times. It is held back for about a layer,
    and as long as that takes about a sixtieth more memory than program order at most. Collectives that only such work waits for, and those that
    reduce gradients, stay out of the way of the others. A product for the gradients of several weights that lie one behind the other is one for each where
    each is of `alone-flops`: more to choose from. All of this is for modules with a mesh only.

    Needs: entries as `--hfc-fuse` leaves them, every argument marked `hf.parameter`, `hf.state` or `hf.input` and every
    result `hf.output` or `hf.state`. Guarantees: buffers that are alive at the same time do not overlap; inputs are alive
    from the beginning, outputs to the end; a value is computed into its output or its state where that is possible, and
    copied there otherwise; a state's old value is read before it is overwritten, for which work may move. A loop whose
    operand dies writes its result over it if it reads each element before it writes the same one: the launch has the
    buffer in `ins` and `outs`, and the body's result the attribute `kernel.alias` with the argument's number. So do collectives
    whose result has the operand's shape. Parameters that an entry returns are updated in place like states. A collective that is only begun
    runs on stream 1, and what it reads and writes is its own until its `dist.done`, where stream 0 waits for it, or on stream 0 if nothing runs
    beside it; collectives are numbered in the order in which they are begun. The entry's
    attribute `rt.live_bytes` is the most bytes alive at one time, which no plan can undercut. Refuses a
    state whose old value is read by something that needs the new one, results returned twice for one state, collectives without
    a number, and anything that is neither a product, a view, a constant, a collective nor the call of a kernel body.

    Before:

    ```mlir
    func.func private @double(%x: tensor<16xf32>) -> tensor<16xf32> attributes {kernel.kind = "loop"} {
      %0 = hf.add %x, %x : tensor<16xf32>
      return %0 : tensor<16xf32>
    }
    func.func @forward(%x: tensor<16xf32> {hf.input = "x"}) -> (tensor<4x4xf32> {hf.output = "y"}) {
      %0 = call @double(%x) : (tensor<16xf32>) -> tensor<16xf32>
      %1 = hf.reshape %0 : tensor<16xf32> -> tensor<4x4xf32>
      return %1 : tensor<4x4xf32>
    }
    ```

    After:

    ```mlir
    func.func private @double(%x: tensor<16xf32>) -> tensor<16xf32> attributes {kernel.kind = "loop"} {
      %0 = hf.add %x, %x : tensor<16xf32>
      return %0 : tensor<16xf32>
    }
    rt.entry @forward arena 128 attributes {rt.live_bytes = 128 : i64} {
      %x = rt.input "x" at 0 : memref<16xf32>
      %y = rt.output "y" at 64 : memref<4x4xf32>
      %v = rt.view %y : memref<4x4xf32> to memref<16xf32>
      rt.launch @double ins(%x : memref<16xf32>) outs(%v : memref<16xf32>)
    }
    ```
  }];
  let options = [
    Option<"aloneFlops", "alone-flops", "int64_t", /*default=*/"int64_t(1) << 37",
           "FLOPs from which on a part of a product is computed alone; the default is what takes longer than a usual collective">];
  let statistics = [
    Statistic<"numWorks", "num-works", "launches, products and copies">,
    Statistic<"numInPlace", "num-in-place", "launches that write over an operand">,
    Statistic<"arenaBytes", "arena-bytes", "bytes of the largest entry's arena">,
    Statistic<"liveBytes", "live-bytes", "most bytes alive at once in any entry: what no plan can undercut">];
  let dependentDialects = ["::hfc::rt::RtDialect"];
}

def VerifySchedule : Pass<"hfc-verify-schedule", "::mlir::ModuleOp"> {
  let summary = "checks that a schedule's accesses to memory are ordered and defined";
  let description = [{
    A static proof for every `rt.entry`, whoever wrote it:
    - accesses to the same bytes of which one writes are ordered, by their stream or by recorded and awaited events;
    - a read finds what was last written under the name of the same buffer, the caller writing inputs and states before the
      entry begins;
    - an op's outputs overlap neither each other nor its inputs, but where the callee allows an update in place: a
      `cache_update` or `scatter_add`, an output marked `kernel.alias`, a collective that may run in place. Parameters and states that lie in a
      bucket are ranges of it;
    - every output is written, and not overwritten; what writes parameters, states and outputs is done when stream 0 is, with which the entry ends; constants, coordinates, and parameters that are not `updated`, are only read;
    - every collective waits for the one before it, which has a lower number;
    - parameters and states that lie in a bucket are densely packed, from its beginning on.

    Needs: `rt.entry`s. Changes nothing. Every refusal names both ops and both buffers.

    Example of what it refuses: the second launch may run before the first is done.

    ```mlir
    rt.entry @e arena 128 {
      %x = rt.input "x" at 0 : memref<16xf32>
      %y = rt.output "y" at 64 : memref<16xf32>
      rt.copy %x to %y : memref<16xf32>
      rt.copy %y to %x {stream = 1 : i32} : memref<16xf32>
    }
    ```
  }];
}

def MarkConstants : Pass<"hfc-mark-constants", "::mlir::ModuleOp"> {
  let summary = "marks what kernels read that no kernel writes";
  let description = [{
    Gives an argument of a kernel's body the attribute `kernel.constant` where all launches pass a parameter that no entry
    updates, as programs that generate have them: a kernel may read those before it knows that the kernels in front of
    it are done (`kernel.await`).

    Needs: a schedule whose launches call functions of hf ops. Guarantees: nothing changes but the attribute. Refuses
    launches that pass anything else where the attribute is already.

    Before:

    ```mlir
    hf.parameter @w : tensor<4x4xf32> from [#hf.piece<"w">]
    func.func private @linear_0(%x: tensor<1x4xf32>, %w: tensor<4x4xf32>) -> tensor<1x4xf32>
        attributes {kernel.kind = "few_rows"} {
      %0 = hf.linear %x, %w : (tensor<1x4xf32>, tensor<4x4xf32>) -> tensor<1x4xf32>
      return %0 : tensor<1x4xf32>
    }
    rt.entry @e arena 128 {
      %w = rt.parameter @w : memref<4x4xf32>
      %x = rt.input "x" at 0 : memref<1x4xf32>
      %y = rt.output "y" at 64 : memref<1x4xf32>
      rt.launch @linear_0 ins(%x, %w : memref<1x4xf32>, memref<4x4xf32>) outs(%y : memref<1x4xf32>)
    }
    ```

    After, the body:

    ```mlir
    func.func private @linear_0(%x: tensor<1x4xf32>, %w: tensor<4x4xf32> {kernel.constant}) -> tensor<1x4xf32>
        attributes {kernel.kind = "few_rows"} {
      %0 = hf.linear %x, %w : (tensor<1x4xf32>, tensor<4x4xf32>) -> tensor<1x4xf32>
      return %0 : tensor<1x4xf32>
    }
    ```
  }];
  let statistics = [Statistic<"numConstants", "num-constants", "arguments marked">];
  let dependentDialects = ["::hfc::kernel::KernelDialect"];
}

def SelectLibraries : Pass<"hfc-select-libraries", "::mlir::ModuleOp"> {
  let summary = "marks the launches that a library of the GPU may do";
  let description = [{
    Gives every launch of an attention's body that cuDNN can compute the attribute `library`, with what it computes. The kernel stays what
    runs otherwise: without cuDNN, and where a mask hides something, which only a run tells. So masks must be inputs of the
    entry, which the runtime sees when they are written.

    cuDNN is given bfloat16, without a bias, a soft cap, dropout or a cache, with one head dimension, a multiple of 8 that is at most 256
    on sm_90 and 128 on other chips, and no more queries than keys where there is a window.

    A program with the field `deterministic` (`hf.program`) gets gradients that are the same bits in every run.

    Needs: a schedule whose launches call functions of hf ops. Guarantees: nothing changes but the attribute. Refuses GPUs
    that hfc generates no code for.

    Before:

    ```mlir
    func.func private @attention_0(%q: tensor<2x24x4x16xbf16>, %k: tensor<2x24x2x16xbf16>, %v: tensor<2x24x2x16xbf16>)
        -> tensor<2x24x4x16xbf16> attributes {kernel.kind = "attention"} {
      %0 = hf.attention %q, %k, %v {causal, scale = 0.25 : f64}
        : (tensor<2x24x4x16xbf16>, tensor<2x24x2x16xbf16>, tensor<2x24x2x16xbf16>) -> tensor<2x24x4x16xbf16>
      return %0 : tensor<2x24x4x16xbf16>
    }
    rt.entry @e arena 24576 {
      %q = rt.input "q" at 0 : memref<2x24x4x16xbf16>
      %k = rt.input "k" at 6144 : memref<2x24x2x16xbf16>
      %v = rt.input "v" at 9216 : memref<2x24x2x16xbf16>
      %y = rt.output "y" at 12288 : memref<2x24x4x16xbf16>
      rt.launch @attention_0 ins(%q, %k, %v : memref<2x24x4x16xbf16>, memref<2x24x2x16xbf16>, memref<2x24x2x16xbf16>)
        outs(%y : memref<2x24x4x16xbf16>)
    }
    ```

    After, the launch:

    ```mlir
    func.func private @attention_0(%q: tensor<2x24x4x16xbf16>, %k: tensor<2x24x2x16xbf16>, %v: tensor<2x24x2x16xbf16>)
        -> tensor<2x24x4x16xbf16>
    rt.entry @e arena 24576 {
      %q = rt.input "q" at 0 : memref<2x24x4x16xbf16>
      %k = rt.input "k" at 6144 : memref<2x24x2x16xbf16>
      %v = rt.input "v" at 9216 : memref<2x24x2x16xbf16>
      %y = rt.output "y" at 12288 : memref<2x24x4x16xbf16>
      rt.launch @attention_0 ins(%q, %k, %v : memref<2x24x4x16xbf16>, memref<2x24x2x16xbf16>, memref<2x24x2x16xbf16>)
        outs(%y : memref<2x24x4x16xbf16>) {library = #rt.attention<forward, scale = 2.500000e-01 : f64, layout = bshd, causal = true>}
    }
    ```
  }];
  let options = [Option<"chip", "chip", "std::string", "\"sm_90a\"", "the GPU: sm_80, sm_90a, …">];
  let statistics = [Statistic<"numAttentions", "num-attentions", "launches of attention that a library may do">];
  let dependentDialects = ["::hfc::rt::RtDialect"];
}

#endif // HFC_TRANSFORMS_MEMORY_PASSES
