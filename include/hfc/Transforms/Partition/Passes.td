//===- Passes.td - passes from a global program to a local one
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TRANSFORMS_PARTITION_PASSES
#define HFC_TRANSFORMS_PARTITION_PASSES

include "mlir/Pass/PassBase.td"

def Annotate : Pass<"hfc-annotate", "::mlir::ModuleOp"> {
  let summary = "lets a partition strategy say where parameters, inputs, states and some activations live";
  let description = [{
    Finds the roles of parameters and products by data flow (`lib/Partition/Roles.cpp`; no name of a parameter matters), and hands them to
    the strategy, which writes `dist.sharding`, `dist.shardings` and `dist.agree` and nothing else: a hash over everything else is compared before
    and after, and the pass fails if it differs.

    Needs: hf ops in the `layout` phase; a mesh, by option or as the module's `dist.mesh` (without one there is one rank).
    Guarantees: the program is unchanged but for annotations.
    Refuses: an unknown strategy or option of one; a model whose batch or heads do not fit the mesh, naming sizes and axis.
    Leaves alone a module that is annotated already (some `hf.parameter` has `dist.sharding`), and one whose mesh has one rank.

    Before:

    ```mlir
    module attributes {dist.mesh = #dist.mesh<"dp" = 1, "tp" = 2>} {
      hf.parameter @up : tensor<160x64xf32> from [#hf.piece<"up">]
      hf.parameter @down : tensor<64x160xf32> from [#hf.piece<"down">]
      func.func @forward(%x: tensor<2x24x64xf32> {hf.input = "inputs_embeds"}, %up: tensor<160x64xf32> {hf.parameter = @up},
                         %down: tensor<64x160xf32> {hf.parameter = @down}) -> (tensor<2x24x64xf32> {hf.output = "logits"}) {
        %0 = hf.linear %x, %up : (tensor<2x24x64xf32>, tensor<160x64xf32>) -> tensor<2x24x160xf32>
        %1 = hf.activation silu, %0 : tensor<2x24x160xf32>
        %2 = hf.linear %1, %down : (tensor<2x24x160xf32>, tensor<64x160xf32>) -> tensor<2x24x64xf32>
        return %2 : tensor<2x24x64xf32>
      }
    }
    ```

    After, on the parameters and on the second product:

    ```mlir
    hf.parameter @up : tensor<160x64xf32> from [#hf.piece<"up">] {dist.sharding = #dist.sharding<[{"tp"}, {} ]>}
    hf.parameter @down : tensor<64x160xf32> from [#hf.piece<"down">] {dist.sharding = #dist.sharding<[{}, {"tp"} ]>}
    ```
  }];
  let options = [
    Option<"mesh", "mesh", "std::string", /*default=*/"", "axes and their sizes: dp=2,tp=4; none: the module's dist.mesh">,
    Option<"strategy", "strategy", "std::string", /*default=*/"", "the strategy's name; none: that of hf.program, or megatron">,
    Option<"strategyOptions", "options", "std::string", /*default=*/"", "the strategy's own options: sequence-parallel=on,zero=0">];
  let dependentDialects = ["::hfc::dist::DistDialect", "::hfc::hf::HfDialect"];
}

def PropagateShardings : Pass<"hfc-propagate-shardings", "::mlir::ModuleOp"> {
  let summary = "says of every value where it lives, following annotations";
  let description = [{
    Walks each function once, in order, and asks `planOp` how each op runs on operands that live where they do: which axes cut which of the
    dimensions, which results come out partial. An annotation that is there already says where consumers see a result, and stays.
    States that a function only adds to take the partial axes of what is added.

    The bias of an `hf.linear` whose contraction is cut is taken out and added to the sum, since each rank would count it otherwise.

    Guarantees: every op has `dist.shardings`, every argument and result `dist.sharding`; the program computes
    the same. Refuses an annotation that does not fit its value. Leaves alone modules without `dist.mesh`, and materialized ones.

    Before:

    ```mlir
    module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
      func.func @f(%x: tensor<48x64xf32>, %w: tensor<160x64xf32> {dist.sharding = #dist.sharding<[{"tp"}, {} ]>}) -> tensor<48x160xf32> {
        %0 = hf.linear %x, %w : (tensor<48x64xf32>, tensor<160x64xf32>) -> tensor<48x160xf32>
        return %0 : tensor<48x160xf32>
      }
    }
    ```

    After:

    ```mlir
    module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
      func.func @f(%x: tensor<48x64xf32>, %w: tensor<160x64xf32> {dist.sharding = #dist.sharding<[{"tp"}, {} ]>}) -> tensor<48x160xf32> {
        %0 = hf.linear %x, %w {dist.shardings = [#dist.sharding<[{}, {"tp"} ]>]} : (tensor<48x64xf32>, tensor<160x64xf32>) -> tensor<48x160xf32>
        return %0 : tensor<48x160xf32>
      }
    }
    ```
  }];
  let dependentDialects = ["::hfc::dist::DistDialect", "::hfc::hf::HfDialect"];
}

def InsertReshards : Pass<"hfc-insert-reshards", "::mlir::ModuleOp"> {
  let summary = "inserts a reshard wherever a value does not live as it is wanted";
  let description = [{
    Walks each function once, in order. An operand that does not live as `planOp` wants it goes through a `dist.reshard`; the same
    reshard of a value is made once for the forward part and once for the backward part (so that nothing gathered is kept between
    them). A result that comes out otherwise than annotated is resharded at once. Constants, iotas, broadcasts and cheap elementwise
    functions of such are computed again where they are needed cut. `hf.cross_entropy` and `hf.argmax` over a cut vocabulary become their
    decompositions, whose reductions stand alone.

    Each reshard has a `cause`, its location is the module path that it serves.

    Needs: `hfc-propagate-shardings` ran. Guarantees: every op's operands live as it needs them; `dist.shardings` says how results come out.
    Refuses a value that is annotated but not propagated. Leaves alone what needs no reshards.

    Before:

    ```mlir
    module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
      func.func @f(%x: tensor<48x64xf32> {dist.sharding = #dist.sharding<[{"tp"}, {} ]>}) -> (tensor<48x64xf32> {dist.sharding = #dist.sharding<[{}, {} ]>}) {
        return %x : tensor<48x64xf32>
      }
    }
    ```

    After:

    ```mlir
    module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
      func.func @f(%x: tensor<48x64xf32> {dist.sharding = #dist.sharding<[{"tp"}, {} ]>}) -> (tensor<48x64xf32> {dist.sharding = #dist.sharding<[{}, {} ]>}) {
        %0 = dist.reshard %x to #dist.sharding<[{}, {} ]> {cause = "result"} : tensor<48x64xf32>
        return %0 : tensor<48x64xf32>
      }
    }
    ```
  }];
  let dependentDialects = ["::hfc::dist::DistDialect", "::hfc::hf::HfDialect"];
}

def MaterializeShardings : Pass<"hfc-materialize-shardings", "::mlir::ModuleOp"> {
  let summary = "makes the program one rank's: local types, collectives";
  let description = [{
    Types become local, shardings get their `global` shape. A `dist.reshard` becomes, in this order: a reduce-scatter or an all-reduce
    for what is completed, all-to-alls where a cut moves between dimensions, all-gathers, and `hf.slice_at` for new cuts. An op whose
    work on one piece is not the same op on smaller shapes makes its own local form (`dist.localize`).

    A cut dimension whose size does not divide has something behind its end on the last ranks. An op that reduces or contracts over it, and
    the function's result that is a parameter or a state, gets it masked unless it is known to be zero there.

    Needs: `hfc-insert-reshards` ran. Guarantees: the module has `dist.materialized`, and its verifier checks every sharding from here on.
    Refuses an op that is cut where its pieces cannot be told. Leaves alone a module that is materialized.

    Before:

    ```mlir
    module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
      func.func @f(%x: tensor<48x64xf32> {dist.sharding = #dist.sharding<[{"tp"}, {} ]>}) -> (tensor<48x64xf32> {dist.sharding = #dist.sharding<[{}, {} ]>}) {
        %0 = dist.reshard %x to #dist.sharding<[{}, {} ]> {cause = "result"} : tensor<48x64xf32>
        return %0 : tensor<48x64xf32>
      }
    }
    ```

    After:

    ```mlir
    module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
      func.func @f(%x: tensor<24x64xf32> {dist.sharding = #dist.sharding<[{"tp"}, {} ], global [48, 64]>})
          -> (tensor<48x64xf32> {dist.sharding = #dist.sharding<[{}, {} ], global [48, 64]>}) {
        %0 = dist.all_gather %x dim 0 over {"tp"} {cause = "result", dist.shardings = [#dist.sharding<[{}, {} ], global [48, 64]>]}
          : tensor<24x64xf32> -> tensor<48x64xf32>
        return %0 : tensor<48x64xf32>
      }
    }
    ```
  }];
  let dependentDialects = ["::hfc::dist::DistDialect", "::hfc::hf::HfDialect"];
}

def SimplifyCollectives : Pass<"hfc-simplify-collectives", "::mlir::ModuleOp"> {
  let summary = "removes collectives that are dead, double, or parts of one";
  let description = [{
    In one walk backwards and one forwards over each function:

    - A collective whose result nobody reads goes.
    - `add(all_reduce(a), all_reduce(b))` over the same axes is `all_reduce(add(a, b))`, where nobody else reads the two; so are reduce-scatters.
    - An all-reduce whose only use is a slice by the place along the same axes is a reduce-scatter.
    - Of two equal collectives on the same values the second goes.
    - A gather of a gather along the same dimension is one gather.

    Needs: a materialized module. Guarantees: the same results (a sum may be rounded in another order), no more collectives than
    before. Refuses nothing. Leaves alone global modules.

    Before:

    ```mlir
    module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
      func.func @f(%a: tensor<64xf32> {dist.sharding = #dist.sharding<[{} ], partial sum {"tp"}, global [64]>},
                   %b: tensor<64xf32> {dist.sharding = #dist.sharding<[{} ], partial sum {"tp"}, global [64]>})
          -> (tensor<64xf32> {dist.sharding = #dist.sharding<[{} ], global [64]>}) {
        %0 = dist.all_reduce sum %a over {"tp"} {dist.shardings = [#dist.sharding<[{} ], global [64]>]} : tensor<64xf32>
        %1 = dist.all_reduce sum %b over {"tp"} {dist.shardings = [#dist.sharding<[{} ], global [64]>]} : tensor<64xf32>
        %2 = hf.add %0, %1 {dist.shardings = [#dist.sharding<[{} ], global [64]>]} : tensor<64xf32>
        return %2 : tensor<64xf32>
      }
    }
    ```

    After:

    ```mlir
    module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
      func.func @f(%a: tensor<64xf32> {dist.sharding = #dist.sharding<[{} ], partial sum {"tp"}, global [64]>},
                   %b: tensor<64xf32> {dist.sharding = #dist.sharding<[{} ], partial sum {"tp"}, global [64]>})
          -> (tensor<64xf32> {dist.sharding = #dist.sharding<[{} ], global [64]>}) {
        %0 = hf.add %a, %b {dist.shardings = [#dist.sharding<[{} ], partial sum {"tp"}, global [64]>]} : tensor<64xf32>
        %1 = dist.all_reduce sum %0 over {"tp"} {dist.shardings = [#dist.sharding<[{} ], global [64]>]} : tensor<64xf32>
        return %1 : tensor<64xf32>
      }
    }
    ```
  }];
  let dependentDialects = ["::hfc::dist::DistDialect", "::hfc::hf::HfDialect"];
}

#endif // HFC_TRANSFORMS_PARTITION_PASSES
