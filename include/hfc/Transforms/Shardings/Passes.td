//===- Passes.td - reading and checking of shardings --------*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TRANSFORMS_SHARDINGS_PASSES
#define HFC_TRANSFORMS_SHARDINGS_PASSES

include "mlir/Pass/PassBase.td"

def PrintShardingRules : Pass<"hfc-print-sharding-rules", "::mlir::ModuleOp"> {
  let summary = "says each op's sharding rule, as a remark or as an attribute";
  let description = [{
    One remark an op: its rule, whether by the attribute `dist.rule`, its own or derived from its decomposition. With `attributes` the rule is
    written as `dist.rule` instead, from where it can be edited.

    Needs: nothing. Guarantees: the program computes the same; without `attributes` it does not change. Refuses an op whose own rule does
    not fit its types, which is an error of that op. Ops without a rule, and local programs, get no remark.

    Before:

    ```mlir
    func.func @f(%x: tensor<4x8xf32>) -> tensor<4xf32> {
      %0 = hf.reduce max, %x dims [1] : tensor<4x8xf32> -> tensor<4xf32>
      return %0 : tensor<4xf32>
    }
    ```

    After, with `attributes`:

    ```mlir
    func.func @f(%x: tensor<4x8xf32>) -> tensor<4xf32> {
      %0 = hf.reduce max, %x dims [1] {dist.rule = #dist.rule<([i, j]) -> ([i]), factors {i = 4, j = 8}, reduce max {j}>}
        : tensor<4x8xf32> -> tensor<4xf32>
      return %0 : tensor<4xf32>
    }
    ```
  }];
  let options = [Option<"attributes", "attributes", "bool", "false", "write dist.rule instead of remarks">];
  let dependentDialects = ["::hfc::dist::DistDialect"];
}

def VerifyDistribution : Pass<"hfc-verify-distribution", "::mlir::ModuleOp"> {
  let summary = "checks that a local program says of every value where it lives, and that its entries agree";
  let description = [{
    The verifier checks what a local program says; this pass also checks that it says everything, and what no op sees alone:

    - every argument and result of an entry has a sharding, and every value, but for a rank's own numbers: constants, and what is
      computed from `dist.axis_index`;
    - an argument lives where its `hf.parameter` or `hf.state` is declared to live;
    - what an entry leaves in a state, the entries that may follow take as just that: the same cut, and if it is a sum over ranks, the same
      sum. Zeros that are left complete may be taken as any sum. In training `begin_step` and `micro_step` are followed by micro-steps,
      `last_micro_step` by `optimizer_step`; entries of other tasks by all;
    - no output is partial, and after `last_micro_step` no state but ZeRO's accumulators (role `"accumulator"`): a reduce-scatter has taken
      their sums, and the next step begins with zeros.

    Needs: a materialized module whose gradients are reduced (phase `reduce`); with `before-reduction` one where they may still be sums, and
    only what each entry says by itself is checked. Changes nothing. Leaves alone a module without `dist.mesh`, and
    refuses one whose types are not local yet. Where entries call kernel bodies already, values are believed and boundaries checked. Every
    compilation for several ranks runs it after `hfc-schedule-collectives`, unless `hfc-compile` is given `--verify-partition=off`.

    Example:

    ```mlir
    module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
      hf.parameter @w : tensor<8x4xf32> from [#hf.piece<"w">] {dist.sharding = #dist.sharding<[{"tp"}, {} ], global [16, 4]>}
      func.func @forward(%w: tensor<8x4xf32> {hf.parameter = @w, dist.sharding = #dist.sharding<[{"tp"}, {} ], global [16, 4]>})
          -> (tensor<8x4xf32> {hf.output = "y", dist.sharding = #dist.sharding<[{"tp"}, {} ], global [16, 4]>}) {
        %0 = hf.exp %w {dist.shardings = [#dist.sharding<[{"tp"}, {} ], global [16, 4]>]} : tensor<8x4xf32>
        return %0 : tensor<8x4xf32>
      }
    }
    ```
  }];
  let options = [Option<"beforeReduction", "before-reduction", "bool", "false", "gradients may still be sums; nothing is handed over">];
  let dependentDialects = ["::hfc::dist::DistDialect"];
}

#endif // HFC_TRANSFORMS_SHARDINGS_PASSES
