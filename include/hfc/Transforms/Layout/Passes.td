//===- Passes.td - passes over the order of dimensions
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TRANSFORMS_LAYOUT_PASSES
#define HFC_TRANSFORMS_LAYOUT_PASSES

include "mlir/Pass/PassBase.td"

def CanonicalizeLayout : Pass<"hfc-canonicalize-layout", "::mlir::ModuleOp"> {
  let summary = "removes transpositions by letting ops run in the order their operands stand in";
  let description = [{
    Walks each function once, in order, and remembers for every value which permutation of which stored value it is,
    instead of permuting it. An op that works in any order of those dimensions takes the stored values and hands the
    permutation on: elementwise ops, linear maps, norms and softmax as long as the last dimension stays last,
    slices, concatenations, reductions, and reshapes that neither split nor merge what the permutation takes apart.
    `hf.attention` and `hf.rotary` take it up in their `layout` attribute. Permutations that compose to the identity
    vanish. Where an op needs the dimensions in their order (a product, the function's results), one
    `hf.transpose` is made in front of it. Of operands in different orders those that cost least are permuted;
    splats, broadcasts and iotas cost nothing.

    A function that returns `[sequence, batch, …]` by a transposition has its integer inputs transposed in front of the
    embeddings instead, so that everything runs sequence-first.

    Needs: hf ops. Guarantees: every function computes the same (a sum over several dimensions may add up in another
    order); transpositions are left only where an op needs its operand's dimensions in order, and none twice.
    Leaves alone functions of more than one block, and kernel bodies.

    Before:

    ```mlir
    func.func @f(%q: tensor<2x24x4x16xf32>, %c: tensor<2x24x16xf32>) -> tensor<2x24x4x16xf32> {
      %0 = hf.transpose %q perm [0, 2, 1, 3] : tensor<2x24x4x16xf32> -> tensor<2x4x24x16xf32>
      %1 = hf.rotary %0, %c, %c {layout = #hf<head_layout bhsd>} : (tensor<2x4x24x16xf32>, tensor<2x24x16xf32>) -> tensor<2x4x24x16xf32>
      %2 = hf.transpose %1 perm [0, 2, 1, 3] : tensor<2x4x24x16xf32> -> tensor<2x24x4x16xf32>
      return %2 : tensor<2x24x4x16xf32>
    }
    ```

    After:

    ```mlir
    func.func @f(%q: tensor<2x24x4x16xf32>, %c: tensor<2x24x16xf32>) -> tensor<2x24x4x16xf32> {
      %0 = hf.rotary %q, %c, %c {layout = #hf<head_layout bshd>} : (tensor<2x24x4x16xf32>, tensor<2x24x16xf32>) -> tensor<2x24x4x16xf32>
      return %0 : tensor<2x24x4x16xf32>
    }
    ```
  }];
  let statistics = [
    Statistic<"numRemoved", "num-removed", "transpositions removed">,
    Statistic<"numMade", "num-made", "transpositions made where a dimension's order matters">,
    Statistic<"numMoved", "num-moved", "ops that run in another order of dimensions">];
  let dependentDialects = ["::hfc::hf::HfDialect"];
}

#endif // HFC_TRANSFORMS_LAYOUT_PASSES
