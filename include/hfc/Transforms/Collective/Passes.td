//===- Passes.td - collectives of a local program ----------*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TRANSFORMS_COLLECTIVE_PASSES
#define HFC_TRANSFORMS_COLLECTIVE_PASSES

include "mlir/Pass/PassBase.td"

def InsertGradientAllReduce : Pass<"hfc-insert-gradient-all-reduce", "::mlir::ModuleOp"> {
  let summary = "completes gradients, and whatever else an entry returns partial";
  let description = [{
    Every result of an entry that is partial is completed by one `dist.all_reduce` over the union of its axes, over dp because the batch is cut,
    over tp under sequence parallelism or where heads share a weight. The entry `micro_step` is left alone: what it
    accumulates stays partial until `last_micro_step`, so nothing crosses the mesh before the last micro-batch. A gradient whose parameter
    has `dist.agree` is then made equal over these axes by `dist.agree`, but for those over which it has just been reduced.

    Needs: a materialized program. Guarantees: no entry but `micro_step` returns anything partial. Leaves alone programs for one rank, and what
    is complete. Refuses a gradient that no sum completes: cut otherwise than its parameter, or combined otherwise than by sums; an
    argument that is partial though the entry does not add to it, such as an unreduced gradient of `optimizer_step`; replicas that
    are to agree over axes that cut them.

    Before:

    ```mlir
    module attributes {dist.mesh = #dist.mesh<"dp" = 2>, dist.materialized} {
      hf.parameter @w : tensor<64xf32> from [#hf.piece<"w">]
      hf.state @grad.w : tensor<64xf32> {hf.of = @w, hf.role = "gradient"}
      func.func @last_micro_step(
          %g: tensor<64xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{} ], partial sum {"dp"}, global [64]>})
          -> (tensor<64xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{} ], partial sum {"dp"}, global [64]>}) {
        return %g : tensor<64xf32>
      }
    }
    ```

    After, in the entry:

    ```mlir
    func.func @last_micro_step(%g: tensor<64xf32>) -> tensor<64xf32> {
      %0 = dist.all_reduce sum %g over {"dp"} {cause = "gradient"} : tensor<64xf32>
      return %0 : tensor<64xf32>
    }
    ```
  }];
  let statistics = [
    Statistic<"numReductions", "num-reductions", "all-reduces inserted">,
    Statistic<"numAgreements", "num-agreements", "agreements inserted">];
  let dependentDialects = ["::hfc::dist::DistDialect"];
}

def BucketCollectives : Pass<"hfc-bucket-collectives", "::mlir::ModuleOp"> {
  let summary = "joins the reductions of gradients into few large ones, in place";
  let description = [{
    Reductions of gradients with the same axes and element type become variadic ones of at most `bucket-bytes` (one tensor may be more), in the
    order in which the gradients become ready. A bucket's parameters all decay or do not, and are cut by the same axes, so that they can be
    updated as one. Its states get places in one buffer, `hf.bucket`, one behind the other in the parameters' order, so that the collective
    works where they are.

    With `zero=1` (ZeRO-1) the optimizer's work is divided: `last_micro_step` ends with `dist.reduce_scatter_bucket`, whose piece is a state of
    role `"gradient"` (the gradients' own states, of role `"accumulator"`, keep what this rank has added); master weights and moments are
    states of the flat piece, with `hf.of_bucket`; `optimizer_step` updates that piece and gathers the parameters, which lie in a bucket too.
    Such a bucket says its group by `hf.group`. As all of it is cut by the same axes, the norm counts each element once.

    Needs: `hfc-insert-gradient-all-reduce` ran. Guarantees: the program computes the same; the order of collectives is the same on every rank.
    Leaves alone gradients that are in a bucket, and those that need no reduction. Refuses a bucket size that is not positive; with
    `zero=1`, an `optimizer_step` that is not as `hfc-add-optimizer` leaves it.

    Before:

    ```mlir
    func.func @last_micro_step(%a: tensor<64xf32>, %b: tensor<4x8xf32>) -> (tensor<64xf32>, tensor<4x8xf32>) {
      %0 = dist.all_reduce sum %a over {"dp"} {cause = "gradient"} : tensor<64xf32>
      %1 = dist.all_reduce sum %b over {"dp"} {cause = "gradient"} : tensor<4x8xf32>
      return %0, %1 : tensor<64xf32>, tensor<4x8xf32>
    }
    ```

    After, where the results are the states of gradients:

    ```mlir
    hf.bucket @grads.0 : tensor<96xf32>
    func.func @last_micro_step(%a: tensor<64xf32>, %b: tensor<4x8xf32>) -> (tensor<64xf32>, tensor<4x8xf32>) {
      %0:2 = dist.all_reduce sum %a, %b over {"dp"} {cause = "gradients"} : tensor<64xf32>, tensor<4x8xf32>
      return %0#0, %0#1 : tensor<64xf32>, tensor<4x8xf32>
    }
    ```
  }];
  let options = [
    Option<"bucketBytes", "bucket-bytes", "int64_t", /*default=*/"160000000",
           "most bytes of a bucket; the default is Megatron's 40 million elements of float32">,
    Option<"zero", "zero", "int64_t", /*default=*/"-1", "1 divides the optimizer over ranks; -1: as hf.program says">];
  let statistics = [Statistic<"numBuckets", "num-buckets", "buckets made">];
  let dependentDialects = ["::hfc::dist::DistDialect", "::hfc::hf::HfDialect"];
}

def FlattenOptimizer : Pass<"hfc-flatten-optimizer", "::mlir::ModuleOp"> {
  let summary = "runs the optimizer on whole buckets of parameters";
  let description = [{
    Updates as many parameters as possible at once, as one tensor: a few launches in place of some for each parameter.

    Gives gradients, and the parameters that they belong to, places in buckets: what has one element type, decays or does not, and is
    cut by the same axes, one behind the other in the parameters' order; what is in a bucket already, for a collective, stays together,
    and so do weights that multiply the same values, which `hfc-merge-products` wants side by side.
    `optimizer_step` then takes a bucket of gradients as one tensor, and gives one of parameters: states with `hf.of_bucket` and
    an `hf.bucket` that is all of a bucket hold no values of their own, but are what lies there. Moments, and masters where
    parameters are of another type, are states of the flat tensor. The norm is the sum of the tensors' squares.

    Needs: local shapes; gradients are complete (`hfc-insert-gradient-all-reduce`), collectives are in buckets. Guarantees: each
    parameter's update is as before; the norm's terms are added in another order. Leaves alone an `optimizer_step` that is not as
    `hfc-add-optimizer` leaves it, gradients that are alone, those that ZeRO divides, and those of weights that multiply the same values
    where these are not all alike (keys that more ranks have than queries; frozen ones): one product in every micro-step is worth more
    than one update a step. Refuses a size that is not positive, and arguments of `optimizer_step` that serve for more than their update.

    Before:

    ```mlir
    hf.parameter @a : tensor<64xf32> from [#hf.piece<"a">]
    hf.parameter @b : tensor<32xf32> from [#hf.piece<"b">]
    hf.state @grad.a : tensor<64xf32> {hf.of = @a, hf.role = "gradient"}
    hf.state @grad.b : tensor<32xf32> {hf.of = @b, hf.role = "gradient"}
    ```

    After, where `optimizer_step` takes and gives the states that are new:

    ```mlir
    hf.parameter @a : tensor<64xf32> from [#hf.piece<"a">] {hf.bucket = #hf.place<@parameters.0, 0>}
    hf.parameter @b : tensor<32xf32> from [#hf.piece<"b">] {hf.bucket = #hf.place<@parameters.0, 64>}
    hf.bucket @grads.0 : tensor<96xf32>
    hf.bucket @parameters.0 : tensor<96xf32>
    hf.state @gradient.parameters.0 : tensor<96xf32> {hf.bucket = #hf.place<@grads.0, 0>, hf.of_bucket = @parameters.0, hf.role = "gradient"}
    hf.state @moment1.parameters.0 : tensor<96xf32> {hf.of_bucket = @parameters.0, hf.role = "moment1"}
    hf.state @moment2.parameters.0 : tensor<96xf32> {hf.of_bucket = @parameters.0, hf.role = "moment2"}
    hf.state @master.parameters.0 : tensor<96xf32> {hf.bucket = #hf.place<@parameters.0, 0>, hf.of_bucket = @parameters.0, hf.role = "master"}
    hf.state @grad.a : tensor<64xf32> {hf.bucket = #hf.place<@grads.0, 0>, hf.of = @a, hf.role = "gradient"}
    hf.state @grad.b : tensor<32xf32> {hf.bucket = #hf.place<@grads.0, 64>, hf.of = @b, hf.role = "gradient"}
    ```
  }];
  let options = [
    Option<"flatBytes", "flat-bytes", "int64_t", /*default=*/"4294967296",
           "most bytes of a bucket of gradients, unless one tensor, or those of one collective, are more">];
  let statistics = [Statistic<"numFlat", "num-flat", "buckets that are updated as one">];
  let dependentDialects = ["::hfc::dist::DistDialect", "::hfc::hf::HfDialect"];
}

def ScheduleCollectives : Pass<"hfc-schedule-collectives", "::mlir::ModuleOp"> {
  let summary = "numbers collectives, and begins each as early as its data and memory allow";
  let description = [{
    Moves every collective behind the last op that it needs, but what makes more bytes than it takes not ahead of its own phase (what is gathered again
    for the backward pass is not kept from the forward pass on), and not further ahead than the work of one layer before its own. Where other work
    stands between it and the first use of its results, and in the backward pass, where `--hfc-schedule` may move such work there, splits it: it gets `start`, and a `dist.done` stands before that first use.
    All get an `id`, counted over the program's entries in order. Since ranks execute one program, collectives are begun in one order on all of them.

    Needs: entries of one block. Guarantees: the program computes the same; collectives are numbered in the order in which they are begun.
    Leaves alone what has been begun already. Refuses a `dist.reshard`, which is no collective yet.

    Before:

    ```mlir
    func.func @backward(%dy: tensor<48x64xf32>, %x: tensor<48x64xf32>, %w: tensor<64x64xf32>) -> (tensor<48x64xf32>, tensor<64x64xf32>) {
      %0 = hf.matmul %dy, %w : (tensor<48x64xf32>, tensor<64x64xf32>) -> tensor<48x64xf32>
      %1 = hf.matmul %dy, %x {transpose_lhs} : (tensor<48x64xf32>, tensor<48x64xf32>) -> tensor<64x64xf32>
      %2 = dist.all_reduce sum %0 over {"tp"} : tensor<48x64xf32>
      return %2, %1 : tensor<48x64xf32>, tensor<64x64xf32>
    }
    ```

    After:

    ```mlir
    func.func @backward(%dy: tensor<48x64xf32>, %x: tensor<48x64xf32>, %w: tensor<64x64xf32>) -> (tensor<48x64xf32>, tensor<64x64xf32>) {
      %0 = hf.matmul %dy, %w : (tensor<48x64xf32>, tensor<64x64xf32>) -> tensor<48x64xf32>
      %1 = dist.all_reduce sum %0 over {"tp"} {id = 0 : i64, start} : tensor<48x64xf32>
      %2 = hf.matmul %dy, %x {transpose_lhs} : (tensor<48x64xf32>, tensor<48x64xf32>) -> tensor<64x64xf32>
      %3 = dist.done %1 : tensor<48x64xf32>
      return %3, %2 : tensor<48x64xf32>, tensor<64x64xf32>
    }
    ```
  }];
  let statistics = [
    Statistic<"numCollectives", "num-collectives", "collectives numbered">,
    Statistic<"numStarted", "num-started", "collectives that run beside other work">];
  let dependentDialects = ["::hfc::dist::DistDialect"];
}

#endif // HFC_TRANSFORMS_COLLECTIVE_PASSES
