// RUN: split-file %s %t
// RUN: hfc-opt %t/local.mlir --hfc-verify-partition=reference=%t/global.mlir -o %t/same.mlir 2>&1 | FileCheck %s
// RUN: hfc-opt %t/local.mlir --hfc-verify-partition="reference=%t/global.mlir shrink=false seed=5" 2>&1 | FileCheck %s
// RUN: hfc-opt %t/local.mlir | diff %t/same.mlir -
// RUN: hfc-opt %t/one.mlir --hfc-verify-partition | FileCheck %s --check-prefix=ONE

// An MLP, its columns cut, its rows summed. What nothing depends on is not counted.
// CHECK: remark: verified: 5 operations on tp=2: 4 exactly (prime field), 1 by oracles, 0 in float64

// With one rank there is nothing to compare.
// ONE: func.func @forward

//--- global.mlir
module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  hf.parameter @up : tensor<6x4xf32> from [#hf.piece<"up">] {dist.sharding = #dist.sharding<[{"tp"}, {}]>}
  hf.parameter @down : tensor<4x6xf32> from [#hf.piece<"down">] {dist.sharding = #dist.sharding<[{}, {"tp"}]>}
  func.func @forward(%up: tensor<6x4xf32> {hf.parameter = @up}, %down: tensor<4x6xf32> {hf.parameter = @down},
      %x: tensor<3x4xf32> {hf.input = "x"}) -> (tensor<3x4xf32> {hf.output = "y"}) {
    %0 = hf.linear %x, %up : (tensor<3x4xf32>, tensor<6x4xf32>) -> tensor<3x6xf32>
    %1 = hf.activation silu, %0 : tensor<3x6xf32>
    %2 = hf.linear %1, %down : (tensor<3x6xf32>, tensor<4x6xf32>) -> tensor<3x4xf32>
    %3 = hf.add %2, %x : tensor<3x4xf32>
    return %3 : tensor<3x4xf32>
  }
}

//--- local.mlir
module attributes {dist.materialized, dist.mesh = #dist.mesh<"tp" = 2>} {
  hf.parameter @up : tensor<3x4xf32> from [#hf.piece<"up">] {dist.sharding = #dist.sharding<[{"tp"}, {}], global [6, 4]>}
  hf.parameter @down : tensor<4x3xf32> from [#hf.piece<"down">] {dist.sharding = #dist.sharding<[{}, {"tp"}], global [4, 6]>}
  func.func @forward(%up: tensor<3x4xf32> {hf.parameter = @up, dist.sharding = #dist.sharding<[{"tp"}, {}], global [6, 4]>},
      %down: tensor<4x3xf32> {hf.parameter = @down, dist.sharding = #dist.sharding<[{}, {"tp"}], global [4, 6]>},
      %x: tensor<3x4xf32> {hf.input = "x", dist.sharding = #dist.sharding<[{}, {}], global [3, 4]>})
      -> (tensor<3x4xf32> {hf.output = "y", dist.sharding = #dist.sharding<[{}, {}], global [3, 4]>}) {
    %0 = hf.linear %x, %up {dist.shardings = [#dist.sharding<[{}, {"tp"}], global [3, 6]>]}
      : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x3xf32>
    %1 = hf.activation silu, %0 {dist.shardings = [#dist.sharding<[{}, {"tp"}], global [3, 6]>]} : tensor<3x3xf32>
    %2 = hf.linear %1, %down {dist.shardings = [#dist.sharding<[{}, {}], partial sum {"tp"}, global [3, 4]>]}
      : (tensor<3x3xf32>, tensor<4x3xf32>) -> tensor<3x4xf32>
    %3 = dist.all_reduce sum %2 over {"tp"} {cause = "row-parallel output", dist.shardings = [#dist.sharding<[{}, {}], global [3, 4]>]}
      : tensor<3x4xf32>
    %4 = hf.add %3, %x {dist.shardings = [#dist.sharding<[{}, {}], global [3, 4]>]} : tensor<3x4xf32>
    %5 = hf.neg %4 {dist.shardings = [#dist.sharding<[{}, {}], global [3, 4]>]} : tensor<3x4xf32>
    return %4 : tensor<3x4xf32>
  }
}

//--- one.mlir
module attributes {dist.materialized, dist.mesh = #dist.mesh<"tp" = 1>} {
  func.func @forward() {
    return
  }
}
