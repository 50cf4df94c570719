//===- Passes.td - fusion into kernel bodies ---------------*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TRANSFORMS_FUSION_PASSES
#define HFC_TRANSFORMS_FUSION_PASSES

include "mlir/Pass/PassBase.td"

def MergeProducts : Pass<"hfc-merge-products", "::mlir::ModuleOp"> {
  let summary = "makes one product of the projections of one value, forward and backward";
  let description = [{
    The weights of query, key and value, or of gate and up, multiply the same values. Where such weights, their biases
    and their gradients lie one behind the other, they are one weight to a library: the input is read once, its gradient
    is one sum inside one product, and one product has all gradients of the weights.

    Finds `hf.linear`s of one value and more than `few-rows` rows whose weights are parameters, the same in every entry,
    and gives these an `hf.bucket` of their own, in the order of the products; or leaves them where they are, if they lie
    one behind the other already. Joins the parameters (`hf.concat`, which costs nothing there), multiplies once, and has
    what read the products read columns of the result (`hf.slice`). In the backward pass the cotangents are joined
    instead, `hf.linear_dgrad`s that are only added up become one, and `hf.linear_wgrad`s one whose rows are the states'
    next values, alone or added to the old ones. Where gradients' states do not lie one behind the other, their products
    stay, and read the joined cotangent.

    Attention reads contiguous values, and writes cotangents as such: a kernel then moves a part. Products stay where moving
    would take more reads and writes than are saved, as in towers without rotations.

    Needs: local shapes, entries that are not fused. Guarantees: parameters, states, entries and collectives are as before but
    for `hf.bucket`; a sum of cotangents is rounded once. For GPUs.

    Before:

    ```mlir
    hf.parameter @gate : tensor<32x64xbf16> from [#hf.piece<"gate">]
    hf.parameter @up : tensor<32x64xbf16> from [#hf.piece<"up">]
    func.func @forward(%gate: tensor<32x64xbf16> {hf.parameter = @gate}, %up: tensor<32x64xbf16> {hf.parameter = @up},
                       %x: tensor<16x64xbf16> {hf.input = "x"}) -> (tensor<16x32xbf16> {hf.output = "y"}) {
      %0 = hf.linear %x, %gate : (tensor<16x64xbf16>, tensor<32x64xbf16>) -> tensor<16x32xbf16>
      %1 = hf.linear %x, %up : (tensor<16x64xbf16>, tensor<32x64xbf16>) -> tensor<16x32xbf16>
      %2 = hf.mul %0, %1 : tensor<16x32xbf16>
      return %2 : tensor<16x32xbf16>
    }
    ```

    After:

    ```mlir
    hf.bucket @side_by_side.gate : tensor<4096xbf16>
    hf.parameter @gate : tensor<32x64xbf16> from [#hf.piece<"gate">] {hf.bucket = #hf.place<@side_by_side.gate, 0>}
    hf.parameter @up : tensor<32x64xbf16> from [#hf.piece<"up">] {hf.bucket = #hf.place<@side_by_side.gate, 2048>}
    func.func @forward(%gate: tensor<32x64xbf16> {hf.parameter = @gate}, %up: tensor<32x64xbf16> {hf.parameter = @up},
                       %x: tensor<16x64xbf16> {hf.input = "x"}) -> (tensor<16x32xbf16> {hf.output = "y"}) {
      %0 = hf.concat %gate, %up dim 0 : (tensor<32x64xbf16>, tensor<32x64xbf16>) -> tensor<64x64xbf16>
      %1 = hf.linear %x, %0 : (tensor<16x64xbf16>, tensor<64x64xbf16>) -> tensor<16x64xbf16>
      %2 = hf.slice %1 at [0, 0] : tensor<16x64xbf16> -> tensor<16x32xbf16>
      %3 = hf.slice %1 at [0, 32] : tensor<16x64xbf16> -> tensor<16x32xbf16>
      %4 = hf.mul %2, %3 : tensor<16x32xbf16>
      return %4 : tensor<16x32xbf16>
    }
    ```
  }];
  let options = [
    Option<"fewRows", "few-rows", "int64_t", "8", "products of so many rows or fewer stay: kernels do them">];
  let statistics = [
    Statistic<"numForward", "num-forward", "products that went into one of several weights">,
    Statistic<"numInputs", "num-inputs", "products for inputs' gradients that did">,
    Statistic<"numWeights", "num-weights", "products for weights' gradients that did">];
  let dependentDialects = ["::hfc::hf::HfDialect", "::mlir::func::FuncDialect"];
}

def Fuse : Pass<"hfc-fuse", "::mlir::ModuleOp"> {
  let summary = "groups hf ops into kernel bodies, outlined and shared";
  let description = [{
    Decomposes the composites of every public function, groups the primitives between library products into kernel
    bodies, and outlines each body as a private function with the attribute `kernel.kind`. Bodies that are the same but
    for locations are one function, whatever the number of layers.

    Needs: entries of hf ops over static-shaped tensors. Guarantees: what `docs/architecture.md` says under "Kernel bodies
    and launches"; a value that several kernels read is computed once; nothing expensive is computed more often than
    its own elements ask for, up to a factor of two; groups are convex, so that an order of the calls exists. Reshapes
    stay outside the bodies at their boundary. Refuses ops of other dialects in an entry. Entries that are fused
    already are left alone.

    Before:

    ```mlir
    func.func @forward(%x: tensor<4x8xf32> {hf.input = "x"}, %y: tensor<4x8xf32> {hf.input = "y"})
        -> (tensor<4x8xf32> {hf.output = "z"}) {
      %0 = hf.activation silu, %x : tensor<4x8xf32>
      %1 = hf.mul %0, %y : tensor<4x8xf32>
      return %1 : tensor<4x8xf32>
    }
    ```

    After:

    ```mlir
    func.func private @activation_mul_0(%x: tensor<4x8xf32>, %y: tensor<4x8xf32>) -> tensor<4x8xf32>
        attributes {kernel.kind = "loop"} {
      %one = hf.constant dense<1.0> : tensor<4x8xf32>
      %0 = hf.neg %x : tensor<4x8xf32>
      %1 = hf.exp %0 : tensor<4x8xf32>
      %2 = hf.add %1, %one : tensor<4x8xf32>
      %3 = hf.div %x, %2 : tensor<4x8xf32>
      %4 = hf.mul %3, %y : tensor<4x8xf32>
      return %4 : tensor<4x8xf32>
    }
    func.func @forward(%x: tensor<4x8xf32> {hf.input = "x"}, %y: tensor<4x8xf32> {hf.input = "y"})
        -> (tensor<4x8xf32> {hf.output = "z"}) {
      %0 = call @activation_mul_0(%x, %y) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
      return %0 : tensor<4x8xf32>
    }
    ```
  }];
  let statistics = [
    Statistic<"numCalls", "num-calls", "calls of kernel bodies">,
    Statistic<"numBodies", "num-bodies", "distinct kernel bodies">,
    Statistic<"numFused", "num-fused", "primitives that went into bodies, counted at each call">];
  let dependentDialects = ["::hfc::hf::HfDialect", "::mlir::func::FuncDialect"];
}

def FuseFewRows : Pass<"hfc-fuse-few-rows", "::mlir::ModuleOp"> {
  let summary = "makes kernels of products of few rows, together with their neighbours";
  let description = [{
    A product of few rows, as decoding has them, takes as long as reading its weights: libraries for matrices do it
    badly, and each of them is a launch of its own. Makes a kernel body of kind `few_rows` of every `hf.linear` of
    bfloat16 or float32 with at most `rows` rows. Products of the same operand share one body; and if a `loop` body reads
    them, nothing else and element by element, it becomes their epilogue. So the projections of attention are one launch,
    and a gated feed-forward's two with their activation. Small `loop` bodies that read its results side by side, as the
    rotations of queries and keys do, become one as well, and so do the `cache_update` bodies behind them: a result of a
    `loop` body is then an `hf.cache_update` of an argument, whose new rows alone are computed. A norm of one row that only such
    products read goes into their body, to be computed in every block, where all blocks together then read at most
    `norm-bytes` more: that takes less time than a launch. What else it makes, as the sum of a residual, is a result of
    that body.

    Needs: entries as `hfc-fuse` leaves them. Guarantees: nothing else changes; bodies that are the same are one function;
    bodies of epilogues that nobody calls any more are gone. For GPUs.

    Before:

    ```mlir
    func.func @decode(%x: tensor<1x64xbf16> {hf.input = "x"}, %k: tensor<32x64xbf16> {hf.input = "k"},
                      %v: tensor<32x64xbf16> {hf.input = "v"})
        -> (tensor<1x32xbf16> {hf.output = "a"}, tensor<1x32xbf16> {hf.output = "b"}) {
      %0 = hf.linear %x, %k : (tensor<1x64xbf16>, tensor<32x64xbf16>) -> tensor<1x32xbf16>
      %1 = hf.linear %x, %v : (tensor<1x64xbf16>, tensor<32x64xbf16>) -> tensor<1x32xbf16>
      return %0, %1 : tensor<1x32xbf16>, tensor<1x32xbf16>
    }
    ```

    After:

    ```mlir
    func.func private @linear_0(%x: tensor<1x64xbf16>, %k: tensor<32x64xbf16>, %v: tensor<32x64xbf16>)
        -> (tensor<1x32xbf16>, tensor<1x32xbf16>) attributes {kernel.kind = "few_rows"} {
      %0 = hf.linear %x, %k : (tensor<1x64xbf16>, tensor<32x64xbf16>) -> tensor<1x32xbf16>
      %1 = hf.linear %x, %v : (tensor<1x64xbf16>, tensor<32x64xbf16>) -> tensor<1x32xbf16>
      return %0, %1 : tensor<1x32xbf16>, tensor<1x32xbf16>
    }
    func.func @decode(%x: tensor<1x64xbf16> {hf.input = "x"}, %k: tensor<32x64xbf16> {hf.input = "k"},
                      %v: tensor<32x64xbf16> {hf.input = "v"})
        -> (tensor<1x32xbf16> {hf.output = "a"}, tensor<1x32xbf16> {hf.output = "b"}) {
      %0:2 = call @linear_0(%x, %k, %v)
        : (tensor<1x64xbf16>, tensor<32x64xbf16>, tensor<32x64xbf16>) -> (tensor<1x32xbf16>, tensor<1x32xbf16>)
      return %0#0, %0#1 : tensor<1x32xbf16>, tensor<1x32xbf16>
    }
    ```
  }];
  let options = [
    Option<"rows", "rows", "int64_t", "8", "products of at most so many rows">,
    Option<"normBytes", "norm-bytes", "int64_t", "29360128", "what the blocks of products may read to compute a norm">];
  let statistics = [
    Statistic<"numProducts", "num-products", "products that went into kernels">,
    Statistic<"numEpilogues", "num-epilogues", "kernels that became epilogues">,
    Statistic<"numNorms", "num-norms", "norms that went into the products that read them">,
    Statistic<"numJoined", "num-joined", "kernels that read such results and were joined with others">,
    Statistic<"numCalls", "num-calls", "calls of kernels of few rows">];
  let dependentDialects = ["::hfc::hf::HfDialect", "::mlir::func::FuncDialect"];
}

def SplitAttention : Pass<"hfc-split-attention", "::mlir::ModuleOp"> {
  let summary = "makes attention of one query over many keys the work of many blocks";
  let description = [{
    Decoding attends from one query of each head to a cache. A kernel with a block for each head leaves most of a GPU
    idle, and longer with each token. Replaces a body of kind `attention` of one query over at least `min-keys` places by
    two: `attention_parts`, which attends to equal parts of the cache one by one and says what the exponentials of each
    sum up to, and `attention_join`, which weighs what was found (Dao, Haziza, Massa, Sizov: "Flash-Decoding for
    long-context inference", 2023). Parts are as many as give the device `blocks` blocks, at most 64, of at least 64 keys
    each; their number divides the cache's capacity. It is fixed, so that sums are the same in every run; a part that no
    valid key lies in takes no time.

    Needs: entries as `hfc-fuse` leaves them. Guarantees: nothing else changes; attention with windows, masks or a bias stays
    as it is. For GPUs.

    Before:

    ```mlir
    func.func private @attention_0(%q: tensor<1x1x4x16xf32>, %k: tensor<1x4096x2x16xf32>, %v: tensor<1x4096x2x16xf32>,
                                   %past: tensor<1xi32>, %count: tensor<1xi32>) -> tensor<1x1x4x16xf32>
        attributes {kernel.kind = "attention"} {
      %0 = hf.attention %q, %k, %v past(%past, %count : tensor<1xi32>, tensor<1xi32>) {causal, scale = 0.25 : f64}
        : (tensor<1x1x4x16xf32>, tensor<1x4096x2x16xf32>, tensor<1x4096x2x16xf32>) -> tensor<1x1x4x16xf32>
      return %0 : tensor<1x1x4x16xf32>
    }
    ```

    After: two bodies in its place, of these types, one called behind the other wherever it was called. (The first is an
    `hf.attention_with_statistics` over 64 times as many sequences of 64 keys.)

    ```mlir
    func.func private @attention_parts_0(tensor<1x1x4x16xf32>, tensor<1x4096x2x16xf32>, tensor<1x4096x2x16xf32>,
                                         tensor<1xi32>, tensor<1xi32>) -> (tensor<1x64x4x16xf32>, tensor<1x64x4xf32>)
    func.func private @attention_join_0(tensor<1x64x4x16xf32>, tensor<1x64x4xf32>) -> tensor<1x1x4x16xf32>
    ```
  }];
  let options = [
    Option<"minKeys", "min-keys", "int64_t", "256", "capacity from which on attention is split">,
    Option<"blocks", "blocks", "int64_t", "1056", "blocks that a device should have: as many as run at once">];
  let statistics = [Statistic<"numSplit", "num-split", "calls of attention that were split">];
  let dependentDialects = ["::hfc::hf::HfDialect", "::mlir::func::FuncDialect"];
}

def FuseColumnSums : Pass<"hfc-fuse-column-sums", "::mlir::ModuleOp"> {
  let summary = "sums columns in the kernel that is at their rows anyway";
  let description = [{
    The gradient of a norm's weight is a sum over all rows of what the kernel of the norm's gradient reads, row by row.
    Where a body of kind `column` sums parts of the rows, and one of kind `row` reads all that is as large, it gives the
    sums, too, and memory is read once. A block then has `rows` rows (or fewer, so that there are `blocks` blocks), and
    a part is a block's rows: the body that adds up the parts gets more of them. Parts are fixed, and rows are added in
    order, so that sums are the same in every run.

    Needs: entries as `hfc-fuse` leaves them. Guarantees: nothing else changes; in a body of kind `row` an `hf.reduce` of
    parts x rows x columns to parts x columns may be a result. For GPUs.

    Before:

    ```mlir
    func.func private @norm_0(%x: tensor<64x32xf32>, %dy: tensor<64x32xf32>) -> tensor<64x32xf32>
        attributes {kernel.kind = "row"} {
      %0 = hf.mul %x, %dy : tensor<64x32xf32>
      %1 = hf.reduce sum, %0 dims [1] : tensor<64x32xf32> -> tensor<64xf32>
      %2 = hf.broadcast %1 dims [0] : tensor<64xf32> -> tensor<64x32xf32>
      return %2 : tensor<64x32xf32>
    }
    func.func private @mul_reduce_1(%x: tensor<64x32xf32>, %dy: tensor<64x32xf32>) -> tensor<2x32xf32>
        attributes {kernel.kind = "column"} {
      %0 = hf.mul %x, %dy : tensor<64x32xf32>
      %1 = hf.reshape %0 : tensor<64x32xf32> -> tensor<2x32x32xf32>
      %2 = hf.reduce sum, %1 dims [1] : tensor<2x32x32xf32> -> tensor<2x32xf32>
      return %2 : tensor<2x32xf32>
    }
    ```

    After (`rows=16 blocks=4`), called in place of both:

    ```mlir
    func.func private @norm_0(%x: tensor<64x32xf32>, %dy: tensor<64x32xf32>) -> (tensor<64x32xf32>, tensor<4x32xf32>)
        attributes {kernel.kind = "row"} {
      %0 = hf.mul %x, %dy : tensor<64x32xf32>
      %1 = hf.reduce sum, %0 dims [1] : tensor<64x32xf32> -> tensor<64xf32>
      %2 = hf.broadcast %1 dims [0] : tensor<64xf32> -> tensor<64x32xf32>
      %3 = hf.mul %x, %dy : tensor<64x32xf32>
      %4 = hf.reshape %3 : tensor<64x32xf32> -> tensor<4x16x32xf32>
      %5 = hf.reduce sum, %4 dims [1] : tensor<4x16x32xf32> -> tensor<4x32xf32>
      return %2, %5 : tensor<64x32xf32>, tensor<4x32xf32>
    }
    ```
  }];
  let options = [
    Option<"rowsOfBlock", "rows", "int64_t", "16", "rows that a block sums up, at most">,
    Option<"blocks", "blocks", "int64_t", "512", "blocks that there must be at least">];
  let statistics = [Statistic<"numFused", "num-fused", "sums that other kernels give">];
  let dependentDialects = ["::hfc::hf::HfDialect", "::mlir::func::FuncDialect"];
}

#endif // HFC_TRANSFORMS_FUSION_PASSES
