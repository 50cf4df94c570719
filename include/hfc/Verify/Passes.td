//===- Passes.td - verification of partitioned programs -----*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_VERIFY_PASSES
#define HFC_VERIFY_PASSES

include "mlir/Pass/PassBase.td"

def VerifyPartition : Pass<"hfc-verify-partition", "::mlir::ModuleOp"> {
  let summary = "runs a local program beside the global one, with small sizes, in exact arithmetic";
  let description = [{
    Makes both programs small (the same ops with other sizes), runs every entry on all ranks in a prime field on the same random values, and
    compares each output, state and parameter. What nobody computes in a field, such as an exponential, is an unknown function there; a
    program that uses an identity of such a function is compared in float64. Fails at the first op that is wrong given what it reads.
    What this covers, and what not: `docs/verification.md`.

    Needs: a materialized module (phase `reduce`), and in `reference` the same program before it was (phase `differentiate`). Changes nothing.
    Leaves alone a module without `dist.mesh`, or with one rank.

    Example, with the remark `verified: 2 operations on tp=2: 1 exactly (prime field), 1 by oracles, 0 in float64`:

    ```mlir
    module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
      func.func @forward(%x: tensor<2xf32> {hf.input = "x", dist.sharding = #dist.sharding<[{"tp"} ], global [4]>}) -> (tensor<f32> {hf.output = "y"}) {
        %0 = hf.exp %x {dist.shardings = [#dist.sharding<[{"tp"} ], global [4]>]} : tensor<2xf32>
        %1 = hf.reduce sum, %0 dims [0] {dist.shardings = [#dist.sharding<[], partial sum {"tp"}>]} : tensor<2xf32> -> tensor<f32>
        %2 = dist.all_reduce sum %1 over {"tp"} {cause = "sum", dist.shardings = [#dist.sharding<[]>]} : tensor<f32>
        return %2 : tensor<f32>
      }
    }
    ```
  }];
  let options = [
    Option<"reference", "reference", "std::string", "", "file of the global program">,
    Option<"seed", "seed", "uint64_t", "1", "decides values and oracles">,
    Option<"small", "shrink", "bool", "true", "make sizes small first">
  ];
  let dependentDialects = ["::hfc::dist::DistDialect", "::hfc::hf::HfDialect", "::mlir::func::FuncDialect"];
}

def ShrinkSizes : Pass<"hfc-shrink", "::mlir::ModuleOp"> {
  let summary = "gives a local program and the global one that it was made of smaller sizes";
  let description = [{
    Substitutes sizes in both programs alike (`docs/verification.md`): each op, attribute and collective stays, in its order. Dimensions become
    as small as what ops say of them allows (`SizeRelationsOpInterface`), axes of the mesh and sub-axes 2 ranks where they had more. What decided something is kept: a
    dimension that is cut evenly, unevenly, into pieces of one, or so that ranks have nothing, is so still, and no size becomes 1. What cannot
    be shrunk consistently keeps its size. Constants that are sizes follow (`#dist.size`). The module becomes the small local program, or the small global one with `of=global`;
    what changed is a remark with `report`.

    Needs: a local module (`dist.materialized`), and as `reference` the file of the global program, over the same mesh.

    Example, with `reference` the same program with `64` rows and no `dist.materialized`; it becomes one of 2 ranks, 2 rows each:

    ```mlir
    module attributes {dist.materialized, dist.mesh = #dist.mesh<"tp" = 16>} {
      func.func @f(%x: tensor<4x8xf32> {dist.sharding = #dist.sharding<[{"tp"}, {} ], global [64, 8]>, hf.input = "x"})
          -> (tensor<4x8xf32> {dist.sharding = #dist.sharding<[{"tp"}, {} ], global [64, 8]>, hf.output = "y"}) {
        %0 = hf.exp %x {dist.shardings = [#dist.sharding<[{"tp"}, {} ], global [64, 8]>]} : tensor<4x8xf32>
        return %0 : tensor<4x8xf32>
      }
    }
    ```
  }];
  let options = [
    Option<"reference", "reference", "std::string", /*default=*/"", "the file of the global program">,
    Option<"of", "of", "std::string", /*default=*/"\"local\"", "which program to leave: local or global">,
    Option<"report", "report", "bool", /*default=*/"false", "say which sizes and axes changed">];
  let dependentDialects = ["::hfc::dist::DistDialect", "::hfc::hf::HfDialect", "::mlir::func::FuncDialect"];
}

#endif // HFC_VERIFY_PASSES
