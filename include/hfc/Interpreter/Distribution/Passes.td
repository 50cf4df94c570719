//===- Passes.td - checks of sharding rules by execution ----*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_INTERPRETER_DISTRIBUTION_PASSES
#define HFC_INTERPRETER_DISTRIBUTION_PASSES

include "mlir/Pass/PassBase.td"

def CheckShardingRules : Pass<"hfc-check-sharding-rules", "::mlir::ModuleOp"> {
  let summary = "runs each op on pieces of made-up data, and compares with the whole";
  let description = [{
    For every op with a sharding rule, and each factor that the rule allows to cut: cuts the operands in two along it, runs the op's
    local form on both pieces in float64, and puts the results together as the rule says: side by side where a result has the factor,
    by sum, maximum or minimum where it lacks it. For each group of operands in which the rule calls the op linear: runs it on two
    addends of these operands and compares the sum of the results. A factor of odd size is cut into pieces of which the last has
    padding. Fails at the first op whose rule is wrong. Changes nothing.

    Needs: hf ops on global tensors, small ones: an element costs nanoseconds. Integers made up for an argument of a function lie within
    its `hf.min` and `hf.max` (0 and 1 if absent).

    Example, with the remark `4 cuts and 2 sums agree` for the module:

    ```mlir
    func.func @f(%x: tensor<2x6x4xf32>, %w: tensor<8x4xf32>) -> tensor<2x6x8xf32> {
      %0 = hf.linear %x, %w : (tensor<2x6x4xf32>, tensor<8x4xf32>) -> tensor<2x6x8xf32>
      return %0 : tensor<2x6x8xf32>
    }
    ```
  }];
  let statistics = [Statistic<"numCuts", "num-cuts", "factors cut">, Statistic<"numSums", "num-sums", "linear groups tried">];
  let dependentDialects = ["::hfc::dist::DistDialect", "::hfc::hf::HfDialect", "::mlir::func::FuncDialect"];
}

#endif // HFC_INTERPRETER_DISTRIBUTION_PASSES
