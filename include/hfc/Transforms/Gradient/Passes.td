//===- Passes.td - passes that make training entries
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TRANSFORMS_GRADIENT_PASSES
#define HFC_TRANSFORMS_GRADIENT_PASSES

include "mlir/Pass/PassBase.td"

def Differentiate : Pass<"hfc-differentiate", "::mlir::ModuleOp"> {
  let summary = "adds the backward pass to the entry that has an objective";
  let description = [{
    Reverse mode, op by op, over the one function with `hf.objective` (`docs/distribution.md`). For every parameter that is not `hf.frozen` it
    declares a state `@grad.NAME` (of `grad_dtype` in `hf.program`, default float32; `hf.of`, `hf.role = "gradient"`, the parameter's
    `dist.sharding`), which

    - `begin_step` returns as zeros;
    - the function takes, and returns with the gradient added: the last op is an `hf.add`, or an `hf.scatter_add` into the state.

    An input with `hf.differentiate` gets an output `grad.NAME`. With `micro_batches` above 1 the function stays, and a copy of it is
    `last_NAME`; otherwise it is renamed to that. Ops that it makes have `hf.phase = "backward"`, and location and `hf.block` of the op that they
    belong to; the op that ends the sum of a value's cotangent has the value's `dist.shardings`. Frozen parameters cost nothing, but gradients
    flow through what they take part in.

    With `task = "module"` in `hf.program` the function is `forward` and there is no objective: the cotangents of its float outputs are the
    inputs `grad.OUTPUT` of the new entry `backward`, whose outputs are `grad.NAME` for each parameter and marked input. What it needs of the
    forward pass are states `@residual.N` that `forward` returns; constants and the like are made again.

    `recompute` in `hf.program` says what is kept for the backward pass:

    | | kept | computed again |
    |---|---|---|
    | `"none"` | what derivatives ask for | attention's scores, insides of composites, activations that only gate |
    | `"selective"` | the same but for | norms, activations and products of two values that are needed anyway, and views of those |
    | `"full"` | what flows between layers (`hf.block`) | every layer, as a whole, from its inputs |

    What is computed again stands in front of its layer's backward pass, behind an `hf.barrier` that takes the layer's cotangents along.

    Needs: hf ops, one block a function. Guarantees: the forward part is as it was; linear in the program. Refuses: several objectives, an
    objective without `begin_step`, ops that have no derivative where one is wanted. Leaves alone programs without an objective.

    Before:

    ```mlir
    module attributes {hf.program = {task = "train"}} {
      hf.parameter @w : tensor<4xf32> from [#hf.piece<"w">]
      hf.state @loss : tensor<f32>
      func.func @begin_step() -> (tensor<f32> {hf.state = @loss}) {
        %0 = hf.constant dense<0.0> : tensor<f32>
        return %0 : tensor<f32>
      }
      func.func @micro_step(%w: tensor<4xf32> {hf.parameter = @w}, %x: tensor<4xf32> {hf.input = "x"}, %loss: tensor<f32> {hf.state = @loss})
          -> (tensor<f32> {hf.state = @loss}) attributes {hf.objective = 0 : i64} {
        %0 = hf.mul %w, %x : tensor<4xf32>
        %1 = hf.reduce sum, %0 dims [0] : tensor<4xf32> -> tensor<f32>
        %2 = hf.add %loss, %1 : tensor<f32>
        return %2 : tensor<f32>
      }
    }
    ```

    After:

    ```mlir
    module attributes {hf.program = {task = "train"}} {
      hf.parameter @w : tensor<4xf32> from [#hf.piece<"w">]
      hf.state @loss : tensor<f32>
      hf.state @grad.w : tensor<4xf32> {hf.of = @w, hf.role = "gradient"}
      func.func @begin_step() -> (tensor<f32> {hf.state = @loss}, tensor<4xf32> {hf.state = @grad.w}) {
        %0 = hf.constant dense<0.0> : tensor<f32>
        %1 = hf.constant dense<0.0> : tensor<4xf32>
        return %0, %1 : tensor<f32>, tensor<4xf32>
      }
      func.func @last_micro_step(%w: tensor<4xf32> {hf.parameter = @w}, %x: tensor<4xf32> {hf.input = "x"},
                                 %loss: tensor<f32> {hf.state = @loss}, %grad: tensor<4xf32> {hf.state = @grad.w})
          -> (tensor<f32> {hf.state = @loss}, tensor<4xf32> {hf.state = @grad.w}) {
        %0 = hf.mul %w, %x : tensor<4xf32>
        %1 = hf.reduce sum, %0 dims [0] : tensor<4xf32> -> tensor<f32>
        %2 = hf.add %loss, %1 : tensor<f32>
        %one = hf.constant dense<1.0> : tensor<f32>
        %3 = hf.broadcast %one dims [] {hf.phase = "backward"} : tensor<f32> -> tensor<4xf32>
        %4 = hf.mul %3, %x {hf.phase = "backward"} : tensor<4xf32>
        %5 = hf.add %grad, %4 {hf.phase = "backward"} : tensor<4xf32>
        return %2, %5 : tensor<f32>, tensor<4xf32>
      }
    }
    ```
  }];
  let options = [Option<"task", "task", "std::string", "\"\"", "\"train\" or \"module\"; default: what hf.program says">,
                 Option<"recompute", "recompute", "std::string", "\"\"",
                        "\"none\", \"selective\" or \"full\"; default: what hf.program says">];
  let dependentDialects = ["::hfc::hf::HfDialect"];
}

def AddOptimizer : Pass<"hfc-add-optimizer", "::mlir::ModuleOp"> {
  let summary = "adds the entry that takes AdamW's step";
  let description = [{
    For every state with `hf.role = "gradient"` it declares `@moment1.NAME` and `@moment2.NAME` (`moments_dtype` in `hf.program`), and
    `@master.NAME` where `master_dtype` is not the parameter's own type (`hf.initial`: it starts as the parameter), with `hf.of`, `hf.role` and the
    parameter's `dist.sharding`; and `@step : tensor<i32>`, if dropout has not declared it.

    The entry `optimizer_step` takes these, the gradients, the parameters without a master, and the inputs `lr`, `beta1`, `beta2`, `eps`,
    `weight_decay` and `clip` (`tensor<f32>`). Gradients are scaled by `min(1, clip / (norm + 1e-6))`, torch's `clip_grad_norm_`, where the norm is over
    all gradients, each once, added as a balanced tree; then `hf.adamw` is applied. Parameters of rank 0 and 1 do not decay. It returns
    the parameters as `{hf.parameter = @NAME}`, the states, and the norm before clipping as the output `grad_norm`.

    Needs: the entries that `--hfc-differentiate` leaves, gradients complete when a step is taken. Guarantees: ops have `hf.phase = "update"` and their
    parameter's location; linear in the number of parameters. Refuses gradients of no parameter. Leaves alone programs
    that do not train, have no `last_micro_step`, or have `optimizer_step` already.

    Before:

    ```mlir
    module attributes {hf.program = {task = "train"}} {
      hf.parameter @w : tensor<4xf32> from [#hf.piece<"w">]
      hf.state @grad.w : tensor<4xf32> {hf.of = @w, hf.role = "gradient"}
      func.func @last_micro_step(%w: tensor<4xf32> {hf.parameter = @w}, %grad: tensor<4xf32> {hf.state = @grad.w})
          -> (tensor<4xf32> {hf.state = @grad.w}) {
        %0 = hf.add %grad, %w : tensor<4xf32>
        return %0 : tensor<4xf32>
      }
    }
    ```

    After:

    ```mlir
    module attributes {hf.program = {task = "train"}} {
      hf.parameter @w : tensor<4xf32> from [#hf.piece<"w">]
      hf.state @grad.w : tensor<4xf32> {hf.of = @w, hf.role = "gradient"}
      hf.state @moment1.w : tensor<4xf32> {hf.of = @w, hf.role = "moment1"}
      hf.state @moment2.w : tensor<4xf32> {hf.of = @w, hf.role = "moment2"}
      hf.state @step : tensor<i32>
      func.func @last_micro_step(%w: tensor<4xf32> {hf.parameter = @w}, %grad: tensor<4xf32> {hf.state = @grad.w})
          -> (tensor<4xf32> {hf.state = @grad.w}) {
        %0 = hf.add %grad, %w : tensor<4xf32>
        return %0 : tensor<4xf32>
      }
      func.func @optimizer_step(%lr: tensor<f32> {hf.input = "lr"}, %beta1: tensor<f32> {hf.input = "beta1"},
                                %beta2: tensor<f32> {hf.input = "beta2"}, %eps: tensor<f32> {hf.input = "eps"},
                                %decay: tensor<f32> {hf.input = "weight_decay"}, %clip: tensor<f32> {hf.input = "clip"},
                                %step: tensor<i32> {hf.state = @step}, %g: tensor<4xf32> {hf.state = @grad.w},
                                %w: tensor<4xf32> {hf.parameter = @w}, %m: tensor<4xf32> {hf.state = @moment1.w},
                                %v: tensor<4xf32> {hf.state = @moment2.w})
          -> (tensor<4xf32> {hf.parameter = @w}, tensor<4xf32> {hf.state = @moment1.w}, tensor<4xf32> {hf.state = @moment2.w},
              tensor<i32> {hf.state = @step}, tensor<f32> {hf.output = "grad_norm"}) {
        %one = hf.constant dense<1> : tensor<i32>
        %next = hf.add %step, %one {hf.phase = "update"} : tensor<i32>
        %square = hf.mul %g, %g {hf.phase = "update"} : tensor<4xf32>
        %sum = hf.reduce sum, %square dims [0] {hf.phase = "update"} : tensor<4xf32> -> tensor<f32>
        %norm = hf.sqrt %sum {hf.phase = "update"} : tensor<f32>
        %tiny = hf.constant dense<1.0e-06> : tensor<f32>
        %0 = hf.add %norm, %tiny {hf.phase = "update"} : tensor<f32>
        %1 = hf.div %clip, %0 {hf.phase = "update"} : tensor<f32>
        %most = hf.constant dense<1.0> : tensor<f32>
        %scale = hf.min %1, %most {hf.phase = "update"} : tensor<f32>
        %none = hf.constant dense<0.0> : tensor<f32>
        %w1, %m1, %v1 = hf.adamw %w, %g, %m, %v step %next, %lr, %beta1, %beta2, %eps, %none, %scale {hf.phase = "update"}
          : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
        return %w1, %m1, %v1, %next, %norm : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<i32>, tensor<f32>
      }
    }
    ```
  }];
  let dependentDialects = ["::hfc::hf::HfDialect"];
}

def StartGradients : Pass<"hfc-start-gradients", "::mlir::ModuleOp"> {
  let summary = "writes the gradients of a single micro-batch instead of adding them to zeros";
  let description = [{
    Where `last_micro_step` is the only micro-step, a gradient that `begin_step` zeroes and to which it adds once, is what is added: the
    product or the sum over rows writes it where it belongs, and nothing clears or reads it before. What is scattered or only moved into place is
    still added to zeros.

    Needs: the entries that `--hfc-differentiate` leaves, at any later stage up to fusion; a step runs `begin_step` first. Guarantees: a step's
    gradients are the same; linear in the program. Refuses entries of several blocks. Leaves alone programs with
    several micro-batches.

    Before:

    ```mlir
    module {
      hf.parameter @w : tensor<8x4xf32> from [#hf.piece<"w">]
      hf.state @grad.w : tensor<8x4xf32> {hf.of = @w, hf.role = "gradient"}
      func.func @begin_step() -> (tensor<8x4xf32> {hf.state = @grad.w}) {
        %0 = hf.constant dense<0.0> : tensor<8x4xf32>
        return %0 : tensor<8x4xf32>
      }
      func.func @last_micro_step(%x: tensor<3x4xf32> {hf.input = "x"}, %dy: tensor<3x8xf32> {hf.input = "dy"},
                                 %grad: tensor<8x4xf32> {hf.state = @grad.w}) -> (tensor<8x4xf32> {hf.state = @grad.w}) {
        %0 = hf.linear_wgrad %dy, %x : (tensor<3x8xf32>, tensor<3x4xf32>) -> tensor<8x4xf32>
        %1 = hf.add %grad, %0 : tensor<8x4xf32>
        return %1 : tensor<8x4xf32>
      }
    }
    ```

    After:

    ```mlir
    module {
      hf.parameter @w : tensor<8x4xf32> from [#hf.piece<"w">]
      hf.state @grad.w : tensor<8x4xf32> {hf.of = @w, hf.role = "gradient"}
      func.func @begin_step() {
        %0 = hf.constant dense<0.0> : tensor<8x4xf32>
        return
      }
      func.func @last_micro_step(%x: tensor<3x4xf32> {hf.input = "x"}, %dy: tensor<3x8xf32> {hf.input = "dy"})
          -> (tensor<8x4xf32> {hf.state = @grad.w}) {
        %0 = hf.linear_wgrad %dy, %x : (tensor<3x8xf32>, tensor<3x4xf32>) -> tensor<8x4xf32>
        return %0 : tensor<8x4xf32>
      }
    }
    ```
  }];
  let statistics = [Statistic<"numStarted", "num-started", "gradients that are written">];
  let dependentDialects = ["::hfc::hf::HfDialect"];
}

#endif // HFC_TRANSFORMS_GRADIENT_PASSES
